# The type of a job's outputs: sets that are merged at every level, with derivations and other values as leaves.
{ lib }:

let
  inherit (lib) types;
  inherit (__nixplan) isUnknown known;

  # What is unknown, or has further names that are not known, may add to the others.
  orMore =
    merged: { value, ... }:
    if isUnknown value then
      value // merged
    else if isUnknown (value ? "") then
      removeAttrs value (builtins.attrNames (known value)) // merged
    else
      merged;

  # An open set is no derivation as long as it does not say so.
  isBranch =
    value:
    builtins.isAttrs value
    && (known value).type or null != "derivation"
    && (known value).recurseForDerivations or true == true;

  outputTree = lib.mkOptionType {
    name = "outputTree";
    description = "a tree of attribute sets and derivations";
    check = _: true;
    merge =
      loc: definitions:
      let
        clear = lib.filter (definition: !isUnknown definition.value) definitions;
        merged =
          if lib.all (definition: isBranch definition.value) clear then
            (types.lazyAttrsOf outputTree).merge loc (
              map (definition: definition // { value = known definition.value; }) clear
            )
          else
            lib.mergeEqualOption loc clear;
      in
      if clear == [ ] then
        (lib.head definitions).value
      else if builtins.isAttrs merged then
        lib.foldl' orMore merged definitions
      else
        merged;
  };
in
outputTree
