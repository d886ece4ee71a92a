# `//` on small sets, many times, and now and then on a large one.
let
  step =
    set: n:
    builtins.seq set.count set
    // {
      count = set.count + 1;
      last = n;
      ${"key-${toString (n - n / 50 * 50)}"} = n;
    };
in
(builtins.foldl' step {
  count = 0;
  last = null;
} (builtins.genList (n: n) 100000)).count
