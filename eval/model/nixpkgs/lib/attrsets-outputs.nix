# The part of lib.attrsets about derivations and their outputs.
{ lib }:
let
  # A package whose output was already chosen (`pkg.dev`) is taken as it is.
  getOutput =
    output: package:
    if package.outputSpecified or false then package
    else package.${output} or package.out or package;

  getFirstOutput =
    candidates: package:
    let
      present = builtins.filter (output: package ? ${output}) candidates;
    in
    if package.outputSpecified or false || present == [ ] then package
    else package.${builtins.head present};
in
{
  inherit getFirstOutput getOutput;
  getBin = getOutput "bin";
  getDev = getOutput "dev";
  getLib = getOutput "lib";
  getMan = getOutput "man";
  getInclude = getFirstOutput [ "include" "dev" "out" ];
  getStatic = getFirstOutput [ "static" "lib" "out" ];
  chooseDevOutputs = map (getOutput "dev");

  isDerivation = value: (value.type or null) == "derivation";

  # A store path that is already there, dressed as a derivation.
  toDerivation =
    path:
    let
      outPath = builtins.storePath path;
      afterHash = builtins.substring 33 (-1) (baseNameOf outPath);
      package = {
        type = "derivation";
        name = lib.strings.sanitizeDerivationName afterHash;
        inherit outPath;
        outputs = [ "out" ];
        outputName = "out";
        out = package;
      };
    in
    package;
}
