# The algebra of file sets; see default.nix for their form. `base` is null for the empty set that lies
# nowhere. Directories are read only where a result depends on them.
{ lib }:
let
  inherit (builtins)
    all any attrNames attrValues concatLists elemAt filter head intersectAttrs isAttrs isString length
    mapAttrs readDir split stringLength substring tail trace
    ;
  inherit (lib.attrsets) mapAttrsToList;
  inherit (lib.filesystem) pathType;
  inherit (lib.lists) commonPrefix drop foldr take;

  make = base: tree: {
    _type = "fileset";
    inherit base tree;
    # For those who print a file set.
    _noEval = throw "lib.fileset: a file set has no value to show; lib.fileset.toSource makes a source of it";
  };
  empty = make null null;
  isNowhere = fileset: fileset.base == null;

  namesOf = path: lib.path.subpath.components (lib.path.splitRoot path).subpath;
  toPath = root: names: root + ("/" + builtins.concatStringsSep "/" names);

  # What one file is, as a set below its directory.
  file = path: type: make (dirOf path) { ${baseNameOf path} = type; };
  ofPath =
    path:
    let
      type = pathType path;
    in
    if type == "directory" then make path type else file path type;

  # Reads a tree's directory, so that all entries are there; those that are out are null.
  entries = path: tree: if tree == "directory" then readDir path else mapAttrs (_: _: null) (readDir path) // tree;

  # The tree as seen from a directory further up, and from one further down.
  lift = names: tree: foldr (name: below: { ${name} = below; }) tree names;
  descend =
    names: tree:
    if names == [ ] || !(isAttrs tree) then tree else descend (tail names) (tree.${head names} or null);
  # The tree below `base`, which is above or below the file set's own; null when beside it.
  seenFrom =
    base: fileset:
    let
      own = namesOf fileset.base;
      wanted = namesOf base;
      shared = length (commonPrefix own wanted);
    in
    if shared == length wanted then lift (drop shared own) fileset.tree
    else if shared == length own then descend (drop shared wanted) fileset.tree
    else null;

  unionTrees =
    trees:
    let
      whole = filter isString trees;
      parts = filter (tree: tree != null) trees;
    in
    if whole != [ ] then head whole
    else if parts == [ ] then null
    else lib.attrsets.zipAttrsWith (_: unionTrees) parts;
  union =
    filesets:
    let
      placed = filter (fileset: !(isNowhere fileset)) filesets;
      inherit (lib.path.splitRoot (head placed).base) root;
      shared = builtins.foldl' (names: fileset: commonPrefix names (namesOf fileset.base)) (namesOf
        (head placed).base
      ) (tail placed);
      base = toPath root shared;
    in
    if placed == [ ] then empty else make base (unionTrees (map (seenFrom base) placed));

  intersectTrees =
    left: right:
    if isAttrs left && isAttrs right then
      mapAttrs (name: intersectTrees left.${name}) (intersectAttrs left right)
    else if left == null || isString right then left
    else right;
  intersection =
    left: right:
    let
      # The deeper base is the one that counts.
      deeper = if length (namesOf left.base) < length (namesOf right.base) then right else left;
      other = if length (namesOf left.base) < length (namesOf right.base) then left else right;
      related = lib.path.hasPrefix other.base deeper.base;
    in
    if isNowhere left || isNowhere right || !related then empty
    else make deeper.base (intersectTrees (seenFrom deeper.base left) (seenFrom deeper.base right));

  subtract =
    path: left: right:
    if left == null || isString right then null
    else if right == null then left
    else
      mapAttrs (name: tree: subtract (path + "/${name}") tree (right.${name} or null)) (entries path left);
  difference =
    left: right:
    if isNowhere left || isNowhere right then left
    else make left.base (subtract left.base left.tree (seenFrom left.base right));

  # `choose path text type` decides on files and, if `enter` is asked, on directories.
  walk =
    { enter, choose }:
    path:
    let
      directory =
        path:
        mapAttrs (
          name: type:
          let
            here = path + "/${name}";
          in
          if type != "directory" then (if choose here name type then type else null)
          else if enter here then directory here
          else null
        ) (readDir path);
    in
    if pathType path == "directory" then make path (directory path) else null;

  # Nothing but nulls is null, nothing but whole entries is "directory".
  simplify =
    path: tree:
    let
      below = mapAttrs (name: simplify (path + "/${name}")) (entries path tree);
    in
    if tree != "directory" && !(isAttrs tree) then tree
    else if all (tree: tree == null) (attrValues below) then null
    else if all isString (attrValues below) then "directory"
    else below;
in
{
  inherit
    difference empty intersection ofPath union
    ;

  filtered =
    wanted: path:
    let
      choose =
        _: name: type:
        wanted {
          inherit name type;
          hasExt = extension: lib.strings.hasSuffix ".${extension}" name;
          # Predicates have to accept attributes that later versions add.
          "lib.fileset.fileFilter: the predicate has to accept other attributes too (`, ...`)" = null;
        };
      type = pathType path;
    in
    if type == "directory" then walk { enter = _: true; inherit choose; } path
    else file path (if choose path (baseNameOf path) type then type else null);

  sourceFiltered =
    keep: path:
    let
      text = toString path;
    in
    if pathType path == "directory" then
      walk {
        enter = here: keep (toString here) "directory";
        choose = here: _: type: keep (toString here) type;
      } path
    else
      file path (pathType path);

  files =
    fileset:
    let
      below =
        path: tree:
        if tree == null then [ ]
        else if tree == "directory" then below path (readDir path)
        else if isAttrs tree then concatLists (mapAttrsToList (name: below (path + "/${name}")) tree)
        else [ path ];
    in
    if isNowhere fileset then [ ] else below fileset.base fileset.tree;

  # A filter for builtins.path: true for the files and for the directories that lead to them.
  sourceFilter =
    fileset:
    let
      tree = simplify fileset.base fileset.tree;
      names = namesOf fileset.base;
      prefix = if names == [ ] then "/" else "/${builtins.concatStringsSep "/" names}/";
      within =
        names: tree:
        if !(isAttrs tree) then tree != null
        else names == [ ] || within (tail names) (tree.${head names} or null);
      storable =
        path: type:
        type != "unknown"
        || throw "lib.fileset.toSource: ${path} is neither a file nor a link, so it cannot be in the store";
      keep =
        path: type:
        let
          asDirectory = path + "/";
          leadsTo = substring 0 (stringLength asDirectory) prefix == asDirectory;
          isBelow = substring 0 (stringLength prefix) asDirectory == prefix;
          rest = filter isString (split "/" (substring (stringLength prefix) (-1) path));
        in
        (leadsTo || isBelow && within rest tree) && storable path type;
    in
    if isNowhere fileset || tree == null then (_: _: false) else keep;

  # Traces the files, a line for each tree that is wholly in.
  print =
    fileset:
    let
      label = tree: if isAttrs tree then "" else if tree == "directory" then " (all files in directory)" else " (${tree})";
      lines =
        indent: tree:
        concatLists (
          mapAttrsToList (
            name: tree:
            if tree == null then [ ]
            else [ "${indent}- ${name}${label tree}" ] ++ (if isAttrs tree then lines "${indent}  " tree else [ ])
          ) tree
        );
      tree = simplify fileset.base fileset.tree;
      all =
        if isNowhere fileset || tree == null then [ "(empty)" ]
        else [ "${toString fileset.base}${label tree}" ] ++ (if isAttrs tree then lines "" tree else [ ]);
    in
    builtins.foldl' (_: line: trace line null) null all;
}
