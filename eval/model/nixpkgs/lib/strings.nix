# lib.strings: joining, cutting and comparing strings. More of lib.strings by topic:
# strings-escape.nix, strings-case.nix, strings-convert.nix, strings-flags.nix, strings-distance.nix.
{ lib }:
let
  inherit (builtins)
    concatStringsSep elemAt filter genList head isPath isString length match replaceStrings split
    stringLength substring
    ;
  part = file: import file { inherit lib; };
  escaping = part ./strings-escape.nix;
  casing = part ./strings-case.nix;
  converting = part ./strings-convert.nix;
  flags = part ./strings-flags.nix;
  distance = part ./strings-distance.nix;

  concatStrings = concatStringsSep "";
  stringToCharacters = text: genList (index: substring index 1 text) (stringLength text);
  optionalString = condition: text: if condition then text else "";

  # split and match drop the string context; this gives `text` the one that `source` has.
  addContextFrom = source: text: substring 0 0 source + text;

  # A path value compares with no string and is copied to the store when it is measured, so it is
  # surely a mistake where an affix is wanted.
  wantString =
    function: affix:
    lib.trivial.warnIf (isPath affix)
      "lib.strings.${function}: ${toString affix} is a path value where a string is wanted; it is copied to the store and matches nothing";

  startsWith = prefix: text: substring 0 (stringLength prefix) text == prefix;
  endsWith =
    suffix: text:
    let
      before = stringLength text - stringLength suffix;
    in
    before >= 0 && substring before (stringLength text) text == suffix;

  trimWith =
    {
      start ? false,
      end ? false,
    }:
    let
      blank = " \t\r\n";
      pattern =
        optionalString start "[${blank}]*" + (if end then "(.*[^${blank}])[${blank}]*" else "(.*)");
    in
    text:
    let
      found = match pattern text;
    in
    if found == null then "" else head found;

  splitString =
    separator: text:
    map (addContextFrom text) (
      filter isString (split (escaping.escapeRegex (toString separator)) (toString text))
    );

  makeSearchPath =
    directory: roots:
    concatStringsSep ":" (map (root: root + "/" + directory) (filter (root: root != null) roots));
  makeSearchPathOutput =
    output: directory: packages:
    makeSearchPath directory (map (lib.attrsets.getOutput output) packages);

  versionOlder = left: right: builtins.compareVersions left right == -1;
  nameOrString =
    attribute: field: package:
    let
      parsed = name: (builtins.parseDrvName name).${field};
    in
    if isString package then parsed package else package.${attribute} or (parsed package.name);
in
{
  inherit (builtins)
    appendContext compareVersions concatStringsSep elem elemAt filter fromJSON genList head isAttrs
    isInt isList isPath isString match parseDrvName readFile replaceStrings split storeDir
    stringLength substring tail toJSON typeOf unsafeDiscardStringContext
    ;
  inherit (escaping)
    charToInt escape escapeC escapeNixIdentifier escapeNixString escapeRegex escapeShellArg
    escapeShellArgs escapeURL escapeXML isValidPosixName toShellVar toShellVars
    ;
  inherit (casing)
    lowerChars splitStringBy toCamelCase toLower toSentenceCase toUpper upperChars
    ;
  inherit (converting)
    fixedWidthNumber fixedWidthString floatToString isConvertibleWithToString isStorePath
    isStringLike sanitizeDerivationName toInt toIntBase10
    ;
  inherit (flags)
    cmakeBool cmakeFeature cmakeOptionType enableFeature enableFeatureAs mesonBool mesonEnable
    mesonOption withFeature withFeatureAs
    ;
  inherit (distance)
    commonPrefixLength commonSuffixLength levenshtein levenshteinAtMost
    ;
  inherit
    addContextFrom concatStrings makeSearchPath makeSearchPathOutput optionalString splitString
    stringToCharacters trimWith versionOlder
    ;

  join = concatStringsSep;
  concatMapStrings = f: list: concatStrings (map f list);
  concatImapStrings = f: list: concatStrings (lib.lists.imap1 f list);
  concatMapStringsSep =
    separator: f: list:
    concatStringsSep separator (map f list);
  concatImapStringsSep =
    separator: f: list:
    concatStringsSep separator (lib.lists.imap1 f list);
  concatMapAttrsStringSep =
    separator: f: set:
    concatStringsSep separator (lib.attrsets.mapAttrsToList f set);
  concatLines = lines: concatStrings (map (line: line + "\n") lines);
  intersperse =
    separator: list:
    # Two slots per element, without the last separator.
    genList (
      index: if lib.trivial.bitAnd index 1 == 0 then elemAt list (index / 2) else separator
    ) (if list == [ ] then 0 else 2 * length list - 1);
  replicate = number: text: concatStrings (genList (_: text) number);
  stringAsChars = f: text: concatStrings (map f (stringToCharacters text));
  replaceString = from: to: replaceStrings [ from ] [ to ];

  trim = trimWith {
    start = true;
    end = true;
  };

  hasPrefix = prefix: text: wantString "hasPrefix" prefix (startsWith prefix text);
  hasSuffix = suffix: text: wantString "hasSuffix" suffix (endsWith suffix text);
  hasInfix =
    infix: text:
    wantString "hasInfix" infix (match ".*${escaping.escapeRegex infix}.*" "${text}" != null);
  removePrefix =
    prefix: text:
    wantString "removePrefix" prefix (
      if startsWith prefix text then substring (stringLength prefix) (-1) text else text
    );
  removeSuffix =
    suffix: text:
    wantString "removeSuffix" suffix (
      if endsWith suffix text then substring 0 (stringLength text - stringLength suffix) text else text
    );

  # Runs of slashes become one; a slash at the end stays.
  normalizePath =
    text:
    wantString "normalizePath" text (
      addContextFrom text (concatStringsSep "/" (filter isString (split "/+" text)))
    );
  fileContents =
    file:
    let
      text = builtins.readFile file;
    in
    if endsWith "\n" text then substring 0 (stringLength text - 1) text else text;

  makeLibraryPath = makeSearchPathOutput "lib" "lib";
  makeIncludePath = makeSearchPathOutput "dev" "include";
  makeBinPath = makeSearchPathOutput "bin" "bin";

  versionAtLeast = left: right: !(versionOlder left right);
  getName = nameOrString "pname" "name";
  getVersion = nameOrString "version" "version";
  nameFromURL =
    url: separator:
    let
      file = lib.lists.last (splitString "/" url);
      name = head (splitString separator file);
    in
    # An URL without the separator has no name to give.
    assert name != file;
    name;

  # A name of older releases.
  isCoercibleToString = converting.isConvertibleWithToString;
}
