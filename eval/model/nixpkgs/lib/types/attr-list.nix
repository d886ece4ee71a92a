# attrListOf: an ordered list of { name = value; }, where names may repeat.
# Definitions are such lists, or sets, whose order mkOrder can change.
{ lib }:
let
  inherit (builtins)
    attrNames
    concatMap
    filter
    groupBy
    head
    isAttrs
    isList
    length
    map
    mapAttrs
    sort
    typeOf
    zipAttrsWith
    ;
  inherit (lib.options) showDefs showOption;
  inherit (lib.modules)
    defaultOrderPriority
    defaultOverridePriority
    mergeDefinitions
    mkDefinition
    mkOrder
    mkOverride
    ;
  inherit (lib.types)
    complaint
    judgedCheck
    judgedMerge
    mkOptionType
    optionDescriptionPhrase
    ;

  lowest = a: b: if b < a then b else a;

  # Takes order and priority off a value, in whatever order they are wrapped:
  # { value; place; priority; }. The override wrapper stays around the value.
  unwrap =
    value:
    let
      tag = value._type or null;
      inner = unwrap value.content;
    in
    if tag == "order" then
      {
        inherit (inner) value priority;
        place = value.priority;
      }
    else if tag == "override" then
      # Lazy in the content: what is overridden is never looked at.
      {
        inherit (inner) place;
        inherit (value) priority;
        value = mkOverride value.priority inner.value;
      }
    else
      {
        inherit value;
        place = defaultOrderPriority;
        priority = defaultOverridePriority;
      };

  attrListWith =
    {
      elemType,
      asAttrs ? false,
      mergeAttrValues ? (_: values: values),
    }:
    let
      isShape = x: isList x || isAttrs x;

      # An element of a list, which may be ordered as a whole.
      fromElement =
        loc: file: written:
        let
          ordered = written._type or null == "order";
          element = if ordered then written.content else written;
          name = head (attrNames element);
          problem =
            if isAttrs element then
              "has ${toString (length (attrNames element))} attributes"
            else
              "is of type ${typeOf element}";
        in
        if isAttrs element && length (attrNames element) == 1 then
          unwrap element.${name}
          // (if ordered then { place = written.priority; } else { })
          // {
            inherit file name;
          }
        else
          throw "`${showOption loc}' takes sets with one attribute, but an element ${problem}. Definitions:${
            showDefs [
              {
                inherit file;
                value = written;
              }
            ]
          }";

      itemsOf =
        loc: def:
        if isList def.value then
          map (fromElement loc def.file) def.value
        else
          map (name: unwrap def.value.${name} // { inherit (def) file; inherit name; }) (attrNames def.value);

      merged =
        loc: defs:
        let
          items = concatMap (itemsOf loc) defs;
          # A priority counts for all items of the same name.
          strongest = mapAttrs (
            _: same: builtins.foldl' (best: item: lowest best item.priority) defaultOverridePriority same
          ) (groupBy (item: item.name) items);
          winners = filter (item: item.priority == strongest.${item.name}) items;
        in
        filter (item: item.merge.isDefined) (
          map (
            item:
            item
            // {
              merge = mergeDefinitions (loc ++ [ item.name ]) elemType [
                { inherit (item) file value; }
              ];
            }
          ) (sort (a: b: a.place < b.place) winners)
        );
    in
    mkOptionType {
      name = "attrListOf";
      description = "attribute list of ${
        optionDescriptionPhrase (class: class == "noun" || class == "composite") elemType
      }";
      descriptionClass = "composite";
      check = judgedCheck isShape;
      merge = judgedMerge (
        { loc, defs }:
        let
          items = merged loc defs;
          pair = item: { ${item.name} = item.merge.mergedValue; };
          attrListValue = map pair items;
        in
        {
          headError = complaint isShape defs;
          value = if asAttrs then zipAttrsWith mergeAttrValues attrListValue else attrListValue;
          valueMeta = {
            attrList = map (item: item.merge.checkedAndMerged.valueMeta) items;
            # The list, also where the value is a set.
            inherit attrListValue;
            definitions = map (
              item:
              mkDefinition {
                inherit (item) file;
                value = mkOrder item.place (pair item);
              }
            ) items;
          };
        }
      );
      emptyValue.value = if asAttrs then { } else [ ];
      getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "*" ]);
      inherit (elemType) getSubModules;
      substSubModules =
        modules:
        attrListWith {
          inherit asAttrs mergeAttrValues;
          elemType = elemType.substSubModules modules;
        };
      typeMerge = _: null;
      nestedTypes = { inherit elemType; };
    };
in
{
  inherit attrListWith;
  attrListOf = elemType: attrListWith { inherit elemType; };
}
