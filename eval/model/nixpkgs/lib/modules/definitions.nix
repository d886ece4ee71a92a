# From the definitions of one option to its value.
{ lib }:
let
  inherit (builtins)
    addErrorContext
    any
    concatMap
    filter
    head
    isAttrs
    length
    map
    mapAttrs
    ;
  inherit (lib.options) showDefs showFiles showOption;
  inherit (lib.modules)
    defaultOverridePriority
    dischargeProperties
    filterOverrides'
    isOrdered
    mkOptionDefault
    pushDownProperties
    sortProperties
    tagOf
    ;
  inherit (lib) types;
  inherit (lib.types) judge surely;
  inherit (__nixplan) assume isUnknown open;

  isVague = def: isUnknown def.value;

  definitionsOf =
    def:
    map
      (
        value:
        if tagOf value == "definition" then
          value
        else
          {
            inherit (def) file;
            inherit value;
          }
      )
      (
        addErrorContext "in the definition from `${def.file}':" (dischargeProperties def.value)
      );

  # { values; highestPrio; }: the definitions that count, in order.
  winners =
    defs:
    let
      strongest = filterOverrides' (concatMap definitionsOf defs);
      only = head defs;
      plain = tagOf only.value == null;
    in
    # Nearly every option has a single definition without any wrapper.
    if length defs == 1 && addErrorContext "in the definition from `${only.file}':" plain then
      {
        values = defs;
        highestPrio = defaultOverridePriority;
      }
    else
      {
        values =
          if any isOrdered strongest.values then sortProperties strongest.values else strongest.values;
        inherit (strongest) highestPrio;
      };

  # The value of an option when some of its definitions are unknown: what the
  # others say is kept, if that is an attribute set, and left open.
  vagueValue =
    loc: type: defs:
    let
      name = showOption loc;
      clear = judge type loc (filter (def: !isVague def) defs);
      vague = filter isVague defs;
      files = map (def: def.file) vague;
      definers =
        if length files < 3 then showFiles files else "${showFiles [ (head files) ]} and ${toString (length files - 1)} more";
      isSet = clear.headError == null && isAttrs clear.value && !surely (clear.value.type or null == "derivation");
    in
    if length vague < length defs && isSet then
      assume "what ${definers} defines for `${name}' changes nothing that is known from elsewhere" (
        open name clear.value
      )
    else
      # Any of them says why the whole is not known.
      (head vague).value;
in
{
  # mergeDefinitions :: loc -> type -> [ { file; value; } ] -> …
  #
  # mergedValue throws when there is no definition, or one is not of the type;
  # optionalValue is { value; } or { }.
  mergeDefinitions =
    loc: givenType: defs:
    let
      type = if isUnknown givenType then types.anything else givenType;
      defsFinal' = winners defs;
      defsFinal = defsFinal'.values;
      isDefined = defsFinal != [ ];
      isUndetermined = any isVague defsFinal;
      judged = judge type loc defsFinal;

      mergedValue =
        if !isDefined then
          type.emptyValue.value
            or (throw "option `${showOption loc}' is read, but nothing defines it and it has no default")
        else if isUndetermined then
          vagueValue loc type defsFinal
        else if judged.headError != null then
          throw "a definition of option `${showOption loc}' is not of its type, ${type.description}. ${judged.headError.message}"
        else
          judged.value;
    in
    {
      inherit
        defsFinal'
        defsFinal
        isDefined
        mergedValue
        ;
      optionalValue = if isDefined then { value = mergedValue; } else { };
      checkedAndMerged =
        if type.merge ? v2 && !isUndetermined then
          judged // { valueMeta = judged.valueMeta // { _internal = { inherit type; }; }; }
        else
          {
            headError = null;
            value = mergedValue;
            valueMeta = { };
          };
    };

  # evalOptionValue :: loc -> option -> [ { file; value; } ] -> option with value
  evalOptionValue =
    loc: opt: defs:
    let
      name = showOption loc;
      default = {
        file = head opt.declarations;
        value = mkOptionDefault opt.default;
      };
      all = (if opt ? default then [ default ] else [ ]) ++ defs;
      # Each definition on its own, as it would come out.
      apart = map (def: def // { value = (lib.modules.mergeDefinitions loc opt.type [ def ]).mergedValue; }) all;
      merged =
        if opt.readOnly or false && length all > 1 then
          throw "option `${name}' is read-only and may be set once, but is set ${toString (length all)} times. Definitions:${showDefs apart}"
        else
          lib.modules.mergeDefinitions loc opt.type all;
      value = if opt ? apply then opt.apply merged.mergedValue else merged.mergedValue;
      noteDeprecated =
        if opt.type.deprecationMessage == null then
          opt
        else
          lib.warn "option `${name}', declared in ${showFiles opt.declarations}, has the deprecated type `${opt.type.name}': ${opt.type.deprecationMessage}" opt;
    in
    noteDeprecated
    // {
      value = addErrorContext "in the value of option `${name}':" value;
      inherit (merged.defsFinal') highestPrio;
      definitions = map (def: def.value) merged.defsFinal;
      files = map (def: def.file) merged.defsFinal;
      definitionsWithLocations = merged.defsFinal;
      inherit (merged) isDefined;
      inherit (merged.checkedAndMerged) valueMeta;
      # An option in a string is its path.
      __toString = _: name;
    };

  # For an option of type attrsOf or lazyAttrsOf: name -> { value; highestPrio; }.
  mergeAttrDefinitionsWithPrio =
    opt:
    let
      parts = concatMap (
        def:
        map (mapAttrs (_: value: def // { inherit value; })) (pushDownProperties def.value)
      ) opt.definitionsWithLocations;
      merge =
        name: defs:
        let
          merged = lib.modules.mergeDefinitions (opt.loc ++ [ name ]) opt.type.nestedTypes.elemType defs;
        in
        {
          value = merged.mergedValue;
          inherit (merged.defsFinal') highestPrio;
        };
    in
    assert opt.type.name == "attrsOf" || opt.type.name == "lazyAttrsOf";
    builtins.zipAttrsWith merge parts;
}
