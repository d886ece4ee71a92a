# Lists of thunks of which few are needed, and recursion over them.
let
  list = builtins.genList (n: {
    index = n;
    square = n * n;
    never = throw "not needed";
  }) 150000;
  even = builtins.filter (x: x.index / 2 * 2 == x.index) list;
  pairs = builtins.concatMap (x: [
    x
    { inherit (x) index; square = 1; }
  ]) even;
in
builtins.foldl' (sum: x: sum + x.square) 0 pairs
