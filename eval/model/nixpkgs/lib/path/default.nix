# lib.path: path values and subpaths. A subpath is a relative path without "..", given as a string;
# its normal form starts with "./".
{ lib }:
let
  inherit (builtins)
    baseNameOf concatLists dirOf elemAt filter head isPath isString length match split storeDir
    substring typeOf
    ;
  inherit (lib.lists) drop imap0 take;

  # Why a value is no subpath, or null.
  flaw =
    value:
    if !(isString value) then "its type is ${typeOf value}, not string"
    else if value == "" then "it is empty"
    else if substring 0 1 value == "/" then "\"${value}\" is absolute"
    else if match "(.*/)?\\.\\.(/.*)?" value != null then "\"${value}\" has a \"..\" in it"
    else null;
  isValid = value: flaw value == null;

  # The names in a relative path, without "." and what repeated slashes leave.
  namesOf = text: filter (piece: isString piece && piece != "" && piece != ".") (split "/" text);
  fromNames = names: if names == [ ] then "./." else "./" + builtins.concatStringsSep "/" names;

  # { root; names; }: the file system's root, which is `/` for ordinary paths, and what is below.
  dissect =
    let
      up =
        names: path:
        let
          parent = dirOf path;
        in
        if parent == path then { root = path; inherit names; } else up ([ (baseNameOf path) ] ++ names) parent;
    in
    up [ ];

  wantPath =
    function: which: value: result:
    if isPath value then result
    else throw "lib.path.${function}: ${which} has to be a path, but its type is ${typeOf value}";
  wantSubpath =
    function: value: result:
    if isValid value then result
    else throw "lib.path.${function}: the subpath is not valid: ${flaw value}";

  # Applies `f` to both dissected paths; the first is dissected once for many second ones.
  withBoth =
    function: f: first:
    let
      left = dissect first;
    in
    wantPath function "the first argument" first (
      second:
      let
        right = dissect second;
      in
      wantPath function "the second argument" second (
        if left.root == right.root then
          f left.names right.names
        else
          throw "lib.path.${function}: ${toString first} and ${toString second} are in different file systems"
      )
    );
  startsWith = prefix: names: take (length prefix) names == prefix;
  storeNames = namesOf storeDir;
in
{
  append = path: subpath: wantPath "append" "the first argument" path (wantSubpath "append" subpath (path + "/${subpath}"));
  hasPrefix = withBoth "hasPrefix" startsWith;
  removePrefix = withBoth "removePrefix" (
    prefix: names:
    if startsWith prefix names then fromNames (drop (length prefix) names)
    else throw "lib.path.removePrefix: ${fromNames names} is not below ${fromNames prefix}"
  );
  splitRoot =
    path:
    let
      parts = dissect path;
    in
    wantPath "splitRoot" "the argument" path {
      inherit (parts) root;
      subpath = fromNames parts.names;
    };
  hasStorePathPrefix =
    path:
    let
      inherit (dissect path) names;
      depth = length storeNames;
    in
    wantPath "hasStorePathPrefix" "the argument" path (
      startsWith storeNames names && length names > depth && match ".{32}-.+" (elemAt names depth) != null
      || names != [ ] && match "[0-9a-z]{52}" (head names) != null
    );

  subpath = {
    inherit isValid;
    join =
      subpaths:
      let
        # Checked in order, so that the first wrong one is reported.
        checked = imap0 (
          index: value:
          if isValid value then namesOf value
          else throw "lib.path.subpath.join: element ${toString index} is not a valid subpath: ${flaw value}"
        ) subpaths;
      in
      fromNames (concatLists checked);
    components = value: wantSubpath "subpath.components" value (namesOf value);
    normalise = value: wantSubpath "subpath.normalise" value (fromNames (namesOf value));
  };
}
