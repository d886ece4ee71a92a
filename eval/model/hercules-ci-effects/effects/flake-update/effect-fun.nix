# flakeUpdate: updates flake.lock files on a branch and opens a pull request.
{
  lib,
  nix,
  hci-effects,
  pkgs,
}@packages:

let
  inherit (import ../decide.nix) given possible require sure;
  inherit (lib) mkDefault;

  modular = import ../effect/modular.nix { inherit lib pkgs hci-effects; };

  lockFile = directory: if directory == "." then "`flake.lock`" else "`${directory}/flake.lock`";
  title =
    flakes:
    let
      directories = lib.attrNames flakes;
    in
    (if lib.length directories > 3 then "`flake.lock`" else lib.concatMapStringsSep ", " lockFile directories) + ": Update";

  updateScript =
    nix: directory:
    {
      inputs ? [ ],
      commitSummary ? "",
    }:
    let
      modern = possible (lib.versionAtLeast nix.version "2.19");
      command =
        if modern then
          "flake update ${lib.escapeShellArgs inputs}"
        else if inputs != [ ] then
          "flake lock ${lib.concatMapStringsSep " " (input: "--update-input ${input}") inputs}"
        else
          "flake update";
      summary = lib.optionalString (commitSummary != "") " --commit-lockfile-summary \"${commitSummary}\"";
    in
    "( cd ${lib.escapeShellArg directory}; nix ${command} --commit-lock-file${summary} )\n";

  # Its name stands in messages about its arguments.
  flakeUpdate =
    args@{
      gitRemote,
      tokenSecret ? { type = "GitToken"; },
      user ? "git",
      updateBranch ? "flake-update",
      forgeType ? "github",
      createPullRequest ? true,
      autoMergeMethod ? null,
      pullRequestTitle ? title flakes,
      pullRequestBody ? null,
      baseMergeBranch ? null,
      baseMergeMethod ? "merge",
      flakes ? {
        "." = { inherit inputs commitSummary; };
      },
      inputs ? [ ],
      commitSummary ? "",
      module ? { },
      nix ? packages.nix,
    }:
    let
      onGithub = possible (forgeType == "github");

      checks = [
        (require (onGithub || !(sure createPullRequest)) "flakeUpdate: `createPullRequest` needs forgeType \"github\"")
        (require (onGithub || !(given autoMergeMethod)) "flakeUpdate: `autoMergeMethod` needs forgeType \"github\"")
        (require (!(args ? flakes) || possible (inputs == [ ])) "flakeUpdate: `inputs` belongs into the elements of `flakes`")
        (require (!(args ? flakes) || possible (commitSummary == "")) "flakeUpdate: `commitSummary` belongs into the elements of `flakes`")
        (require (possible (flakes != { })) "flakeUpdate: `flakes` is empty")
      ];

      effect = modular.withKind "flakeUpdate" ../modules/git-update.nix {
        imports = [ module ];

        name = "flake-update";
        inputs = [ nix ];
        secretsMap.token = tokenSecret;

        git.checkout = {
          remote.url = gitRemote;
          inherit forgeType user;
        };
        git.update = {
          branch = updateBranch;
          pullRequest = {
            enable = createPullRequest;
            title = pullRequestTitle;
            body = pullRequestBody;
            inherit autoMergeMethod;
          };
          baseMerge = {
            enable = mkDefault (baseMergeMethod != null && baseMergeBranch != null);
            method = mkDefault baseMergeMethod;
          }
          // lib.optionalAttrs (given baseMergeBranch) { branch = mkDefault baseMergeBranch; };
          script = lib.concatStrings (lib.mapAttrsToList (updateScript nix) flakes);
        };
      };
    in
    lib.foldr (check: value: check value) effect checks;
in
flakeUpdate
