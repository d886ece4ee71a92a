# Option declarations, merge functions, and how options are shown.
{ lib }:
let
  inherit (builtins)
    concatLists
    concatStringsSep
    foldl'
    head
    isList
    isString
    length
    map
    tail
    ;
  inherit (lib) types;
  part = file: import file { inherit lib; };
  showing = part ./options/show.nix;
  documenting = part ./options/docs.nix;
  inherit (showing) showDefs showOption;

  hint = "`lib.mkForce value' or `lib.mkDefault value' gives a definition another priority.";
in
rec {
  inherit (showing)
    showDefs
    showFiles
    showOption
    showOptionWithDefLocs
    ;
  inherit (documenting)
    optionAttrSetToDocList
    optionAttrSetToDocList'
    renderOptionValue
    scrubOptionValue
    ;

  # The file name of modules that have none.
  unknownModule = "<unknown-file>";

  isOption = x: x._type or "" == "option";

  # mkOption { … } -> option declaration. Attributes that are not given are
  # absent, not null: `default = null` is a default.
  mkOption =
    declaration@{
      default ? null,
      defaultText ? null,
      example ? null,
      description ? null,
      relatedPackages ? null,
      type ? null,
      apply ? null,
      internal ? null,
      visible ? null,
      readOnly ? null,
    }:
    declaration // { _type = "option"; };

  mkEnableOption =
    name:
    mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether to enable ${name}.";
    };

  # mkPackageOption pkgs name { … }: name and default are an attribute of pkgs
  # or a list of attribute names; default = null means none, or null if nullable.
  mkPackageOption =
    pkgs: name:
    {
      nullable ? false,
      default ? name,
      example ? null,
      extraDescription ? "",
      pkgsText ? "pkgs",
    }:
    let
      path = if isList default then default else [ default ];
      show = attrPath: concatStringsSep "." (map lib.strings.escapeNixIdentifier attrPath);
      find =
        set: rest:
        if rest == [ ] then
          set
        else if set ? ${head rest} then
          find set.${head rest} (tail rest)
        else
          throw "${pkgsText} has no ${show path}";
      shownName = if isList name then builtins.elemAt name (length name - 1) else name;
    in
    mkOption (
      {
        type = if nullable then types.nullOr types.package else types.package;
        description =
          "The ${shownName} package to use." + (if extraDescription == "" then "" else " ${extraDescription}");
      }
      // (
        if default != null then
          {
            default = find pkgs path;
            defaultText = literalExpression "${pkgsText}.${show path}";
          }
        else if nullable then
          { default = null; }
        else
          { }
      )
      // (
        if example == null then
          { }
        else
          {
            example = literalExpression (if isList example then "${pkgsText}.${show example}" else example);
          }
      )
    );

  # An option that accepts every definition and cannot be read.
  mkSinkUndeclaredOptions =
    overrides:
    mkOption (
      {
        type = types.mkOptionType {
          name = "sink";
          check = _: true;
          merge = _: _: false;
        };
        default = false;
        internal = true;
        visible = false;
        description = "Takes definitions of options that are not declared.";
        apply = _: throw "the option is not declared, so it has no value to read";
      }
      // overrides
    );

  # Texts for `example` and `defaultText`.
  literalExpression = text: literal "literalExpression" text;
  literalMD = text: literal "literalMD" text;
  literalCode = language: text: literalMD "```${language}\n${text}\n```\n";
  literal =
    _type: text: if isString text then { inherit _type text; } else throw "${_type} takes a string";
  mdDoc = text: text;

  # Merge functions: loc -> [ { file; value; } ] -> value. loc is the option's path.

  getValues = map (def: def.value);
  getFiles = map (def: def.file);

  # Merges by what the values are; for types that do not say how to merge.
  mergeDefaultOption =
    loc: defs:
    let
      values = getValues defs;
      first = head values;
      every = predicate: builtins.all predicate values;
    in
    if length values == 1 then
      first
    else if every lib.isFunction then
      x: mergeDefaultOption loc (map (f: f x) values)
    else if every isList then
      concatLists values
    else if every builtins.isAttrs then
      foldl' (a: b: a // b) { } values
    else if every builtins.isBool then
      builtins.any (b: b) values
    else if every isString then
      concatStringsSep "" values
    else if every builtins.isInt && every (n: n == first) then
      first
    else
      throw "the definitions of `${showOption loc}' cannot be merged. Definitions:${showDefs defs}";

  mergeOneOption = mergeUniqueOption { message = ""; };

  mergeUniqueOption =
    {
      message,
      merge ? (_: defs: (head defs).value),
    }:
    loc: defs:
    if length defs == 1 then
      merge loc defs
    else
      assert defs != [ ];
      throw "`${showOption loc}' takes one definition, but has ${toString (length defs)}. ${message}\nDefinitions:${showDefs defs}\n${hint}";

  mergeEqualOption =
    loc: defs:
    let
      first = head defs;
      same =
        def:
        def.value == first.value
        || throw "the definitions of `${showOption loc}' contradict each other:${
          showDefs [
            first
            def
          ]
        }\n${hint}";
    in
    assert builtins.all same (tail defs);
    first.value;
}
