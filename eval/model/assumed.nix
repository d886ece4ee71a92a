# Names that mean the same wherever they are selected from: when an unknown value has to give one of them, nixplan takes the
# usual meaning and says so in the plan. The sets are open, as what they are selected from may have more.
let
  inherit (__nixplan) open source;

  nixpkgs = source {
    url = "https://github.com/NixOS/nixpkgs";
    kind = "nixpkgs";
  };
  hercules-ci-effects = source {
    url = "https://github.com/hercules-ci/hercules-ci-effects";
    kind = "hercules-ci-effects";
  };

  flake = (import "${nixpkgs}/flake.nix").outputs { self = nixpkgs; };
  pkgs = import nixpkgs { };
  inherit (pkgs) lib;

  withPkgs =
    pkgs:
    let
      set = import "${hercules-ci-effects}/effects" set pkgs;
    in
    set;
  effects = withPkgs pkgs;

  flake-utils = import ./flake-utils/lib.nix;
  gitignore = import "${nixpkgs}/model/gitignore.nix" { inherit lib; };
in
{
  # It may be a flake's, which has a little more.
  lib = open "lib" (lib // { inherit (flake.lib) nixos nixosSystem; });
  inherit (lib)
    cleanSource
    cleanSourceWith
    dontRecurseIntoAttrs
    filterAttrs
    genAttrs
    mapAttrs'
    optionalAttrs
    recurseIntoAttrs
    sourceByRegex
    sourceFilesBySuffices
    ;
  inherit (pkgs) callPackage nix-gitignore;

  inherit withPkgs;
  effects = open "effects" effects;
  hci-effects = open "hci-effects" effects;
  inherit (effects)
    cargoPublish
    flakeUpdate
    gitWriteBranch
    mkEffect
    modularEffect
    netlifyDeploy
    runArion
    runCachixDeploy
    runIf
    runNixDarwin
    runNixOS
    runNixOps
    runNixOps2
    ;

  inherit (flake-utils) eachDefaultSystem eachSystem flattenTree;

  # hercules-ci's helper for jobs along a dimension, such as the system.
  dimension =
    name: values: f:
    builtins.mapAttrs (
      key: value:
      let
        jobs = f key value;
      in
      jobs // { recurseForDerivations = jobs.recurseForDerivations or true; }
    ) values
    // {
      meta.dimension = { inherit name; };
    };

  # gitignore.nix. (nix-gitignore's function of the same name takes patterns first.)
  gitignoreSource =
    path:
    if builtins.isList path then
      pkgs.nix-gitignore.gitignoreSource path
    else
      lib.cleanSourceWith {
        name = "source";
        src = path;
        filter = gitignore.filterFor [ ".git" (path + "/.gitignore") ] path;
      };
}
