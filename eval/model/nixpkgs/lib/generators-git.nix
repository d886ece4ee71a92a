# lib.generators.toGitINI: Git's configuration files. `a.b.c = v` becomes `[a "b"] c = "v"`.
{ lib }:
let
  inherit (builtins)
    any attrNames attrValues concatLists concatStringsSep filter head isAttrs isList isString length
    match removeAttrs replaceStrings tail
    ;
  inherit (lib.generators) mkKeyValueDefault mkValueStringDefault toINI;

  sectionName =
    name:
    let
      parts = lib.strings.splitString "." name;
    in
    if match ".*\".*" name != null || length parts == 1 then name
    else "${head parts} \"${concatStringsSep "." (tail parts)}\"";

  quoted =
    text: "\"" + replaceStrings [ "\n" "\t" "\"" "\\" ] [ "\\n" "\\t" "\\\"" "\\\\" ] text + "\"";
  line =
    key: value:
    "\t"
    + mkKeyValueDefault {
      mkValueString = value: mkValueStringDefault { } (if isString value then quoted value else value);
    } " = " key value;
  # A key with several values has one line for each.
  lines = key: value: if isList value then concatStringsSep "\n" (map (line key) value) else line key value;

  isSet = value: isAttrs value && !(lib.attrsets.isDerivation value);

  # Leaves below `path` (innermost name first) as sets of one section with one key.
  leaves =
    path: value:
    if isSet value then
      concatLists (map (name: leaves ([ name ] ++ path) value.${name}) (attrNames value))
    else if length path > 1 then
      [ { ${concatStringsSep "." (lib.lists.reverseList (tail path))}.${head path} = value; } ]
    else
      [ { ${head path} = value; } ];

  flatten =
    set:
    let
      nested = filter (name: isAttrs set.${name} && any isSet (attrValues set.${name})) (attrNames set);
    in
    removeAttrs set nested
    // builtins.foldl' lib.attrsets.recursiveUpdate { } (leaves [ ] (lib.attrsets.getAttrs nested set));
in
{
  toGitINI =
    set:
    toINI {
      mkSectionName = sectionName;
      mkKeyValue = lines;
    } (flatten set);
}
