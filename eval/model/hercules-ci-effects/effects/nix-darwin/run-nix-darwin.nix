# runNixDarwin: copies a nix-darwin system to a host over ssh and activates it.
{
  lib,
  effects,
  gnugrep,
  mkEffect,
  openssh,
  path,
  stdenvNoCC,
}:

let
  inherit (import ../decide.nix) given possible sure;
  systemBuild = import ../nixos/system-build.nix { inherit stdenvNoCC; };

  required =
    name:
    throw "runNixDarwin: `${name}` is missing; pass an evaluated `configuration`, or `configuration` with `nix-darwin`, `system` and one of `nixpkgs` and `pkgs`";

  # As the result of nix-darwin's evaluation does not always say its type, its shape is enough.
  isEvaluated =
    value:
    __nixplan.isUnknown value
    || sure (value ? config && value ? _module && value._type or "configuration" == "configuration");

  # Its name stands in messages about its arguments.
  runNixDarwin =
    args@{
      nix-darwin ? required "nix-darwin",
      configuration ? required "configuration",
      nixpkgs ? null,
      pkgs ? null,
      system ? required "system",
      config ? null,
      ssh,
      buildOnDestination ? null,
      passthru ? { },
      ...
    }:
    let
      evaluate =
        module:
        import nix-darwin (
          {
            inherit system;
            configuration =
              if args ? pkgs then
                {
                  imports = [
                    { imports = [ module ]; }
                    { _module.args.pkgs = lib.mkForce pkgs; }
                  ];
                }
              else
                module;
          }
          // lib.optionalAttrs (given pkgs) { inherit pkgs; }
          // lib.optionalAttrs (given nixpkgs) { inherit nixpkgs; }
          // lib.optionalAttrs (args ? pkgs && !(args ? nixpkgs)) { nixpkgs = pkgs.path; }
        );

      evaluated =
        if args ? configuration && isEvaluated configuration then
          configuration
        else if args ? config && !__nixplan.isUnknown config && isEvaluated config then
          lib.warn "runNixDarwin: a whole configuration goes into `configuration`, not into `config`" config
        else if args ? config && possible (args ? config.system.build.toplevel) then
          { inherit (args) config; }
        else if args ? configuration then
          evaluate configuration
        else
          throw "runNixDarwin: pass `configuration`";

      inherit (evaluated.config.system.build) toplevel;
      inherit (evaluated.config.system) profile;
      hostName = evaluated.config.networking.hostName or null;

      suffix =
        if args ? name then
          "-${args.name}"
        else if given hostName then
          "-${hostName}"
        else
          "";

      ssh' = {
        destinationPkgs =
          evaluated._module.args.pkgs or evaluated.pkgs
            or (throw "runNixDarwin: `ssh.destinationPkgs` is needed with `buildOnDestination` when only `config` is given");
      }
      // ssh
      // lib.optionalAttrs (given buildOnDestination) { inherit buildOnDestination; };

      extra = removeAttrs args [
        "configuration"
        "ssh"
        "config"
        "system"
        "nix-darwin"
        "nixpkgs"
        "pkgs"
        "buildOnDestination"
      ];

      # `config` excludes everything that says how to evaluate one.
      clash = lib.findFirst (name: args ? config && args ? ${name}) null [
        "configuration"
        "nixpkgs"
        "nix-darwin"
        "system"
        "pkgs"
      ];
    in
    if clash != null then
      throw "runNixDarwin: `config` and `${clash}` exclude each other"
    else
      mkEffect (
        extra
        // {
          name = "nix-darwin${suffix}";
          inputs = [
            gnugrep
            openssh
          ];
          dontUnpack = true;
          effectScript = effects.ssh ssh' ''
            set -eu
            nix-env -p ${profile} --set ${toplevel}
            ${toplevel}/sw/bin/darwin-rebuild activate
          '';
          passthru = passthru // {
            inherit (evaluated) config;
            prebuilt = systemBuild {
              name = "darwin-system";
              inherit toplevel;
              inherit (evaluated) config;
            };
          };
          __nixplan = {
            kind = "runNixDarwin";
            given = args;
            args = {
              secretsMap = { };
              userSetupScript = "";
            }
            // extra
            // {
              inherit profile hostName;
              ssh = ssh';
            };
          };
        }
      );
in
runNixDarwin
