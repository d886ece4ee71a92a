# The type of a job's outputs: sets that are merged at every level, with derivations and other values as leaves.
{ lib }:

let
  inherit (lib) types;
  inherit (__nixplan) isUnknown;

  isBranch =
    value:
    builtins.isAttrs value
    && !isUnknown (value.type or null)
    && value.type or null != "derivation"
    && value.recurseForDerivations or true == true;

  outputTree = lib.mkOptionType {
    name = "outputTree";
    description = "a tree of attribute sets and derivations";
    check = _: true;
    merge =
      loc: definitions:
      if lib.all (definition: !isUnknown definition.value && isBranch definition.value) definitions then
        (types.lazyAttrsOf outputTree).merge loc definitions
      else
        lib.mergeEqualOption loc definitions;
  };
in
outputTree
