# The function `derivation`: what derivationStrict computes, as one set for each
# output. Everything is lazy, so that a derivation's name can be read although
# another of its attributes fails.
args@{
  outputs ? [ "out" ],
  ...
}:
let
  built = derivationStrict args;

  shared =
    args
    // builtins.listToAttrs each
    // {
      all = map (output: output.value) each;
      drvAttrs = args;
    };

  each = map (name: {
    inherit name;
    value = shared // {
      inherit (built) drvPath;
      outPath = built.${name};
      outputName = name;
      type = "derivation";
    };
  }) outputs;
in
(builtins.head each).value
