# What an option type is, and the functions that work on any type.
#
# A type is a set with `_type = "option-type"`:
#   check        value -> bool, looks at the root of the value only
#   merge        loc -> [ { file; value; } ] -> value, or a functor that also has
#                v2 { loc; defs; } -> { headError; value; valueMeta; },
#                which checks and merges at once
#   emptyValue   { value; } if there is a value for "no definitions", else { }
#   functor      name, payload, type (payload -> type) and binOp (two payloads ->
#                one or null), for options declared more than once
#   getSubOptions, getSubModules, substSubModules, nestedTypes: what is inside
{ lib }:
let
  inherit (builtins)
    all
    attrNames
    filter
    foldl'
    removeAttrs
    ;
  inherit (lib.options) mergeDefaultOption showDefs showOption;
  inherit (__nixplan) isUnknown known;
in
rec {
  isType = tag: x: (x._type or "") == tag;
  setType = tag: x: x // { _type = tag; };
  isOptionType = isType "option-type";

  defaultFunctor = name: {
    inherit name;
    type = lib.types.${name} or null;
    payload = null;
    binOp = _: _: null;
  };

  # The functor of a type whose payload is, or has, the type of its elements.
  elemTypeFunctor = name: payload: {
    inherit name payload;
    type = lib.types.${name};
    binOp =
      a: b:
      let
        elemType = a.elemType.typeMerge b.elemType.functor;
      in
      if elemType == null then null else { inherit elemType; };
  };

  # functor -> functor -> type, or null if the two are not the same type.
  defaultTypeMerge =
    f: g:
    let
      payload = f.binOp f.payload g.payload;
    in
    if f.name != g.name then
      null
    else
      assert (f.payload == null) == (g.payload == null);
      if f.payload == null then
        f.type
      else if payload == null then
        null
      else
        f.type payload;

  mkOptionType =
    {
      name,
      description ? null,
      # "noun", "conjunction", "composite" or "nonRestrictiveClause": decides
      # where the description needs parentheses inside another one.
      descriptionClass ? null,
      check ? (_: true),
      merge ? mergeDefaultOption,
      emptyValue ? { },
      getSubOptions ? (_: { }),
      getSubModules ? null,
      substSubModules ? (_: null),
      typeMerge ? defaultTypeMerge functor,
      functor ? defaultFunctor name,
      deprecationMessage ? null,
      nestedTypes ? { },
    }:
    {
      _type = "option-type";
      inherit
        name
        descriptionClass
        check
        merge
        emptyValue
        getSubOptions
        getSubModules
        substSubModules
        typeMerge
        functor
        deprecationMessage
        nestedTypes
        ;
      description = if description == null then name else description;
    };

  # The description, in parentheses unless its class is one that fits.
  optionDescriptionPhrase =
    fits: type:
    if fits (type.descriptionClass or null) then type.description else "(${type.description})";

  # What is wrong with definitions, { message; } or null. A value is taken to be
  # of the type when there is no telling.
  complaint =
    check: defs:
    let
      accepts =
        def:
        let
          answer = check def.value;
        in
        isUnknown answer || answer;
      wrong = filter (def: !accepts def) defs;
    in
    if all accepts defs then null else { message = "Definitions:${showDefs wrong}"; };

  # Open sets answer `?` and comparisons with an unknown, which is not enough.
  surely = condition: !isUnknown condition && condition;

  # result, open if one of the sets it was made from is.
  openLike =
    sets: result:
    let
      rest = set: removeAttrs set (attrNames (known set));
    in
    foldl' (all: set: if isUnknown (set ? "") then rest set // all else all) result sets;

  # A `check` for types with a v2 merge. Since v2 does not go through `check`,
  # one that was replaced with `//` would have no effect; that is an error, and
  # the mark tells the two apart.
  judgedCheck = check: {
    __functor = _: check;
    isV2MergeCoherent = true;
  };

  # A `merge` from a v2 function.
  judgedMerge = v2: {
    __functor = self: loc: defs: (self.v2 { inherit loc defs; }).value;
    inherit v2;
  };

  # Checks and merges with any type: { headError; value; valueMeta; }.
  judge =
    type: loc: defs:
    if isUnknown type then
      judge lib.types.anything loc defs
    else if !(type.merge ? v2) then
      {
        headError = complaint type.check defs;
        value = type.merge loc defs;
        valueMeta = { };
      }
    else if type.check.isV2MergeCoherent or false then
      type.merge.v2 { inherit loc defs; }
    else
      throw "the type of `${showOption loc}' (${type.description}) has a `check' that was put in with `//' and would never be called: use `types.addCheck type check' instead";

  # elemType, with one more condition on the value.
  addCheck =
    elemType: extra:
    let
      both = x: elemType.check x && extra x;
    in
    if elemType.merge ? v2 then
      elemType
      // {
        check = judgedCheck both;
        merge = judgedMerge (
          { loc, defs }:
          let
            inner = judge elemType loc defs;
          in
          inner
          // {
            headError = if inner.headError != null then inner.headError else complaint extra defs;
          }
        );
      }
    else
      elemType // { check = both; };

  # A type for values of both declarations, or a set of _type "merge-error".
  mergeTypes =
    a: b:
    let
      merged = a.typeMerge b.functor;
    in
    assert isOptionType a && isOptionType b;
    if merged == null then setType "merge-error" { error = "Cannot merge types"; } else merged;
}
