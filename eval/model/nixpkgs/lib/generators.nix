# lib.generators: text formats made from values. Key-value formats are here; generators-pretty.nix
# has Nix expressions, generators-other.nix Lua, Dhall and property lists, generators-git.nix Git's.
{ lib }:
let
  inherit (builtins)
    concatLists concatStringsSep isAttrs isFloat isInt isList isString
    ;
  inherit (lib.attrsets) isDerivation mapAttrsToList;
  inherit (lib.strings) escape;
  part = file: import file { inherit lib; };
  pretty = part ./generators-pretty.nix;
  other = part ./generators-other.nix;
  git = part ./generators-git.nix;

  mkValueStringDefault =
    { }:
    value:
    let
      refuse =
        what:
        abort "lib.generators.mkValueStringDefault: ${what} has no text form: ${pretty.toPretty { } value}";
    in
    if isInt value || isDerivation value then toString value
    else if isString value then value
    else if value == true then "true"
    else if value == false then "false"
    else if value == null then "null"
    else if isFloat value then lib.strings.floatToString value
    else refuse "the type ${builtins.typeOf value}";

  # The separator is escaped in keys only.
  mkKeyValueDefault =
    {
      mkValueString ? mkValueStringDefault { },
    }:
    separator: key: value:
    "${escape [ separator ] key}${separator}${mkValueString value}";

  toKeyValue =
    {
      mkKeyValue ? mkKeyValueDefault { } "=",
      listsAsDuplicateKeys ? false,
      indent ? "",
    }:
    let
      line = key: value: indent + mkKeyValue key value + "\n";
      lines =
        key: value:
        if listsAsDuplicateKeys && isList value then map (line key) value else [ (line key value) ];
    in
    set: concatStringsSep "" (concatLists (mapAttrsToList lines set));

  sectionNameDefault = escape [ "[" "]" ];

  toINI =
    {
      mkSectionName ? sectionNameDefault,
      mkKeyValue ? mkKeyValueDefault { } "=",
      listsAsDuplicateKeys ? false,
    }:
    let
      body = toKeyValue { inherit mkKeyValue listsAsDuplicateKeys; };
      section = name: values: "[${mkSectionName name}]\n${body values}";
    in
    sections: concatStringsSep "\n" (mapAttrsToList section sections);

  # Values of dconf are GVariant texts, which the model does not write.
  mkDconfKeyValue = mkKeyValueDefault {
    mkValueString = value: toString (lib.gvariant.mkValue value);
  } "=";
in
{
  inherit (pretty) toPretty withRecursion;
  inherit (other) mkLuaInline toDhall toLua toPlist;
  inherit (git) toGitINI;
  inherit
    mkDconfKeyValue mkKeyValueDefault mkValueStringDefault toINI toKeyValue
    ;

  toINIWithGlobalSection =
    {
      mkSectionName ? sectionNameDefault,
      mkKeyValue ? mkKeyValueDefault { } "=",
      listsAsDuplicateKeys ? false,
    }:
    {
      globalSection,
      sections ? { },
    }:
    (
      if globalSection == { } then ""
      else toKeyValue { inherit mkKeyValue listsAsDuplicateKeys; } globalSection + "\n"
    )
    + toINI { inherit mkSectionName mkKeyValue listsAsDuplicateKeys; } sections;
  toDconfINI = toINI { mkKeyValue = mkDconfKeyValue; };

  toJSON = { }: builtins.toJSON;
  # Every JSON text is a YAML text.
  toYAML = { }: builtins.toJSON;
}
