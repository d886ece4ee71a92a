# runNixOS: copies a NixOS system to a host over ssh and switches to it.
{
  lib,
  effects,
  mkEffect,
  openssh,
  path,
  stdenvNoCC,
}:

let
  inherit (import ../decide.nix) given possible require sure;
  systemBuild = import ./system-build.nix { inherit stdenvNoCC; };

  # Its name stands in messages about its arguments.
  runNixOS =
    args@{
      configuration ? throw "runNixOS: pass `configuration`, or an evaluated `config`",
      config ? null,
      system ? null,
      nixpkgs ? path,
      profile ? "/nix/var/nix/profiles/system",
      ssh,
      buildOnDestination ? null,
      passthru ? { },
      ...
    }:
    let
      # A configuration as lib.nixosSystem gives it. Of an unknown one the plan assumes that.
      isEvaluated =
        args ? configuration
        && (
          __nixplan.isUnknown args.configuration
          || sure (args ? configuration.config && configuration ? _module && configuration._type or null == "configuration")
        );

      evaluated =
        if isEvaluated then
          configuration
        else if args ? config then
          { inherit (args) config; }
        else if args ? configuration then
          import (nixpkgs + "/nixos/lib/eval-config.nix") {
            modules = [ configuration ];
            inherit system;
          }
        else
          throw "runNixOS: pass `configuration`, or an evaluated `config`";

      inherit (evaluated.config.system.build) toplevel;
      hostName = evaluated.config.networking.hostName or null;

      ssh' = {
        destinationPkgs =
          evaluated._module.args.pkgs or (throw ''
            runNixOS: `ssh.destinationPkgs` is needed with `buildOnDestination` when only `config` is given;
            pass the whole configuration, or a package set that the destination can build'');
      }
      // ssh
      // lib.optionalAttrs (given buildOnDestination) { inherit buildOnDestination; };

      extra = removeAttrs args [
        "config"
        "configuration"
        "system"
        "nixpkgs"
        "ssh"
        "buildOnDestination"
      ];
    in
    require (possible (evaluated.config ? environment.systemPackages))
      "runNixOS: `config` is not an evaluated configuration; a module goes into `configuration`"
      (
        mkEffect (
          extra
          // {
            name = "nixos-${ssh.destination}";
            inputs = [ openssh ];
            dontUnpack = args.dontUnpack or true;
            effectScript = ''
              ${args.effectScript or ""}
              ${effects.ssh ssh' ''
                set -euo pipefail
                nix-env -p ${profile} --set ${toplevel}
                ${toplevel}/bin/switch-to-configuration switch
              ''}
            '';
            passthru = {
              inherit (evaluated) config;
              prebuilt = systemBuild {
                name = "nixos-system";
                inherit toplevel;
                inherit (evaluated) config;
              };
            }
            // passthru;
            __nixplan = {
              kind = "runNixOS";
              given = args;
              args = {
                secretsMap = { };
                userSetupScript = "";
              }
              // extra
              // {
                inherit profile system hostName;
                ssh = ssh';
                inputs = [ openssh ];
              };
            };
          }
        )
      );
in
runNixOS
