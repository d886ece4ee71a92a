# The part of lib.attrsets about attribute paths (lists of names) and nested updates.
{ lib }:
let
  inherit (builtins)
    elemAt groupBy head isAttrs length mapAttrs partition
    ;
  inherit (lib.attrsets) zipAttrsWith;

  # Follows `path` into `value` as far as it leads: `found` with the value there, or `missing` with
  # the number of names that could be followed.
  follow =
    { found, missing }:
    path:
    let
      size = length path;
      at =
        depth: value:
        if depth == size then found value
        else if value ? ${elemAt path depth} then at (depth + 1) value.${elemAt path depth}
        else missing depth;
    in
    at 0;

  attrByPath =
    path: fallback:
    follow {
      found = value: value;
      missing = _: fallback;
    } path;

  showAttrPath =
    path:
    if path == [ ] then
      "<root attribute path>"
    else
      builtins.concatStringsSep "." (map lib.strings.escapeNixIdentifier path);

  # `final path left right` says where the right side replaces the left one; elsewhere they merge.
  recursiveUpdateUntil =
    final: left: right:
    let
      merge =
        path:
        zipAttrsWith (
          name: values:
          let
            here = path ++ [ name ];
          in
          if length values == 1 || final here (elemAt values 1) (head values) then head values
          else merge here values
        );
    in
    merge [ ] [ right left ];

  # Updates at the same path run in list order, inner paths before the paths that contain them.
  # `present` says whether there is an old value at all: only an update that reads it needs one.
  updateMany =
    depth: present: old: updates:
    let
      split = partition (update: length update.path == depth) updates;
      deeper = groupBy (update: elemAt update.path depth) split.wrong;
      change = name: updateMany (depth + 1) (present && old ? ${name}) old.${name};
      inside =
        if split.wrong == [ ] then
          if present then old
          else
            throw "lib.attrsets.updateManyAttrsByPath: the first update of ${showAttrPath (head split.right).path} reads a value that does not exist"
        else if !present then
          mapAttrs change deeper
        else if isAttrs old then
          old // mapAttrs change deeper
        else
          let
            path = (head split.wrong).path;
          in
          throw "lib.attrsets.updateManyAttrsByPath: cannot update ${showAttrPath path}, because ${showAttrPath (lib.lists.take depth path)} is not a set";
    in
    lib.lists.foldl (value: update: update.update value) inside split.right;
in
{
  inherit attrByPath recursiveUpdateUntil showAttrPath;

  hasAttrByPath = follow {
    found = _: true;
    missing = _: false;
  };
  longestValidPathPrefix =
    path:
    follow {
      found = _: path;
      missing = depth: lib.lists.take depth path;
    } path;
  getAttrFromPath =
    path: attrByPath path (abort "there is no attribute ${builtins.concatStringsSep "." path}");
  setAttrByPath =
    path: value:
    let
      from = depth: if depth == length path then value else { ${elemAt path depth} = from (depth + 1); };
    in
    from 0;

  # A left side that is not known is taken for a set: what the right side says holds in any case.
  recursiveUpdate = recursiveUpdateUntil (
    _: left: right:
    !((__nixplan.isUnknown left || isAttrs left) && isAttrs right)
  );
  updateManyAttrsByPath = updates: old: updateMany 0 true old updates;
}
