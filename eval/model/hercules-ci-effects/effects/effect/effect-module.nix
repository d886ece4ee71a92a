# The options of every modular effect.
{
  config,
  hci-effects,
  lib,
  pkgs,
  ...
}:

let
  inherit (lib) mkOption types;

  option = type: default: mkOption { inherit type default; };

  secret = types.either types.str (
    types.submodule {
      options.type = mkOption { type = types.enum [ "GitToken" ]; };
    }
  );

  scripts = {
    inherit (config)
      effectScript
      userSetupScript
      getStateScript
      putStateScript
      ;
  };

  optional = lib.filterAttrs (_: value: __nixplan.isUnknown value || value != null) { inherit (config) name src; };
in
{
  options = {
    name = option (types.nullOr types.str) null;
    src = option (types.nullOr types.path) null;
    inputs = option (types.listOf types.package) [ ];
    env = mkOption { default = { }; };
    secretsMap = option (types.lazyAttrsOf secret) { };
    mounts = option (types.lazyAttrsOf types.str) { };

    effectScript = option types.str "";
    userSetupScript = option types.lines "";
    getStateScript = option types.lines "";
    putStateScript = option types.lines "";

    uid = option types.int 0;
    gid = option types.int 0;
    binsh = option (types.nullOr types.str) (lib.getExe pkgs.bash);
    usrbinenv = option (types.nullOr types.str) "${pkgs.coreutils}/bin/env";
    fsRoot = mkOption { type = types.path; };
    fsRootBuildCommands = mkOption { type = types.lines; };

    extraAttributes = mkOption {
      type = types.submodule { freeformType = types.attrsOf types.raw; };
      default = { };
    };

    effectDerivationArgs = mkOption { type = types.lazyAttrsOf types.unspecified; };
    effectDerivation = mkOption {
      type = types.package;
      readOnly = true;
    };

    # For the plan: the function that made the effect, and what other modules have to tell.
    nixplan = {
      kind = mkOption {
        type = types.str;
        internal = true;
      };
      facts = mkOption {
        type = types.lazyAttrsOf types.raw;
        default = { };
        internal = true;
      };
    };
  };

  config = {
    effectDerivation = hci-effects.mkEffect config.effectDerivationArgs;

    effectDerivationArgs =
      scripts
      // {
        inherit (config) inputs secretsMap;
        __hci_effect_mounts = builtins.toJSON config.mounts;
        __hci_effect_virtual_uid = config.uid;
        __hci_effect_virtual_gid = config.gid;
        __hci_effect_fsroot_copy = config.fsRoot;
        passthru = config.extraAttributes;
        __nixplan = {
          inherit (config.nixplan) kind;
          given = { };
          args =
            scripts
            // {
              inherit (config)
                inputs
                secretsMap
                mounts
                env
                uid
                gid
                ;
            }
            // optional
            // config.nixplan.facts;
        };
      }
      // optional
      // config.env;

    fsRoot = pkgs.runCommand "effect-fs-root" { } config.fsRootBuildCommands;
    fsRootBuildCommands = lib.mkMerge [
      (lib.mkIf (config.binsh != null) "install -d $out/bin; ln -s ${config.binsh} $out/bin/sh")
      (lib.mkIf (config.usrbinenv != null) "install -d $out/usr/bin; ln -s ${config.usrbinenv} $out/usr/bin/env")
    ];

    extraAttributes = {
      inherit config;
      tests.buildable = (config.effectDerivation.overrideAttrs (_: { isEffect = false; })).inputDerivation;
    };
  };
}
