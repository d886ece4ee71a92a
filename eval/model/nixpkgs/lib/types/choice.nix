# Types that offer alternatives.
{ lib }:
let
  inherit (builtins)
    concatStringsSep
    elem
    elemAt
    foldl'
    head
    isBool
    isInt
    isString
    length
    map
    tail
    typeOf
    ;
  inherit (lib.options)
    mergeEqualOption
    mergeOneOption
    showDefs
    showOption
    ;
  inherit (lib.types)
    attrsOf
    bool
    complaint
    defaultFunctor
    elemTypeFunctor
    float
    int
    judge
    judgedCheck
    judgedMerge
    listOf
    mkOptionType
    nullOr
    optionDescriptionPhrase
    path
    str
    surely
    ;

  among = classes: class: elem class classes;

  # One of the given values. Declared more than once, the values add up.
  enum =
    values:
    let
      show =
        value:
        if isString value then
          "\"${value}\""
        else if isInt value then
          toString value
        else if isBool value then
          (if value then "true" else "false")
        else
          "<${typeOf value}>";
    in
    mkOptionType {
      name = "enum";
      description =
        if values == [ ] then
          "impossible (empty enum)"
        else if length values == 1 then
          "value ${show (head values)} (singular enum)"
        else
          "one of ${concatStringsSep ", " (map show values)}";
      descriptionClass = if length values < 2 then "noun" else "conjunction";
      check = value: elem value values;
      merge = mergeEqualOption;
      functor = defaultFunctor "enum" // {
        type = payload: enum payload.values;
        payload = { inherit values; };
        binOp = a: b: { values = lib.unique (a.values ++ b.values); };
      };
    };

  # A value of the one type or the other, all definitions alike; the first that
  # accepts them decides how they merge.
  either =
    t1: t2:
    let
      left = optionDescriptionPhrase (among [ "noun" "conjunction" ]) t1;
      right = classes: optionDescriptionPhrase (among classes) t2;
      neither =
        loc: defs:
        let
          message = "Not all of `${showOption loc}' is of one type, ${t1.description} or ${t2.description}. Definitions:${showDefs defs}";
        in
        {
          headError = { inherit message; };
          valueMeta.headError = { inherit message; };
          # Only reached where nobody looks at headError, as under a freeform type.
          value = lib.warn message (mergeOneOption loc defs);
        };
    in
    mkOptionType rec {
      name = "either";
      description =
        if t1.descriptionClass or null == "nonRestrictiveClause" then
          "${t1.description}, or ${right [ "noun" "conjunction" ]}"
        else
          "${left} or ${right [ "noun" "conjunction" "composite" ]}";
      descriptionClass = "conjunction";
      check = judgedCheck (x: t1.check x || t2.check x);
      merge = judgedMerge (
        { loc, defs }:
        let
          first = judge t1 loc defs;
          second = judge t2 loc defs;
        in
        if first.headError == null then
          first
        else if second.headError == null then
          second
        else
          neither loc defs
      );
      typeMerge =
        other:
        let
          merged1 = t1.typeMerge (head other.payload.elemType).functor;
          merged2 = t2.typeMerge (elemAt other.payload.elemType 1).functor;
        in
        if other.name != name || merged1 == null || merged2 == null then
          null
        else
          either merged1 merged2;
      functor =
        elemTypeFunctor name {
          elemType = [
            t1
            t2
          ];
        }
        // {
          type = either;
        };
      nestedTypes = {
        left = t1;
        right = t2;
      };
    };

  oneOf =
    types:
    if types == [ ] then
      throw "types.oneOf takes at least one type"
    else
      foldl' either (head types) (tail types);

  # finalType, or a value of coercedType that convert makes into one.
  coercedTo =
    coercedType: convert: finalType:
    let
      check = x: (coercedType.check x && finalType.check (convert x)) || finalType.check x;
      # A definition in its final form. A v2 type decides with headError.
      final =
        loc: def:
        let
          fits =
            if coercedType.merge ? v2 then
              (judge coercedType loc [ def ]).headError == null
            else
              coercedType.check def.value;
        in
        def // { value = if fits then convert def.value else def.value; };

      coerced = mkOptionType {
        name = "coercedTo";
        description = "${optionDescriptionPhrase (among [ "noun" ]) finalType} or ${
          optionDescriptionPhrase (among [ "noun" ]) coercedType
        } convertible to it";
        check = judgedCheck check;
        merge = judgedMerge (
          { loc, defs }:
          let
            converted = map (final loc) defs;
          in
          if finalType.merge ? v2 then
            judge finalType loc converted
          else
            {
              headError = complaint check defs;
              value = finalType.merge loc converted;
              valueMeta = { };
            }
        );
        inherit (finalType) emptyValue getSubOptions getSubModules;
        substSubModules = modules: coercedTo coercedType convert (finalType.substSubModules modules);
        typeMerge = _: null;
        functor = defaultFunctor "coercedTo";
        nestedTypes = { inherit coercedType finalType; };
      };
    in
    if surely (coercedType.getSubModules != null) then
      throw "types.coercedTo: the type to convert from cannot have submodules, as ${coercedType.description} has"
    else
      coerced;

  # Values that can be written in a format such as JSON.
  serializableValueWith =
    {
      typeName,
      nullable ? true,
    }:
    let
      plain = oneOf [
        bool
        int
        float
        str
        path
        (attrsOf value)
        (listOf value)
      ];
      value = (if nullable then nullOr plain else plain) // {
        description = "${typeName} value";
      };
    in
    value;
in
{
  inherit
    coercedTo
    either
    enum
    oneOf
    serializableValueWith
    ;

  json = serializableValueWith { typeName = "JSON"; };
  toml = serializableValueWith {
    typeName = "TOML";
    nullable = false;
  };
}
