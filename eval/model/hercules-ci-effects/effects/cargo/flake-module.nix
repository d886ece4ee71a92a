# hercules-ci.cargo-publish: a dry run for every branch, a publication for every tag.
{
  config,
  lib,
  self,
  withSystem,
  ...
}:

let
  inherit (lib) mkOption types;
  inherit (config) defaultEffectSystem;
  cfg = config.hercules-ci.cargo-publish;
  option = type: default: mkOption { inherit type default; };
in
{
  options.hercules-ci.cargo-publish = {
    enable = option types.bool false;
    secretName = mkOption { type = types.str; };
    registryURL = option (types.nullOr types.str) null;
    extraPublishArgs = option (types.listOf types.str) [ ];
    src = option types.path self.outPath;
    assertVersions = option types.bool false;
  };

  config = lib.mkIf cfg.enable {
    herculesCI =
      { config, ... }:
      {
        onPush.default.outputs.effects.cargo-publish = withSystem defaultEffectSystem (
          { hci-effects, ... }:
          hci-effects.cargoPublish {
            inherit (cfg)
              secretName
              registryURL
              src
              extraPublishArgs
              ;
            dryRun = config.repo.tag == null;
            assertVersions = if cfg.assertVersions && config.repo.tag != null then config.repo.tag else { };
          }
        );
      };
  };
}
