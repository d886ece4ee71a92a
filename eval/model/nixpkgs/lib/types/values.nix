# Values of no particular shape, and those with a shape Nix has no name for.
{ lib }:
let
  inherit (builtins)
    all
    foldl'
    getContext
    head
    isAttrs
    isPath
    isString
    length
    map
    typeOf
    ;
  inherit (lib.options)
    getFiles
    getValues
    mergeEqualOption
    mergeOneOption
    mkOption
    showFiles
    showOption
    ;
  inherit (lib.types)
    addCheck
    isType
    mkOptionType
    surely
    unique
    ;

  noun =
    name: description: rest:
    mkOptionType (
      {
        inherit name description;
        descriptionClass = "noun";
      }
      // rest
    );

  # The kinds that `anything` tells apart: typeOf, and sets that are packages.
  kindOf =
    value:
    if isAttrs value && (surely (value ? outPath) || surely (value ? __toString)) then
      "package"
    else
      typeOf value;

  mergeAnything =
    loc: defs:
    let
      kind = kindOf (head defs).value;
      mixed = throw "`${showOption loc}' is defined with values of different types, in ${showFiles (getFiles defs)}";
    in
    if !all (def: kindOf def.value == kind) defs then
      mixed
    else if kind == "set" then
      (lib.types.attrsOf anything).merge loc defs
    else if kind == "package" then
      mergeOneOption loc defs
    else if kind == "lambda" then
      argument:
      mergeAnything (loc ++ [ "<function body>" ]) (
        map (def: {
          inherit (def) file;
          value = def.value argument;
        }) defs
      )
    else
      mergeEqualOption loc defs;

  # Recursive merging without a type: sets by attribute, functions by result,
  # everything else must be equal.
  anything = noun "anything" "anything" { merge = mergeAnything; };

  # Derivations, other sets that stand for a store path, and store paths. A path
  # without context becomes a derivation, so that it is a dependency.
  package = mkOptionType {
    name = "package";
    descriptionClass = "noun";
    check = x: lib.isDerivation x || lib.isStorePath x;
    merge =
      loc: defs:
      let
        value = mergeOneOption loc defs;
      in
      if isPath value || (isString value && getContext value == { }) then lib.toDerivation value else value;
  };
in
{
  inherit anything package;

  # One definition, passed on untouched.
  raw = noun "raw" "raw value" { merge = mergeOneOption; };

  # What an option without a type has.
  unspecified = noun "unspecified" "unspecified value" { };

  # Attribute sets joined with //, without looking inside.
  attrs = mkOptionType {
    name = "attrs";
    description = "attribute set";
    check = isAttrs;
    merge = _: defs: foldl' (a: b: a // b) { } (getValues defs);
    emptyValue.value = { };
  };

  shellPackage = package // {
    check = x: lib.isDerivation x && x ? shellPath;
  };

  # A package set, such as `import <nixpkgs> { }`.
  pkgs = addCheck (
    unique { message = "Package sets cannot be merged."; } lib.types.attrs
    // {
      name = "pkgs";
      description = "Nixpkgs package set";
      descriptionClass = "noun";
    }
  ) (isType "pkgs");

  fileset = noun "fileset" "fileset" {
    check = x: lib.fileset.isFileset x;
    merge = _: defs: lib.fileset.unions (getValues defs);
    emptyValue.value = lib.fileset.empty;
  };

  # What lib.generators.mkLuaInline makes.
  luaInline = noun "luaInline" "inline lua" {
    check = isType "lua-inline";
    merge = mergeEqualOption;
  };

  optionDeclaration = noun "optionDeclaration" "option declaration" {
    check = x: isType "option" x && !(x ? value);
  };

  # A type. Several are merged as the types of an option declared several times.
  optionType = noun "optionType" "optionType" {
    check = isType "option-type";
    merge =
      loc: defs:
      let
        declarations = map (def: {
          _file = def.file;
          pos = null;
          options = mkOption { type = def.value; };
        }) defs;
      in
      if length defs == 1 then
        (head defs).value
      else
        (lib.modules.fixupOptionType loc (lib.modules.mergeOptionDecls loc declarations)).type;
  };
}
