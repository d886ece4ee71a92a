# Stands in for hercules-ci-effects: effects carry what the originals carry, with
# scripts that only say what they would do.
final: prev: {
  effects =
    let
      callPackage = final.newScope effects;
      effects = {
        mkEffect = callPackage ./mk-effect.nix { };
        runNixOps = callPackage ./run-nixops.nix { };
        runNixOps2 = callPackage ./run-nixops2.nix { };
        runIf =
          condition: effect:
          final.lib.recurseIntoAttrs (
            (
              if condition then
                { run = effect; }
              else
                {
                  dependencies = effect.inputDerivation // {
                    isEffect = false;
                    buildDependenciesOnly = true;
                  };
                }
            )
            // final.lib.optionalAttrs (effect ? prebuilt) { inherit (effect) prebuilt; }
          );
      };
    in
    effects;
}
