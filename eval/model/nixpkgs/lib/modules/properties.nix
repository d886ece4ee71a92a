# Properties: wrappers that carry a condition, a priority or a place in the
# order along with a definition until the option it belongs to is read.
#
#   merge       mkMerge [ a b ]          several definitions at once
#   if          mkIf cond a              a definition that may not be there
#   override    mkOverride prio a        the lowest number of an option wins
#   order       mkOrder prio a           place among the winners, low first
#   definition  mkDefinition { … }       a value with the file it came from
#
# A condition or content nobody knows does not stop evaluation: it becomes an
# unknown definition, so only the options it could touch are undetermined.
{ lib }:
let
  inherit (builtins)
    concatMap
    foldl'
    isAttrs
    isBool
    length
    map
    mapAttrs
    sort
    ;
  inherit (__nixplan) assume isUnknown;

  # The definitions in a mkMerge; an unknown list counts as one of them.
  contentsOf =
    merge: if isUnknown merge.contents then [ merge.contents ] else merge.contents;

  # Numerically lower wins; anything above this is never used by a person.
  weakestPriority = 9999;
in
rec {
  # The kind of wrapper, null when value is none. An open set that does not say
  # it is one is taken as a plain value.
  tagOf =
    value:
    let
      tag = value._type or null;
    in
    if isUnknown tag then null else tag;

  defaultOverridePriority = 100;
  defaultOrderPriority = 1000;

  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };

  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };

  mkAssert =
    assertion: message:
    mkIf (assertion || throw "assertion of a definition failed: ${message}");

  mkOverride = priority: content: {
    _type = "override";
    inherit priority content;
  };
  mkOptionDefault = mkOverride 1500;
  mkDefault = mkOverride 1000;
  mkImageMediaOverride = mkOverride 60;
  mkForce = mkOverride 50;
  mkVMOverride = mkOverride 10;

  mkOrder = priority: content: {
    _type = "order";
    inherit priority content;
  };
  mkBefore = mkOrder 500;
  mkAfter = mkOrder 1500;

  mkDefinition = args@{ file, value, ... }: args // { _type = "definition"; };

  # Does nothing any more.
  mkFixStrictness = x: x;

  # Applies f to the value below any wrappers.
  mapDefinitionValue =
    f: def:
    let
      tag = tagOf def;
      inner = mapDefinitionValue f;
    in
    if tag == "merge" then
      def // { contents = map inner def.contents; }
    else if tag == "if" || tag == "override" || tag == "order" then
      def // { content = inner def.content; }
    else if tag == "definition" then
      def // { value = inner def.value; }
    else
      f def;

  # pushDownProperties :: config -> [ config ]
  #
  # Splits mkMerge and moves mkIf and mkOverride from a set of definitions to
  # each of its attributes, without looking at conditions: a condition may
  # depend on the very options that are being put together.
  pushDownProperties =
    config:
    let
      tag = tagOf config;
      wrapEach =
        wrap:
        map (part: if isUnknown part || !isAttrs part then part else mapAttrs (_: wrap) part) (
          pushDownProperties config.content
        );
    in
    if tag == "merge" then
      concatMap pushDownProperties (contentsOf config)
    else if tag == "if" then
      wrapEach (mkIf config.condition)
    else if tag == "override" then
      wrapEach (mkOverride config.priority)
    else
      [ config ];

  # dischargeProperties :: definition -> [ definition ]
  #
  # Splits mkMerge and decides every mkIf. Here conditions are evaluated.
  dischargeProperties =
    def:
    let
      tag = tagOf def;
    in
    if tag == "merge" then
      concatMap dischargeProperties (contentsOf def)
    else if tag == "if" then
      if isUnknown def.condition then
        map (doubt def.condition) (dischargeProperties def.content)
      else if !isBool def.condition then
        throw "the condition of a `mkIf' must be a Boolean, but is of type ${builtins.typeOf def.condition}"
      else if def.condition then
        dischargeProperties def.content
      else
        [ ]
    else
      [ def ];

  # A definition that is there only if `condition`, which nobody knows: as little
  # known as the condition. It keeps its priority and order, since a stronger
  # definition settles the matter.
  doubt =
    condition: def:
    if tagOf def == "override" || tagOf def == "order" then
      def // { content = doubt condition def.content; }
    else if tagOf def == "definition" then
      def // { value = doubt condition def.value; }
    else
      condition;

  # filterOverrides :: [ { value; … } ] -> [ { value; … } ]: those of the
  # strongest priority, without their override wrapper.
  filterOverrides = defs: (filterOverrides' defs).values;

  # The same with that priority: { values; highestPrio; }.
  filterOverrides' =
    defs:
    let
      wrapped = def: tagOf def.value == "override";
      priority = def: if wrapped def then def.value.priority else defaultOverridePriority;
      bare = def: if wrapped def then def // { value = def.value.content; } else def;
      strongest = foldl' (
        best: def:
        let
          this = priority def;
        in
        if this < best then this else best
      ) weakestPriority defs;
    in
    if length defs == 1 then
      {
        values = map bare defs;
        highestPrio = priority (builtins.head defs);
      }
    else
      {
        values = concatMap (def: if priority def == strongest then [ (bare def) ] else [ ]) defs;
        highestPrio = strongest;
      };

  isOrdered = def: tagOf def.value == "order";

  # sortProperties :: [ { value; … } ] -> [ { value; … } ]: by mkOrder, stable.
  sortProperties =
    defs:
    let
      place =
        def:
        let
          priority = def.priority or defaultOrderPriority;
        in
        if isUnknown priority then
          assume "definitions whose place is not known come in the usual order" defaultOrderPriority
        else
          priority;
      bare =
        def:
        if isOrdered def then
          def
          // {
            value = def.value.content;
            inherit (def.value) priority;
          }
        else
          def;
    in
    sort (a: b: place a < place b) (map bare defs);
}
