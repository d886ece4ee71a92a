# The few options of NixOS that a configuration is evaluated with. All others
# are open.
{
  config,
  lib,
  options,
  ...
}:
let
  inherit (lib) mkOption types;
  inherit (__nixplan) isUnknown open unknown;

  # Configurations of other systems, such as BSDs, declare some of these
  # themselves.
  standIn = option: mkOption option // { isStandIn = true; };
  internal =
    type: default:
    standIn {
      inherit type default;
      internal = true;
    };
  undefined = standIn {
    type = types.raw;
    internal = true;
  };

  # All options of NixOS, and what is known of their names.
  allOptions =
    types.mkOptionType {
      name = "NixOS configuration";
    }
    // {
      wholeConfig =
        evaluated:
        lib.modules.openConfig (
          evaluated
          // {
            namespaces = [
              "boot"
              "containers"
              "documentation"
              "hardware"
              "i18n"
              "programs"
              "security"
              "services"
              "systemd"
              "users"
              "virtualisation"
            ];
          }
        );
    };

  cfg = config.nixpkgs;

  # A system string, or a set with `system`.
  platform = value: if isUnknown value || !builtins.isString value then value else { system = value; };

  nixpkgs =
    if options.nixpkgs.pkgs.isDefined then
      if cfg.overlays == [ ] then cfg.pkgs else cfg.pkgs.appendOverlays cfg.overlays
    else
      import ../.. {
        inherit (cfg) config overlays crossSystem;
        localSystem = platform (
          if options.nixpkgs.hostPlatform.isDefined then cfg.hostPlatform else cfg.localSystem
        );
      };

  failed = builtins.filter (a: !isUnknown a.assertion && !a.assertion) (
    if isUnknown config.assertions then [ ] else builtins.filter (a: !isUnknown a) config.assertions
  );

  # Building a system checks its assertions, evaluating its options does not.
  asserted =
    value:
    if failed == [ ] then
      value
    else
      throw "the NixOS configuration fails assertions:\n${lib.concatMapStringsSep "\n" (a: "- ${a.message}") failed}";

  name = "nixos-system-${config.networking.hostName}";

  toplevel = {
    type = "derivation";
    inherit name;
    inherit (nixpkgs) system;
    outPath = asserted (unknown "the build result of ${shownName}");
    drvPath = asserted (unknown "the derivation of ${shownName}");
    outputName = "out";
    outputs = [ "out" ];
    all = [ toplevel ];
    meta = { };
  };
  shownName = if isUnknown config.networking.hostName then "nixos-system" else name;
in
{
  _file = "nixos/lib/base-module.nix";
  key = "nixos/lib/base-module.nix";

  options = {
    assertions = internal (types.listOf types.unspecified) [ ];
    warnings = internal (types.listOf types.str) [ ];
    networking.hostName = standIn {
      type = types.str;
      default = "nixos";
    };
    nixpkgs = {
      pkgs = undefined;
      hostPlatform = undefined // { apply = platform; };
      buildPlatform = internal types.raw cfg.hostPlatform;
      system = internal types.str __nixplan.system;
      localSystem = internal types.raw { inherit (cfg) system; } // { apply = platform; };
      crossSystem = internal types.raw null;
      config = internal (types.lazyAttrsOf types.anything) { };
      overlays = internal (types.listOf types.raw) [ ];
    };
    system.build = internal (types.lazyAttrsOf types.unspecified) { };
  };

  config = {
    _module.args.pkgs = lib.mkDefault nixpkgs;
    _module.freeformType = allOptions;
    system.build = open "config.system.build" { inherit toplevel; };
  };
}
