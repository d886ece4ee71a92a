# A flat description of an option tree, as manuals are made from.
{ lib }:
let
  inherit (builtins)
    addErrorContext
    concatMap
    filter
    isAttrs
    isBool
    isList
    map
    mapAttrs
    removeAttrs
    ;
  inherit (lib.options)
    isOption
    literalExpression
    showOption
    unknownModule
    ;

  optionsIn =
    tree:
    if isOption tree then
      [ tree ]
    else if isAttrs tree then
      concatMap optionsIn (builtins.attrValues tree)
    else
      [ ];
in
rec {
  optionAttrSetToDocList = optionAttrSetToDocList' [ ];

  # The first argument is ignored: options know their place.
  optionAttrSetToDocList' =
    _: tree:
    concatMap (
      opt:
      let
        name = showOption opt.loc;
        visible = opt.visible or true;
        type = opt.type or { };
        hasEmptyValue = (type.emptyValue or { }) ? value && type.getSubModules or null == null;
        render = what: value: addErrorContext "in the ${what} of option `${name}':" (renderOptionValue value);
        below = type.getSubOptions opt.loc;
        showBelow = if isBool visible then visible else visible == "transparent";
      in
      [
        (
          {
            inherit name;
            inherit (opt) loc;
            description = opt.description or null;
            declarations = filter (file: file != unknownModule) opt.declarations;
            internal = opt.internal or false;
            visible = if isBool visible then visible else visible == "shallow";
            readOnly = opt.readOnly or false;
            type = type.description or "unspecified";
          }
          // (if opt ? example then { example = render "example" opt.example; } else { })
          // (
            if opt ? defaultText then
              { default = render "defaultText" opt.defaultText; }
            else if opt ? default then
              { default = render "default" opt.default; }
            else if hasEmptyValue then
              { default = render "default" type.emptyValue.value; }
            else
              { }
          )
          // (
            if opt.relatedPackages or null != null then { inherit (opt) relatedPackages; } else { }
          )
        )
      ]
      ++ (if showBelow && below != { } then optionAttrSetToDocList' opt.loc below else [ ])
    ) (optionsIn tree);

  # A value as text that a manual can print, unless it already is.
  renderOptionValue =
    value:
    if value ? _type && value ? text then
      value
    else
      literalExpression (
        lib.generators.toPretty {
          multiline = true;
          allowPrettyValues = true;
        } value
      );

  # Leaves only the names of derivations; for older code.
  scrubOptionValue =
    value:
    if lib.isDerivation value then
      {
        type = "derivation";
        inherit (value) name;
        drvPath = value.name;
        outPath = value.name;
      }
    else if isList value then
      map scrubOptionValue value
    else if isAttrs value then
      mapAttrs (_: scrubOptionValue) (removeAttrs value [ "_args" ])
    else
      value;
}
