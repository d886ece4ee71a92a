# pkgs.nix-gitignore. The results are filtered sources as `lib.cleanSourceWith` makes them, so that the plan can see the
# original directory and the filter.
{ lib }:

let
  gitignore = import ./gitignore.nix { inherit lib; };

  pure =
    extraFilter: patterns: root:
    lib.cleanSourceWith {
      name = "source";
      src = root;
      filter = path: type: gitignore.filterFor patterns root path type && extraFilter path type;
    };

  # The root's own .gitignore counts after the given patterns, and .git never gets in. Ignore files deeper in the tree are
  # read with a derivation by the original's recursive functions; the model leaves them out.
  withFile = patterns: root: lib.toList patterns ++ [ ".git" (root + "/.gitignore") ];

  all = _: _: true;

  gitignoreFilterSource =
    extraFilter: patterns: root:
    pure extraFilter (withFile patterns root) root;
in
{
  nix-gitignore = {
    gitignoreFilter = patterns: gitignore.filterFor [ patterns ];
    gitignoreFilterPure =
      extraFilter: patterns: root: path: type:
      gitignore.filterFor patterns root path type && extraFilter path type;
    gitignoreFilterSourcePure = pure;
    gitignoreSourcePure = pure all;
    inherit gitignoreFilterSource;
    gitignoreFilterRecursiveSource = gitignoreFilterSource;
    gitignoreRecursiveSource = gitignoreFilterSource all;
    withGitignoreFile = withFile;
    withRecursiveGitignoreFile = withFile;
    gitignoreSource =
      patterns:
      if builtins.isPath patterns || (builtins.isString patterns && patterns != "" && builtins.pathExists patterns) then
        throw "nix-gitignore.gitignoreSource: the first argument is for additional patterns; pass [ ] if there are none"
      else
        gitignoreFilterSource all patterns;
  };
}
