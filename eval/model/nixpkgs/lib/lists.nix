# lib.lists: list functions. What orders, sorts or walks graphs is in lists-order.nix.
{ lib }:
let
  inherit (builtins)
    all any concatLists concatMap elem elemAt filter genList head length tail
    ;
  order = import ./lists-order.nix { inherit lib; };

  foldl' = op: start: builtins.seq start (builtins.foldl' op start);

  # The two lazy folds go by index, so that they may stop before the end of the list.
  foldr =
    op: end: list:
    let
      size = length list;
      from = index: if index == size then end else op (elemAt list index) (from (index + 1));
    in
    from 0;
  foldl =
    op: start: list:
    let
      upTo = size: if size == 0 then start else op (upTo (size - 1)) (elemAt list (size - 1));
    in
    upTo (length list);

  sublist =
    start: count: list:
    let
      rest = length list - start;
    in
    genList (index: elemAt list (start + index)) (
      if rest <= 0 then 0 else if count > rest then rest else count
    );
  take = sublist 0;
  drop = count: list: sublist count (length list) list;
  atLeast0 = number: if number < 0 then 0 else number;

  imap = first: f: list: genList (index: f (first + index) (elemAt list index)) (length list);

  zipListsWith =
    f: left: right:
    genList (index: f (elemAt left index) (elemAt right index)) (
      if length left < length right then length left else length right
    );

  # Number of the first element that satisfies `found`; the search is a strict fold, so long lists
  # need no stack. The state is the number of elements passed, or the answer in a singleton list.
  findFirstIndex =
    found: fallback: list:
    let
      last = foldl' (
        state: element:
        if builtins.isList state then state
        else if found element then [ state ]
        else state + 1
      ) 0 list;
    in
    if builtins.isList last then head last else fallback;

  hasPrefix = prefix: list: take (length prefix) list == prefix;

  flatten = value: if builtins.isList value then concatMap flatten value else [ value ];

  groupBy =
    builtins.groupBy or (
      key:
      foldl' (
        groups: element:
        let
          name = key element;
        in
        groups // { ${name} = (groups.${name} or [ ]) ++ [ element ]; }
      ) { }
    );

  unique = foldl' (seen: element: if elem element seen then seen else seen ++ [ element ]) [ ];
in
{
  inherit (builtins)
    all any concatLists concatMap elem elemAt filter genList head isList length map partition sort
    tail
    ;
  inherit (order) compareLists listDfs naturalSort sortOn toposort;
  inherit
    drop findFirstIndex flatten foldl foldl' foldr groupBy hasPrefix sublist take unique
    zipListsWith
    ;

  singleton = element: [ element ];
  toList = value: if builtins.isList value then value else [ value ];
  forEach = list: f: map f list;
  fold = foldr;
  imap0 = imap 0;
  imap1 = imap 1;
  imap = imap 1;

  ifilter0 =
    wanted: list:
    map (elemAt list) (filter (index: wanted index (elemAt list index)) (genList (index: index) (length list)));
  remove = unwanted: filter (element: element != unwanted);
  optional = condition: element: if condition then [ element ] else [ ];
  optionals = condition: elements: if condition then elements else [ ];

  findSingle =
    wanted: none: several: list:
    let
      found = filter wanted list;
    in
    if found == [ ] then none else if length found == 1 then head found else several;
  findFirst =
    wanted: fallback: list:
    let
      index = findFirstIndex wanted null list;
    in
    if index == null then fallback else elemAt list index;
  count = wanted: foldl' (number: element: if wanted element then number + 1 else number) 0;

  range = first: last: if first > last then [ ] else genList (index: first + index) (last - first + 1);
  replicate = number: element: genList (_: element) number;
  reverseList =
    list:
    let
      final = length list - 1;
    in
    genList (index: elemAt list (final - index)) (length list);

  groupBy' =
    op: start: key: list:
    builtins.mapAttrs (_: foldl op start) (groupBy key list);
  zipLists = zipListsWith (fst: snd: { inherit fst snd; });
  crossLists = f: foldl (functions: arguments: concatMap (f: map f arguments) functions) [ f ];

  takeEnd = number: list: drop (atLeast0 (length list - number)) list;
  dropEnd = number: list: take (atLeast0 (length list - number)) list;
  last =
    list:
    if list == [ ] then throw "lib.lists.last: the list is empty" else elemAt list (length list - 1);
  init =
    list: if list == [ ] then throw "lib.lists.init: the list is empty" else take (length list - 1) list;
  removePrefix =
    prefix: list:
    if hasPrefix prefix list then drop (length prefix) list
    else throw "lib.lists.removePrefix: the second list does not start with the first";
  commonPrefix =
    left: right:
    let
      differences = zipListsWith (a: b: a != b) left right;
    in
    take (findFirstIndex (different: different) (length differences) differences) left;
  replaceElemAt =
    list: position: element:
    if position < 0 || position >= length list then
      throw "lib.lists.replaceElemAt: there is no element ${toString position} in a list of ${toString (length list)}"
    else
      genList (index: if index == position then element else elemAt list index) (length list);

  uniqueStrings = list: builtins.attrNames (groupBy (name: name) list);
  allUnique = list: length (unique list) == length list;
  intersectLists = wanted: filter (element: elem element wanted);
  subtractLists = unwanted: filter (element: !(elem element unwanted));
  mutuallyExclusive = left: right: left == [ ] || !(any (element: elem element left) right);
  concatAttrValues = set: concatLists (builtins.attrValues set);
}
