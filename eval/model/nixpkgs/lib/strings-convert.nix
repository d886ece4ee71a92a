# The part of lib.strings that converts: numbers, store path names, what can become a string.
{ lib }:
let
  inherit (builtins)
    concatStringsSep elem elemAt fromJSON head isInt isList isPath isString match split stringLength
    substring typeOf unsafeDiscardStringContext
    ;
  inherit (lib.strings) escapeNixString;

  isStringLike = value: isString value || isPath value || value ? outPath || value ? __toString;
  isConvertibleWithToString =
    value:
    isStringLike value
    || elem (typeOf value) [ "null" "int" "float" "bool" ]
    || (isList value && builtins.all isConvertibleWithToString value);

  # Reads digits found by a regex; a number too large for an integer comes out as a float.
  readInt =
    function: found: text:
    let
      number = fromJSON (head found);
    in
    if found != null && isInt number then number
    else throw "lib.strings.${function}: ${escapeNixString text} is not an integer";

  fixedWidthString =
    width: filler: text:
    let
      missing = width - stringLength text;
      times = missing / stringLength filler;
    in
    if missing == 0 then
      text
    else if missing < 0 || times * stringLength filler != missing then
      throw "lib.strings.fixedWidthString: a text of ${toString (stringLength text)} characters cannot be filled to ${toString width}"
    else
      concatStringsSep "" (builtins.genList (_: filler) times) + text;
in
{
  inherit fixedWidthString isConvertibleWithToString isStringLike;

  fixedWidthNumber = width: number: fixedWidthString width "0" (toString number);

  floatToString =
    number:
    let
      text = toString number;
    in
    lib.trivial.warnIf (number != fromJSON text) "lib.strings.floatToString: ${text} is not exact" text;

  # Leading zeros are refused: some readers take them for octal.
  toInt =
    text:
    let
      found = match "[[:space:]]*(-?[[:digit:]]+)[[:space:]]*" text;
    in
    if found != null && match "0[[:digit:]]+" (head found) != null then
      throw "lib.strings.toInt: ${escapeNixString text} could be octal or padded with zeros"
    else
      readInt "toInt" found text;
  toIntBase10 =
    text:
    let
      found = match "[[:space:]]*0*(-?[[:digit:]]+)[[:space:]]*" text;
    in
    if found != null && match "0+" (head found) != null then 0 else readInt "toIntBase10" found text;

  # True for direct children of the store directory and for content-addressed paths.
  isStorePath =
    value:
    isStringLike value
    && (
      let
        path = toString value;
      in
      substring 0 1 path == "/"
      && (dirOf path == builtins.storeDir || match "/[0-9a-z]{52}" path != null)
    );

  # A store path name may not start with a dot, has few special characters and 207 characters at
  # most (211 less the ".drv" of the derivation); the end is kept, where the version is.
  sanitizeDerivationName =
    name:
    let
      plain = unsafeDiscardStringContext name;
      undotted = elemAt (match "\\.*(.*)" plain) 0;
      cleaned = concatStringsSep "" (
        map (piece: if isList piece then "-" else piece) (split "[^[:alnum:]+._?=-]+" undotted)
      );
      excess = stringLength cleaned - 207;
      short = if excess > 0 then substring excess (-1) cleaned else cleaned;
    in
    if stringLength name <= 207 && match "[[:alnum:]+_?=-][[:alnum:]+._?=-]*" name != null then plain
    else if short == "" then "unknown"
    else short;
}
