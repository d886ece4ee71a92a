# lib.generators.toPretty: values as readers of Nix know them, and withRecursion, which limits depth.
{ lib }:
let
  inherit (builtins)
    concatStringsSep elem filter isAttrs isFloat isInt isList isPath isString mapAttrs replaceStrings
    split
    ;
  inherit (lib.attrsets) mapAttrsToList;
  inherit (lib.trivial) functionArgs isFunction;

  showFunction =
    f:
    let
      formals = functionArgs f;
      show = name: hasDefault: if hasDefault then "${name}?" else name;
    in
    if formals == { } then "<function>"
    else "<function, args: {${concatStringsSep ", " (mapAttrsToList show formals)}}>";

  quote =
    lines:
    "\""
    + concatStringsSep "\\n" (map (replaceStrings [ "\\" "\"" "\${" ] [ "\\\\" "\\\"" "\\\${" ]) lines)
    + "\"";
  quoteIndented =
    inner: outer: lines:
    let
      escaped = map (replaceStrings [ "\${" "''" ] [ "''\${" "'''" ]) lines;
      last = lib.lists.last escaped;
    in
    "''"
    + inner
    + concatStringsSep inner (lib.lists.init escaped)
    + (if last == "" then outer else inner + last)
    + "''";

  toPretty =
    {
      allowPrettyValues ? false,
      multiline ? true,
      indent ? "",
    }:
    let
      at =
        indent: value:
        let
          inner = if multiline then "\n${indent}  " else " ";
          outer = if multiline then "\n${indent}" else " ";
          below = at (indent + "  ");
          bracket =
            open: close: parts: open + inner + concatStringsSep inner parts + outer + close;
          attribute =
            name: element:
            "${lib.strings.escapeNixIdentifier name} = ${
              builtins.addErrorContext "while showing the attribute ${name}" (below element)
            };";
          lines = filter isString (split "\n" value);
        in
        if isInt value || isPath value then toString value
        else if isFloat value then builtins.toJSON value
        else if isString value then
          if multiline && builtins.length lines > 1 then quoteIndented inner outer lines else quote lines
        else if value == true then "true"
        else if value == false then "false"
        else if value == null then "null"
        else if isList value then
          if value == [ ] then "[ ]" else bracket "[" "]" (map below value)
        else if isFunction value then showFunction value
        else if !(isAttrs value) then abort "lib.generators.toPretty: no text form for the type ${builtins.typeOf value}"
        else if allowPrettyValues && value ? __pretty && value ? val then value.__pretty value.val
        else if value == { } then "{ }"
        else if lib.attrsets.isDerivation value then "<derivation ${value.name or "???"}>"
        else bracket "{" "}" (mapAttrsToList attribute value);
    in
    at indent;

  # Attributes that make a set something else than data are left alone.
  special = [ "__functionArgs" "__functor" "__pretty" "__toString" ];
in
{
  inherit toPretty;
  # A depth limit of null is none.
  withRecursion =
    {
      depthLimit,
      throwOnDepthLimit ? true,
    }:
    assert isInt depthLimit;
    let
      limit =
        depth: value:
        if depthLimit == null || depth <= depthLimit then value
        else if throwOnDepthLimit then
          throw "lib.generators.withRecursion: values are nested deeper than ${toString depthLimit}"
        else "<unevaluated>";
      copy =
        depth: value:
        let
          below = element: copy (depth + 1) (limit (depth + 1) element);
        in
        if isAttrs value then
          mapAttrs (name: element: if elem name special then element else below element) value
        else if isList value then map below value
        else limit (depth + 1) value;
    in
    copy 0;
}
