# The part of lib.strings about upper and lower case, and about cutting names into words.
{ lib }:
let
  inherit (builtins)
    concatLists concatStringsSep elem head isString match replaceStrings stringLength substring tail
    typeOf
    ;
  inherit (lib.strings) addContextFrom stringToCharacters;

  lowerChars = stringToCharacters "abcdefghijklmnopqrstuvwxyz";
  upperChars = stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  toLower = replaceStrings upperChars lowerChars;
  toUpper = replaceStrings lowerChars upperChars;

  onlyStrings =
    function: value: result:
    if isString value then result
    else throw "lib.strings.${function}: a string is wanted, but this has the type ${typeOf value}";

  sentenceCase = text: toUpper (substring 0 1 text) + toLower (substring 1 (-1) text);

  # Cuts before every character for which `cut previous character` holds ("" comes before the first);
  # `keep` says whether that character starts the next piece or is dropped.
  splitStringBy =
    cut: keep: text:
    let
      size = stringLength text;
      at = index: if index < 0 then "" else substring index 1 text;
      from =
        start: index:
        if index == size then
          [ (substring start (index - start) text) ]
        else if cut (at (index - 1)) (at index) then
          [ (substring start (index - start) text) ] ++ from (if keep then index else index + 1) (index + 1)
        else
          from start (index + 1);
    in
    from 0 0;

  isSeparator = _: character: elem character [ "-" "_" " " ];
  isHump = previous: character: match "[a-z]" previous != null && match "[A-Z]" character != null;
in
{
  inherit lowerChars upperChars toLower toUpper splitStringBy;

  toSentenceCase = value: onlyStrings "toSentenceCase" value (sentenceCase value);
  toCamelCase =
    value:
    let
      words = concatLists (map (splitStringBy isHump true) (splitStringBy isSeparator false value));
    in
    onlyStrings "toCamelCase" value (
      addContextFrom value (
        concatStringsSep "" ([ (toLower (head words)) ] ++ map sentenceCase (tail words))
      )
    );
}
