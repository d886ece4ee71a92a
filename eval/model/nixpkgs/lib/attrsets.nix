# lib.attrsets: attribute sets. Paths into sets, updates of nested sets: attrsets-paths.nix;
# package outputs: attrsets-outputs.nix.
{ lib }:
let
  inherit (builtins)
    attrNames attrValues concatMap elemAt filter head isAttrs length listToAttrs mapAttrs removeAttrs
    ;
  inherit (lib.lists) foldl' foldr;
  paths = import ./attrsets-paths.nix { inherit lib; };
  outputs = import ./attrsets-outputs.nix { inherit lib; };

  nameValuePair = name: value: { inherit name value; };

  genAttrs' = list: f: listToAttrs (map f list);
  genAttrs = names: f: genAttrs' names (name: nameValuePair name (f name));

  # What is wanted under a condition that is not known stays as an unknown with that condition.
  # Removing names keeps the openness of the set; building a new set would not.
  filterAttrs =
    wanted: set:
    let
      keep = mapAttrs wanted set;
      names = attrNames (__nixplan.known set);
      undecided = filter (name: __nixplan.isUnknown keep.${name}) names;
      decided =
        if undecided == [ ] then set
        else set // genAttrs undecided (name: if keep.${name} then set.${name} else null);
    in
    if __nixplan.isUnknown set then set
    else
      removeAttrs decided (filter (name: !(__nixplan.isUnknown keep.${name}) && !keep.${name}) names);
  filterAttrsRecursive =
    wanted: set:
    mapAttrs (_: value: if isAttrs value then filterAttrsRecursive wanted value else value) (
      filterAttrs wanted set
    );

  mapAttrsToList = f: set: attrValues (mapAttrs f set);

  collect =
    wanted: value:
    if wanted value then [ value ]
    else if isAttrs value then concatMap (collect wanted) (attrValues value)
    else [ ];

  # One set per choice of an element from each list; the last name varies fastest.
  cartesianProduct =
    lists:
    foldl' (
      sets: name: concatMap (set: map (value: set // { ${name} = value; }) lists.${name}) sets
    ) [ { } ] (attrNames lists);

  mapAttrsRecursiveCond =
    enter: f:
    let
      below =
        path:
        mapAttrs (
          name: value:
          let
            here = path ++ [ name ];
          in
          if isAttrs value && enter value then below here value else f here value
        );
    in
    below [ ];

  mapAttrsToListRecursiveCond =
    enter: f: set:
    let
      below =
        path: set:
        concatMap (
          name:
          let
            here = path ++ [ name ];
            value = set.${name};
          in
          if isAttrs value && enter here value then below here value else [ (f here value) ]
        ) (attrNames set);
    in
    below [ ] set;

  zipAttrsWithNames =
    names: f: sets: genAttrs names (name: f name (builtins.catAttrs name sets));
  zipAttrsWith =
    builtins.zipAttrsWith or (f: sets: zipAttrsWithNames (concatMap attrNames sets) f sets);

  matchAttrs =
    pattern: set:
    assert isAttrs pattern;
    builtins.all (
      name:
      set ? ${name}
      && (
        if isAttrs pattern.${name} then
          isAttrs set.${name} && matchAttrs pattern.${name} set.${name}
        else
          pattern.${name} == set.${name}
      )
    ) (attrNames pattern);
in
{
  inherit (builtins)
    attrNames attrValues catAttrs getAttr hasAttr intersectAttrs isAttrs listToAttrs mapAttrs
    removeAttrs
    ;
  inherit (paths)
    attrByPath getAttrFromPath hasAttrByPath longestValidPathPrefix recursiveUpdate
    recursiveUpdateUntil setAttrByPath showAttrPath updateManyAttrsByPath
    ;
  inherit (outputs)
    chooseDevOutputs getBin getDev getFirstOutput getInclude getLib getMan getOutput getStatic
    isDerivation toDerivation
    ;
  inherit
    cartesianProduct collect filterAttrs filterAttrsRecursive genAttrs genAttrs' mapAttrsRecursiveCond
    mapAttrsToList mapAttrsToListRecursiveCond matchAttrs nameValuePair zipAttrsWith
    zipAttrsWithNames
    ;

  attrVals = names: set: map (name: set.${name}) names;
  getAttrs = names: set: genAttrs names (name: set.${name});
  attrsToList = mapAttrsToList nameValuePair;
  mapAttrs' = f: set: listToAttrs (mapAttrsToList f set);
  concatMapAttrs = f: set: foldl' (left: right: left // right) { } (mapAttrsToList f set);
  mapAttrsRecursive = mapAttrsRecursiveCond (_: true);
  mapAttrsToListRecursive = mapAttrsToListRecursiveCond (_: _: true);
  mapCartesianProduct = f: lists: map f (cartesianProduct lists);
  foldlAttrs =
    f: start: set:
    foldl' (state: name: f state name set.${name}) start (attrNames set);
  # Folds the values that several sets have under the same name, the last set first.
  foldAttrs =
    op: start: sets:
    foldr (
      set: done:
      foldr (name: all: all // { ${name} = op set.${name} (done.${name} or start); }) done (attrNames set)
    ) { } sets;

  optionalAttrs = condition: set: if condition then set else { };
  overrideExisting = old: new: mapAttrs (name: value: new.${name} or value) old;
  recurseIntoAttrs = set: set // { recurseForDerivations = true; };
  dontRecurseIntoAttrs = set: set // { recurseForDerivations = false; };
  zipAttrs = zipAttrsWith (_: values: values);

  # Merges halves, so that no name is copied more than log2(n) times.
  mergeAttrsList =
    sets:
    let
      merge =
        first: size:
        if size == 1 then elemAt sets first
        else merge first (size / 2) // merge (first + size / 2) (size - size / 2);
    in
    if sets == [ ] then { } else merge 0 (length sets);

  # The union; what both sides have is an error when it is read.
  unionOfDisjoint =
    left: right:
    let
      common = builtins.intersectAttrs left right;
      collision =
        name: _:
        throw "lib.attrsets.unionOfDisjoint: both sets have ${name} (in common: ${toString (attrNames common)})";
    in
    left // right // mapAttrs collision common;

  # Names of older releases.
  mapAttrsFlatten = mapAttrsToList;
  cartesianProductOfSets = cartesianProduct;
  zip = zipAttrsWith;
  zipWithNames = zipAttrsWithNames;
}
