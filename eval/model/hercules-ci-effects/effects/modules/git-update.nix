# Commits that a script makes, pushed to a branch, and a pull request of it.
{ config, lib, ... }:

let
  inherit (lib) mkOption optionalAttrs types;
  cfg = config.git.update;
  inherit (cfg) baseMerge pullRequest;

  option = type: default: mkOption { inherit type default; };
in
{
  imports = [
    ./git-auth.nix
    ./git-auth-gh.nix
  ];

  options.git.update = {
    branch = mkOption { type = types.str; };
    script = mkOption { type = types.lines; };
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
    pullRequest = {
      enable = option types.bool true;
      base = option types.str cfg.baseBranch;
      autoMergeMethod = option (types.enum [
        null
        "merge"
        "rebase"
        "squash"
      ]) null;
      title = mkOption { type = types.str; };
      body = mkOption { type = types.nullOr types.str; };
    };
  };

  config = {
    env = {
      HCI_GIT_REMOTE_URL = config.git.checkout.remote.url;
      HCI_GIT_UPDATE_BRANCH = cfg.branch;
      HCI_GIT_UPDATE_BASE_BRANCH = baseMerge.branch;
    }
    // optionalAttrs pullRequest.enable {
      HCI_GIT_UPDATE_PR_TITLE = pullRequest.title;
      HCI_GIT_UPDATE_PR_BASE = pullRequest.base;
    }
    // optionalAttrs (pullRequest.enable && pullRequest.body != null) { HCI_GIT_UPDATE_PR_BODY = pullRequest.body; }
    // optionalAttrs baseMerge.enable { HCI_GIT_UPDATE_BASE_MERGE_METHOD = baseMerge.method; };

    nixplan.facts = {
      inherit (cfg) branch script;
      baseMerge = if baseMerge.enable then { inherit (baseMerge) branch method; } else null;
      pullRequest = if pullRequest.enable then { inherit (pullRequest) base title autoMergeMethod; } else null;
    };

    effectScript = ''
      git clone "$HCI_GIT_REMOTE_URL" repo
      cd repo
      git checkout -B "$HCI_GIT_UPDATE_BRANCH"
      ${cfg.script}
      git push origin "$HCI_GIT_UPDATE_BRANCH"
    ''
    + lib.optionalString pullRequest.enable ''
      gh pr create --head "$HCI_GIT_UPDATE_BRANCH" --title "$HCI_GIT_UPDATE_PR_TITLE"
    ''
    + lib.optionalString (pullRequest.enable && pullRequest.autoMergeMethod != null) ''
      gh pr merge "$HCI_GIT_UPDATE_BRANCH" --auto --${pullRequest.autoMergeMethod}
    '';
  };
}
