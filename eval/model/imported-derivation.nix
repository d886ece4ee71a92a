# What `import` gives for a .drv file: the derivation that it describes, without the
# arguments that it was made from.
imported@{
  drvPath,
  name,
  outputs,
  ...
}:
let
  shared = builtins.listToAttrs each // {
    all = map (output: output.value) each;
    inherit drvPath name;
    type = "derivation";
  };

  each = map (outputName: {
    name = outputName;
    value = shared // {
      outPath = imported.${outputName};
      inherit outputName;
    };
  }) outputs;
in
(builtins.head each).value
