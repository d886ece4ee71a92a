# hercules-ci.flake-update: a scheduled update of flake.lock.
{
  config,
  lib,
  withSystem,
  ...
}:

let
  inherit (lib) mkOption types;
  cfg = config.hercules-ci.flake-update;
  option = type: default: mkOption { inherit type default; };

  flake.options = {
    inputs = option (types.listOf types.str) [ ];
    commitSummary = option types.str "";
  };
in
{
  options.hercules-ci.flake-update = {
    enable = option types.bool false;
    updateBranch = option types.str "flake-update";
    baseBranch = option types.str "HEAD";
    baseMerge = {
      enable = option types.bool false;
      branch = option types.str cfg.baseBranch;
      method = option (types.enum [
        "merge"
        "rebase"
        "fast-forward"
        "reset"
      ]) "merge";
    };
    forgeType = option types.str "github";
    createPullRequest = option types.bool true;
    autoMergeMethod = option (types.enum [
      null
      "merge"
      "rebase"
      "squash"
    ]) null;
    pullRequestTitle = option types.str "`flake.lock`: Update";
    pullRequestBody = option (types.nullOr types.str) "Update `flake.lock`.";
    when = mkOption { type = types.raw; };
    flakes = option (types.attrsOf (types.submodule flake)) { "." = { }; };
    effect.system = option types.str config.defaultEffectSystem;
    effect.settings = option types.deferredModule { };
    nix.package = option (types.functionTo types.package) ({ pkgs, ... }: pkgs.nix);
  };

  config = {
    hercules-ci.flake-update.effect.settings.git.update = {
      inherit (cfg) baseBranch;
      baseMerge = { inherit (cfg.baseMerge) enable branch method; };
    };

    herculesCI =
      { config, ... }:
      lib.optionalAttrs cfg.enable {
        onSchedule.flake-update = {
          inherit (cfg) when;
          outputs.effects.flake-update = withSystem cfg.effect.system (
            { hci-effects, ... }:
            hci-effects.flakeUpdate {
              gitRemote = config.repo.remoteHttpUrl;
              user = "x-access-token";
              inherit (cfg)
                updateBranch
                forgeType
                createPullRequest
                autoMergeMethod
                pullRequestTitle
                pullRequestBody
                flakes
                ;
              nix = withSystem cfg.effect.system cfg.nix.package;
              module = cfg.effect.settings;
            }
          );
        };
      };
  };
}
