# Types made of one other type: lists, attribute sets, functions, null.
{ lib }:
let
  inherit (builtins)
    all
    concatLists
    elemAt
    filter
    genList
    isAttrs
    isList
    length
    map
    mapAttrs
    zipAttrsWith
    ;
  inherit (lib.options)
    getFiles
    mergeUniqueOption
    showFiles
    showOption
    ;
  inherit (lib.modules) mergeDefinitions;
  inherit (lib.types)
    addCheck
    complaint
    elemTypeFunctor
    judgedCheck
    judgedMerge
    mkOptionType
    openLike
    optionDescriptionPhrase
    ;

  isNounLike = class: class == "noun" || class == "composite";

  # What a type has from the type inside it. rebuild makes it from another one.
  around = elemType: rebuild: {
    inherit (elemType) getSubModules;
    substSubModules = modules: rebuild (elemType.substSubModules modules);
    nestedTypes = { inherit elemType; };
  };

  # The same for types that can be declared several times.
  wrapper =
    name: elemType: rebuild:
    around elemType rebuild
    // {
      inherit name;
      functor = elemTypeFunctor name { inherit elemType; } // {
        type = payload: rebuild payload.elemType;
      };
    };

  numbered = f: list: genList (i: f (toString (i + 1)) (elemAt list i)) (length list);

  listOf =
    elemType:
    let
      entries =
        loc: defs:
        concatLists (
          numbered (
            d: def:
            numbered (
              e: value:
              mergeDefinitions (loc ++ [ "[definition ${d}-entry ${e}]" ]) elemType [
                {
                  inherit (def) file;
                  inherit value;
                }
              ]
            ) def.value
          ) defs
        );
    in
    mkOptionType (
      wrapper "listOf" elemType listOf
      // {
        description = "list of ${optionDescriptionPhrase isNounLike elemType}";
        descriptionClass = "composite";
        check = judgedCheck isList;
        merge = judgedMerge (
          { loc, defs }:
          let
            # An entry that is `mkIf false` is left out.
            present = filter (entry: entry.isDefined) (entries loc defs);
          in
          {
            headError = complaint isList defs;
            value = map (entry: entry.mergedValue) present;
            valueMeta.list = map (entry: entry.checkedAndMerged.valueMeta) present;
          }
        );
        emptyValue.value = [ ];
        getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "*" ]);
      }
    );

  nonEmptyListOf =
    elemType:
    let
      list = addCheck (listOf elemType) (value: value != [ ]);
    in
    list
    // {
      description = "non-empty ${optionDescriptionPhrase (class: class == "noun") list}";
      emptyValue = { };
      substSubModules = modules: nonEmptyListOf (elemType.substSubModules modules);
    };

  # Two payloads of attrsWith as one, or null.
  mergeAttrsPayload =
    a: b:
    let
      elemType = a.elemType.typeMerge b.elemType.functor;
      # "name" is the default and gives way.
      placeholder = if a.placeholder == "name" then b.placeholder else a.placeholder;
      agree = a.placeholder == b.placeholder || a.placeholder == "name" || b.placeholder == "name";
    in
    if elemType == null || a.lazy != b.lazy || !agree then
      null
    else
      {
        inherit elemType placeholder;
        inherit (a) lazy;
      };

  # Attribute sets with values of one type. Whether a name is there depends on
  # the conditions of its definitions: with lazy they are not looked at until
  # the value is read, and names are there whatever they say.
  attrsWith =
    {
      elemType,
      lazy ? false,
      placeholder ? "name",
    }:
    let
      rebuild =
        elemType:
        attrsWith { inherit elemType lazy placeholder; };
      located =
        def:
        mapAttrs (_: value: {
          inherit (def) file;
          inherit value;
        }) (__nixplan.known def.value);
      present =
        attrs:
        if lazy then
          attrs
        else
          builtins.removeAttrs attrs (filter (name: !attrs.${name}.isDefined) (builtins.attrNames attrs));
      # A name without definitions, under lazy.
      absent = attr: elemType.emptyValue.value or attr.mergedValue;
    in
    mkOptionType (
      around elemType rebuild
      // {
        name = if lazy then "lazyAttrsOf" else "attrsOf";
        description = "${if lazy then "lazy attribute set" else "attribute set"} of ${optionDescriptionPhrase isNounLike elemType}";
        descriptionClass = "composite";
        check = judgedCheck isAttrs;
        merge = judgedMerge (
          { loc, defs }:
          let
            attrs = present (
              zipAttrsWith (name: mergeDefinitions (loc ++ [ name ]) elemType) (map located defs)
            );
            valueOf = attr: if lazy && !attr.isDefined then absent attr else attr.mergedValue;
          in
          {
            headError = complaint isAttrs defs;
            value = openLike (map (def: def.value) defs) (mapAttrs (_: valueOf) attrs);
            valueMeta.attrs = mapAttrs (_: attr: attr.checkedAndMerged.valueMeta) attrs;
          }
        );
        emptyValue.value = { };
        getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "<${placeholder}>" ]);
        functor = elemTypeFunctor "attrsWith" { inherit elemType lazy placeholder; } // {
          binOp = mergeAttrsPayload;
        };
      }
    );
  attrsOf = elemType: attrsWith { inherit elemType; };
  lazyAttrsOf =
    elemType:
    attrsWith {
      inherit elemType;
      lazy = true;
    };

  nullOr =
    elemType:
    mkOptionType (
      wrapper "nullOr" elemType nullOr
      // {
        description = "null or ${
          optionDescriptionPhrase (class: class == "noun" || class == "conjunction") elemType
        }";
        descriptionClass = "conjunction";
        check = x: x == null || elemType.check x;
        merge =
          loc: defs:
          let
            nulls = length (filter (def: def.value == null) defs);
          in
          if nulls == 0 then
            elemType.merge loc defs
          else if nulls == length defs then
            # Not any null: this one may depend on the ref.
            (builtins.head defs).value
          else
            throw "`${showOption loc}' is defined as null and as something else, in ${showFiles (getFiles defs)}";
        emptyValue.value = null;
        inherit (elemType) getSubOptions;
      }
    );

  # Functions; several are called with the same argument, the results merged.
  functionTo =
    elemType:
    mkOptionType (
      wrapper "functionTo" elemType functionTo
      // {
        description = "function that evaluates to a(n) ${optionDescriptionPhrase isNounLike elemType}";
        descriptionClass = "composite";
        check = lib.isFunction;
        merge = loc: defs: {
          # An argument is optional when it is for all of them.
          __functionArgs = zipAttrsWith (_: all (optional: optional)) (
            map (def: lib.functionArgs def.value) defs
          );
          __functor =
            _: argument:
            (mergeDefinitions (loc ++ [ "<function body>" ]) elemType (
              map (def: {
                inherit (def) file;
                value = def.value argument;
              }) defs
            )).mergedValue;
        };
        getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "<function body>" ]);
      }
    );

  # A value with one definition only. message goes into the error.
  unique =
    { message }:
    elemType:
    mkOptionType (
      wrapper "unique" elemType (unique { inherit message; })
      // {
        inherit (elemType)
          description
          descriptionClass
          check
          emptyValue
          getSubOptions
          ;
        merge = mergeUniqueOption {
          inherit message;
          inherit (elemType) merge;
        };
        substSubModules = modules: uniq (elemType.substSubModules modules);
      }
    );
  uniq = unique { message = ""; };
in
{
  inherit
    attrsOf
    attrsWith
    functionTo
    lazyAttrsOf
    listOf
    nonEmptyListOf
    nullOr
    uniq
    unique
    ;

  # Long ago, lists of sets with a `name` were accepted as well.
  loaOf =
    elemType:
    attrsOf elemType
    // {
      name = "loaOf";
      deprecationMessage = "lists are no longer accepted in place of attribute sets; use `types.attrsOf'.";
    };
}
