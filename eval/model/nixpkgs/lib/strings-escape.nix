# The part of lib.strings that quotes text for other languages: shells, Nix, regexes, URLs, XML, C.
{ lib }:
let
  inherit (builtins)
    attrNames attrValues concatStringsSep elem isAttrs isList listToAttrs match replaceStrings
    ;
  inherit (lib.strings) fixedWidthString isStringLike stringToCharacters;
  inherit (lib.attrsets) mapAttrsToList;

  # Code points of the printable ASCII characters and of the usual white space.
  codes =
    let
      printable = " " + ''!"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~'';
      numbered = lib.lists.imap0 (index: name: {
        inherit name;
        value = index + 32;
      }) (stringToCharacters printable);
    in
    listToAttrs numbered
    // {
      "\t" = 9;
      "\n" = 10;
      "\r" = 13;
    };
  hex = code: fixedWidthString 2 "0" (lib.trivial.toHexString code);

  escape = specials: replaceStrings specials (map (special: "\\" + special) specials);

  unreserved = stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
  reserved = removeAttrs codes unreserved;

  keywords = [ "assert" "else" "if" "in" "inherit" "let" "or" "rec" "then" "with" ];
  escapeNixString = value: replaceStrings [ "$" ] [ "\\$" ] (builtins.toJSON value);

  # Words of harmless characters stay as they are, for the sake of readers.
  escapeShellArg =
    value:
    let
      text = toString value;
    in
    if match "[[:alnum:],._+:@%/-]+" text != null then text
    else "'" + replaceStrings [ "'" ] [ "'\\''" ] text + "'";
  escapeShellArgs = values: concatStringsSep " " (map escapeShellArg values);

  isValidPosixName = name: match "[a-zA-Z_][a-zA-Z0-9_]*" name != null;

  toShellVar =
    name: value:
    let
      entry = key: element: "[${escapeShellArg key}]=${escapeShellArg element}";
    in
    if !(isValidPosixName name) then
      throw "lib.strings.toShellVar: ${name} cannot be the name of a shell variable"
    else if isAttrs value && !(isStringLike value) then
      "declare -A ${name}=(${concatStringsSep " " (mapAttrsToList entry value)})"
    else if isList value then
      "declare -a ${name}=(${escapeShellArgs value})"
    else
      "${name}=${escapeShellArg value}";
in
{
  inherit escape escapeNixString escapeShellArg escapeShellArgs isValidPosixName toShellVar;

  charToInt = character: codes.${character};
  escapeC =
    specials:
    replaceStrings specials (
      map (special: "\\x" + lib.strings.toLower (hex codes.${special})) specials
    );
  escapeURL = replaceStrings (attrNames reserved) (map (code: "%" + hex code) (attrValues reserved));
  escapeRegex = escape (stringToCharacters "\\[{()^$?*+|.");
  escapeXML =
    replaceStrings [ "&" "<" ">" "\"" "'" ] [ "&amp;" "&lt;" "&gt;" "&quot;" "&apos;" ];
  escapeNixIdentifier =
    name:
    if match "[a-zA-Z_][a-zA-Z0-9_'-]*" name != null && !(elem name keywords) then name
    else escapeNixString name;
  toShellVars = set: concatStringsSep "\n" (mapAttrsToList toShellVar set);
}
