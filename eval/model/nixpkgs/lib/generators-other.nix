# The part of lib.generators for Lua, Dhall and Apple's property lists.
{ lib }:
let
  inherit (builtins)
    attrNames concatLists concatStringsSep filter isAttrs isBool isFloat isInt isList isPath isString
    match toJSON typeOf
    ;
  inherit (lib.attrsets) isDerivation mapAttrsToList;

  toLua =
    {
      multiline ? true,
      indent ? "",
      asBindings ? false,
    }@args:
    value:
    let
      below = toLua (
        args
        // {
          asBindings = false;
          indent = if asBindings then indent else indent + "  ";
        }
      );
      inner = if multiline then "\n${indent}  " else " ";
      outer = if multiline then "\n${indent}" else " ";
      table = fields: "{${inner}${concatStringsSep ",${inner}" fields}${outer}}";
      badNames = filter (
        name: match "[[:alpha:]_][[:alnum:]_]*(\\.[[:alpha:]_][[:alnum:]_]*)*" name == null
      ) (attrNames value);
    in
    if asBindings then
      if badNames != [ ] then
        throw "lib.generators.toLua: these cannot be variables: ${concatStringsSep ", " badNames}"
      else
        concatStringsSep "" (mapAttrsToList (name: field: "${indent}${name} = ${below field}\n") value)
    else if value == null then "nil"
    else if isInt value || isFloat value || isString value || isBool value then toJSON value
    else if isPath value || isDerivation value then toJSON "${value}"
    else if value == [ ] || value == { } then "{}"
    else if isList value then table (map below value)
    else if !(isAttrs value) then abort "lib.generators.toLua: no text form for the type ${typeOf value}"
    else if value._type or null == "lua-inline" then "(${value.expr})"
    else table (mapAttrsToList (name: field: "[${toJSON name}] = ${below field}") value);

  toDhall =
    { }@args:
    value:
    let
      items = concatStringsSep ", ";
      below = toDhall args;
    in
    if isAttrs value then
      "{ ${items (mapAttrsToList (name: field: "${name} = ${below field}") value)} }"
    else if isList value then "[ ${items (map below value)} ]"
    # Naturals without a sign are another type in Dhall.
    else if isInt value then (if value < 0 then "" else "+") + toString value
    else if isBool value then (if value then "True" else "False")
    else if value == null || lib.trivial.isFunction value then
      abort "lib.generators.toDhall: no text form for the type ${typeOf value}"
    else toJSON value;

  toPlist =
    {
      escape ? false,
    }:
    value:
    let
      text = if escape then lib.strings.escapeXML else (text: text);
      lines = concatStringsSep "\n";
      # Null has no form: it leaves an entry out.
      entry =
        indent: name: value:
        if name == "_module" || value == null then [ ]
        else [ "${indent}<key>${text name}</key>" (element indent value) ];
      element =
        indent: value:
        let
          more = "\t" + indent;
          group = tag: content: lines [ "${indent}<${tag}>" (lines content) "${indent}</${tag}>" ];
        in
        if value == null then ""
        else if isBool value then indent + (if value then "<true/>" else "<false/>")
        else if isInt value then "${indent}<integer>${toString value}</integer>"
        else if isString value || isPath value then "${indent}<string>${text (toString value)}</string>"
        else if isFloat value then "${indent}<real>${toString value}</real>"
        else if isList value then group "array" (map (element more) value)
        else if isAttrs value then group "dict" (concatLists (mapAttrsToList (entry more) value))
        else abort "lib.generators.toPlist: no form for the type ${typeOf value}";
    in
    ''
      <?xml version="1.0" encoding="UTF-8"?>
      <!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
      <plist version="1.0">
      ${element "" value}
      </plist>'';
in
{
  inherit toDhall toLua toPlist;
  mkLuaInline = expr: {
    _type = "lua-inline";
    inherit expr;
  };
}
