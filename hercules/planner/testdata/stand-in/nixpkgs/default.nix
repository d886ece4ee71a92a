# Stands in for nixpkgs in tests that use no model: as little of it as effects
# take, of the same shape. Its derivations have real paths and would run /bin/sh.
{
  system ? "x86_64-linux",
  overlays ? [ ],
  ...
}:
let
  lib = import ./lib.nix;

  mkDerivation =
    args:
    let
      attrs = removeAttrs args [ "passthru" ];
      drvArgs = attrs // {
        inherit system;
        builder = "/bin/sh";
        args = [
          "-e"
          ./builder.sh
        ];
      };
    in
    derivation drvArgs
    // {
      inputDerivation = derivation (
        drvArgs
        // {
          outputs = [ "out" ];
          args = [
            "-c"
            "export > $out"
          ];
          originalArgs = drvArgs.args;
        }
      );
      overrideAttrs = change: mkDerivation (args // change args);
    }
    // args.passthru or { };

  package = name: mkDerivation { inherit name; };

  base = final: {
    inherit lib system;
    path = ./.;
    stdenvNoCC = { inherit mkDerivation; };
    runCommand =
      name: env: buildCommand:
      mkDerivation (env // { inherit name buildCommand; });
    newScope =
      scope: file: args:
      let
        f = import file;
      in
      f (builtins.intersectAttrs (builtins.functionArgs f) (final // scope) // args);
    git = package "git-2.44.0";
    jq = package "jq-1.7.1";
    nix = package "nix-2.18.2";
    nixops = package "nixops-1.7";
  };

  extend = pkgs: overlay: final: let prev = pkgs final; in prev // overlay final prev;
  fix = f: let self = f self; in self;
in
fix (builtins.foldl' extend base overlays)
