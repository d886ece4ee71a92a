# runIf condition effect: the effect under `run`, or what it needs under `dependencies`. `__nixplan` tells the plan what the
# job is in either case, and why it cannot be told when the condition is not known.
{ lib }:

let
  inherit (__nixplan) isUnknown;
in
condition: v:
let
  hasPrebuilt = v ? prebuilt;
  prebuilt = if isUnknown hasPrebuilt then { } else lib.optionalAttrs hasPrebuilt { inherit (v) prebuilt; };

  chosen =
    if condition then
      {
        run = v;
        __nixplan = {
          effect = v;
          active = true;
        };
      }
    else
      {
        dependencies = v.inputDerivation // {
          isEffect = false;
          buildDependenciesOnly = true;
        };
        __nixplan = {
          effect = v;
          active = false;
        };
      };

  undetermined.__nixplan = {
    effect = v;
    undetermined = condition;
  };
in
lib.recurseIntoAttrs ((if isUnknown condition then undetermined else chosen) // prebuilt)
