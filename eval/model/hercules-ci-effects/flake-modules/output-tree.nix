# The type of a job's outputs: sets that are merged at every level, with derivations and other values as leaves.
{ lib }:

let
  inherit (lib) types;
  inherit (__nixplan) isUnknown known open;

  # An open set has further names that are not known, but is no derivation as long as it does not say so.
  isOpen = value: isUnknown (value ? "");
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
        isPartial = lib.any (definition: isOpen definition.value) definitions;
      in
      if clear == [ ] then
        (lib.head definitions).value
      else if isPartial && builtins.isAttrs merged then
        open (lib.showOption loc) merged
      else
        merged;
  };
in
outputTree
