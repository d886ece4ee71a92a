# lib.cli: command line options made from attribute sets.
{ lib }:
let
  inherit (builtins)
    concatLists concatMap isBool isList stringLength
    ;
  inherit (lib.attrsets) mapAttrsToList;
  inherit (lib.strings) escapeShellArgs;
  # A default for formals; generators need not be read before it is used.
  valueText = value: lib.generators.mkValueStringDefault { } value;

  # `format name` says how an option is written: { option; sep; explicitBool; formatArg?; }.
  toCommandLine =
    format: set:
    let
      one =
        name: value:
        let
          inherit (format name) option sep explicitBool;
          text = (format name).formatArg or valueText value;
        in
        if value == null || !explicitBool && value == false then [ ]
        else if !explicitBool && value == true then [ option ]
        else if sep == null then [ option text ]
        else [ "${option}${sep}${text}" ];
      each =
        name: value:
        if name == "" then throw "lib.cli.toCommandLine: an option has an empty name"
        else if isList value then concatMap (one name) value
        else one name value;
    in
    concatLists (mapAttrsToList each set);

  toCommandLineGNU =
    {
      isLong ? (name: stringLength name > 1),
      explicitBool ? false,
      formatArg ? valueText,
    }:
    toCommandLine (
      name:
      {
        inherit explicitBool formatArg;
      }
      // (
        if isLong name then { option = "--${name}"; sep = "="; }
        else { option = "-${name}"; sep = ""; }
      )
    );

  # The older functions; every part can be replaced.
  toGNUCommandLine =
    {
      mkOptionName ? (name: if stringLength name == 1 then "-${name}" else "--${name}"),
      mkBool ? (name: value: if value then [ (mkOptionName name) ] else [ ]),
      mkList ? (name: values: concatMap (mkOption name) values),
      mkOption ? (
        name: value:
        if value == null then [ ]
        else if optionValueSeparator == null then [ (mkOptionName name) (valueText value) ]
        else [ "${mkOptionName name}${optionValueSeparator}${valueText value}" ]
      ),
      optionValueSeparator ? null,
    }:
    set:
    concatLists (
      mapAttrsToList (
        name: value: (if isBool value then mkBool else if isList value then mkList else mkOption) name value
      ) set
    );
in
{
  inherit toCommandLine toCommandLineGNU toGNUCommandLine;
  toCommandLineShell = format: set: escapeShellArgs (toCommandLine format set);
  toCommandLineShellGNU = options: set: escapeShellArgs (toCommandLineGNU options set);
  toGNUCommandLineShell = options: set: escapeShellArgs (toGNUCommandLine options set);
}
