# Option types. The parts are loaded when one of their names is used.
{ lib }:
let
  part = file: import file { inherit lib; };
  core = part ./types/core.nix;
  scalars = part ./types/scalars.nix;
  strings = part ./types/strings.nix;
  values = part ./types/values.nix;
  collections = part ./types/collections.nix;
  attrList = part ./types/attr-list.nix;
  attrTag = part ./types/attr-tag.nix;
  modules = part ./types/modules.nix;
  choice = part ./types/choice.nix;
in
{
  inherit (core)
    addCheck
    complaint
    defaultFunctor
    defaultTypeMerge
    elemTypeFunctor
    isOptionType
    isType
    judge
    judgedCheck
    judgedMerge
    mergeTypes
    mkOptionType
    openLike
    optionDescriptionPhrase
    setType
    surely
    ;
  inherit (scalars)
    bool
    boolByOr
    float
    int
    ints
    number
    numbers
    port
    ;
  inherit (strings)
    commas
    envVar
    externalPath
    lines
    nonEmptyStr
    passwdEntry
    path
    pathInStore
    pathWith
    separatedString
    singleLineStr
    str
    strMatching
    string
    ;
  inherit (values)
    anything
    attrs
    fileset
    luaInline
    optionDeclaration
    optionType
    package
    pkgs
    raw
    shellPackage
    unspecified
    ;
  inherit (collections)
    attrsOf
    attrsWith
    functionTo
    lazyAttrsOf
    listOf
    loaOf
    nonEmptyListOf
    nullOr
    uniq
    unique
    ;
  inherit (attrList) attrListOf attrListWith;
  inherit (attrTag) attrTag;
  inherit (modules)
    deferredModule
    deferredModuleWith
    submodule
    submoduleWith
    ;
  inherit (choice)
    coercedTo
    either
    enum
    json
    oneOf
    serializableValueWith
    toml
    ;

  # `with lib.types; types.str` works in older code.
  inherit (lib) types;
}
