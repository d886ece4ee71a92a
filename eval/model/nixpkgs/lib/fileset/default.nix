# lib.fileset: sets of files. The checks and messages are here, the algebra is in trees.nix.
#
# A file set is { base; tree; } in wrapping: `tree` says what of the directory `base` is in it. It is
# "directory" (all of it), a set with a tree for each entry (entries that are not named are out), the
# type of a file, or null for nothing.
{ lib }:
let
  inherit (builtins)
    isBool isList isPath pathExists seq typeOf
    ;
  inherit (lib.filesystem) pathType;
  inherit (lib.strings) isStringLike;
  trees = import ./trees.nix { inherit lib; };
  inherit (trees) ofPath;

  show = value: if isPath value || isStringLike value then "\"${toString value}\"" else "of type ${typeOf value}";
  isSet = value: value._type or null == "fileset";
  isSource = value: value ? _isLibCleanSourceWith;

  # Why a value is no file set, or null.
  flaw =
    value:
    if isSet value then null
    else if isSource value then "it is a filtered source; lib.fileset.fromSource makes a file set of it"
    else if !(isPath value) then "it is ${show value}, neither a file set nor a path"
    else if !(pathExists value) then "${toString value} does not exist; lib.fileset.maybeMissing allows for that"
    else null;
  coerce =
    context: value:
    if flaw value != null then throw "lib.fileset.${context}: ${flaw value}"
    else if isSet value then value
    else ofPath value;

  wantPath =
    context: value: result:
    if isPath value then result
    else if isSource value then
      throw "lib.fileset.${context}: a path is wanted, but this is a filtered source"
    else
      throw "lib.fileset.${context}: a path is wanted, but this is ${if isSet value then "a file set" else show value}";
  wantExisting =
    context: path: result:
    if pathExists path then result else throw "lib.fileset.${context}: ${toString path} does not exist";

  # An evaluation without Git cannot tell what is tracked. All files are assumed to be; a plan checks
  # the files it needs by itself.
  tracked =
    context: path:
    wantPath context path (
      if pathType path != "directory" then
        throw "lib.fileset.${context}: ${toString path} is not a directory"
      else
        __nixplan.assume "every file in ${toString path} is tracked by Git" (
          trees.difference (ofPath path) (
            if pathExists (path + "/.git") then ofPath (path + "/.git") else trees.empty
          )
        )
    );
in
{
  inherit (trees) empty;
  isFileset = value: flaw value == null;
  maybeMissing =
    path: wantPath "maybeMissing" path (if pathExists path then ofPath path else trees.empty);
  toList = value: trees.files (coerce "toList" value);
  trace = value: seq (trees.print (coerce "trace" value)) (result: result);
  traceVal =
    value:
    let
      fileset = coerce "traceVal" value;
    in
    seq (trees.print fileset) fileset;

  union = left: right: trees.union [ (coerce "union" left) (coerce "union" right) ];
  unions =
    values:
    if isList values then trees.union (map (coerce "unions") values)
    else throw "lib.fileset.unions: a list is wanted, but this is ${show values}";
  intersection = left: right: trees.intersection (coerce "intersection" left) (coerce "intersection" right);
  difference = left: right: trees.difference (coerce "difference" left) (coerce "difference" right);

  fileFilter =
    wanted: path:
    if !(lib.trivial.isFunction wanted) then
      throw "lib.fileset.fileFilter: a function is wanted, but this is ${show wanted}"
    else
      wantPath "fileFilter" path (wantExisting "fileFilter" path (trees.filtered wanted path));

  fromSource =
    source:
    let
      path = if isSource source then source.origSrc else source;
    in
    wantPath "fromSource" path (
      wantExisting "fromSource" path (
        if isSource source then trees.sourceFiltered source.filter path else ofPath path
      )
    );

  gitTracked = tracked "gitTracked";
  gitTrackedWith =
    {
      recurseSubmodules ? false,
    }:
    if isBool recurseSubmodules then tracked "gitTrackedWith"
    else throw "lib.fileset.gitTrackedWith: recurseSubmodules has to be a Boolean, but it is ${show recurseSubmodules}";

  toSource =
    { root, fileset }:
    let
      files = coerce "toSource" fileset;
      filter = trees.sourceFilter files;
    in
    wantPath "toSource" root (
      wantExisting "toSource" root (
        if pathType root != "directory" then
          throw "lib.fileset.toSource: the root ${toString root} is not a directory"
        else if files.base != null && !(lib.path.hasPrefix root files.base) then
          throw "lib.fileset.toSource: the file set may have files in ${toString files.base}, which is outside of the root ${toString root}"
        else
          seq filter (
            lib.sources.cleanSourceWith {
              name = "source";
              src = root;
              inherit filter;
            }
          )
      )
    );
}
