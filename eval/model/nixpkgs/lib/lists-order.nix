# The part of lib.lists that compares elements: sorting by key, natural order, topological order.
{ lib }:
let
  inherit (builtins)
    elemAt filter head isList length partition sort tail
    ;

  compareLists =
    compare: left: right:
    if left == [ ] || right == [ ] then
      (if left == right then 0 else if left == [ ] then -1 else 1)
    else
      let
        order = compare (head left) (head right);
      in
      if order != 0 then order else compareLists compare (tail left) (tail right);

  # Sorts by a key computed once per element.
  sortByKey =
    less: key: list:
    map (entry: elemAt entry 1) (
      sort (left: right: less (head left) (head right)) (map (element: [ (key element) element ]) list)
    );

  # Text runs and numbers, so that "disk9" comes before "disk10".
  naturalKey =
    text:
    map (piece: if isList piece then lib.strings.toInt (head piece) else piece) (
      builtins.split "(0|[1-9][0-9]*)" text
    );

  # Walks from the first element to its predecessors until none is left in the rest. `visited` holds
  # the way there, latest first: meeting a predecessor among them is a cycle.
  listDfs =
    stopOnCycles: before: list:
    let
      walk =
        current: visited: rest:
        let
          loops = filter (other: before other current) visited;
          earlier = partition (other: before other current) rest;
        in
        if stopOnCycles && loops != [ ] then
          { cycle = current; inherit loops visited rest; }
        else if earlier.right == [ ] then
          { minimal = current; inherit visited rest; }
        else
          walk (head earlier.right) ([ current ] ++ visited) (tail earlier.right ++ earlier.wrong);
    in
    walk (head list) [ ] (tail list);

  toposort =
    before: list:
    let
      found = listDfs true before list;
      others = toposort before (found.visited ++ found.rest);
    in
    if length list < 2 then
      { result = list; }
    else if found ? cycle then
      {
        cycle = lib.lists.reverseList ([ found.cycle ] ++ found.visited);
        inherit (found) loops;
      }
    else if others ? cycle then
      others
    else
      { result = [ found.minimal ] ++ others.result; };
in
{
  inherit compareLists listDfs toposort;
  sortOn = sortByKey (left: right: left < right);
  naturalSort = sortByKey (left: right: compareLists lib.trivial.compare left right < 0) naturalKey;
}
