# The message for a formal that callPackage could not fill, with names that are spelled alike.
{ lib }:
formals: absent: available:
let
  inherit (builtins) attrNames concatStringsSep filter head;
  inherit (lib.strings) levenshtein levenshteinAtMost;
  name = head (filter (name: !absent.${name}) (attrNames absent));
  alike = lib.lists.take 3 (
    lib.lists.sortOn (levenshtein name) (filter (levenshteinAtMost 2 name) (attrNames available))
  );
  position = builtins.unsafeGetAttrPos name formals;
  place = if position == null then "" else " (${position.file}:${toString position.line})";
  hint =
    if alike == [ ] then ""
    else "; did you mean ${concatStringsSep " or " (map (other: "\"${other}\"") alike)}?";
in
"lib.customisation.callPackageWith: the function needs the argument \"${name}\"${place}, which nobody gives${hint}"
