# hercules-ci.github-pages: writes the branch that GitHub Pages serves.
{
  config,
  flake-parts-lib,
  getSystem,
  lib,
  withSystem,
  ...
}:

let
  inherit (lib) mkOption types;
  inherit (config) defaultEffectSystem;
  cfg = config.hercules-ci.github-pages;

  settings = {
    git.checkout = {
      forgeType = "github";
      user = "x-access-token";
    };
    git.update = {
      branch = "gh-pages";
      baseMerge.enable = false;
    };
  };

  deploy =
    hci-effects: url:
    hci-effects.gitWriteBranch {
      imports = [
        settings
        cfg.settings
      ];
      git.checkout.remote.url = url;
    };
in
{
  options = {
    hercules-ci.github-pages = {
      branch = mkOption {
        type = types.nullOr types.str;
        default = null;
      };
      check.enable = mkOption {
        type = types.bool;
        default = true;
      };
      pushJob = mkOption {
        type = types.str;
        default = "default";
      };
      settings = mkOption { type = types.deferredModule; };
    };
    perSystem = flake-parts-lib.mkPerSystemOption {
      options.hercules-ci.github-pages.settings = mkOption { type = types.deferredModule; };
    };
  };

  config = lib.mkIf (cfg.branch != null) {
    hercules-ci.github-pages.settings = (getSystem defaultEffectSystem).hercules-ci.github-pages.settings;

    perSystem =
      { hci-effects, system, ... }:
      {
        checks = lib.optionalAttrs (system == defaultEffectSystem) {
          github-pages-effect-is-buildable = (deploy hci-effects "https://example.invalid/check").tests.buildable;
        };
      };

    herculesCI =
      { config, ... }:
      {
        onPush.${cfg.pushJob}.outputs.effects.gh-pages =
          if cfg.branch == "gh-pages" then
            throw "hercules-ci.github-pages.branch is the branch that a deployment is made from, so it cannot be gh-pages"
          else
            lib.optionalAttrs (config.repo.branch == cfg.branch) (
              withSystem defaultEffectSystem ({ hci-effects, ... }: deploy hci-effects config.repo.remoteHttpUrl)
            );
      };
  };
}
