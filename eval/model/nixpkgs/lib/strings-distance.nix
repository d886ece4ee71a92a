# The part of lib.strings that measures how alike two strings are.
{ lib }:
let
  inherit (builtins)
    elemAt foldl' genList stringLength substring
    ;
  inherit (lib.trivial) min;

  # The number of edits, row by row: row i holds the distances of the first i bytes of `left` from
  # every prefix of `right`. Elements are forced as they are made, so that no chain of thunks grows.
  levenshtein =
    left: right:
    let
      width = stringLength right;
      next =
        row: i:
        (foldl' (
          state: j:
          let
            change = if substring i 1 left == substring (j - 1) 1 right then 0 else 1;
            here = min (min (state.last + 1) (elemAt row j + 1)) (elemAt row (j - 1) + change);
          in
          builtins.seq here {
            last = here;
            row = state.row ++ [ here ];
          }
        ) { last = i + 1; row = [ (i + 1) ]; } (genList (j: j + 1) width)).row;
    in
    elemAt (foldl' next (genList (j: j) (width + 1)) (genList (i: i) (stringLength left))) width;

  # How many bytes agree when both strings are read by `at string index`.
  agreeing =
    at: left: right:
    let
      size = min (stringLength left) (stringLength right);
      from = index: if index < size && at left index == at right index then from (index + 1) else index;
    in
    from 0;
in
{
  inherit levenshtein;
  levenshteinAtMost =
    limit: left: right:
    let
      difference = stringLength left - stringLength right;
    in
    if limit <= 0 then left == right
    else difference <= limit && -difference <= limit && levenshtein left right <= limit;
  commonPrefixLength = agreeing (text: index: substring index 1 text);
  commonSuffixLength = agreeing (text: index: substring (stringLength text - index - 1) 1 text);
}
