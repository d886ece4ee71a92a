# lib.derivations: wrappers that put off or accompany the evaluation of a derivation.
{ lib }:
let
  inherit (builtins) mapAttrs removeAttrs;
  show = lib.generators.toPretty { multiline = false; };

  warnOnInstantiate =
    message: package:
    package
    // mapAttrs (_: lib.trivial.warn message) (
      removeAttrs package [ "meta" "name" "outputName" "type" ]
    )
    // (
      if package ? overrideAttrs && builtins.isFunction package.overrideAttrs then
        { overrideAttrs = change: warnOnInstantiate message (package.overrideAttrs change); }
      else
        { }
    );
in
{
  inherit warnOnInstantiate;
  inherit (builtins) unsafeDiscardOutputDependency;
  addDrvOutputDependencies = builtins.addDrvOutputDependencies or (text: text);

  # A derivation whose attribute names are known before it is evaluated. The outputs have to be told.
  lazyDerivation =
    {
      derivation,
      meta ? null,
      passthru ? { },
      outputs ? [ "out" ],
    }@args:
    let
      checked =
        if (derivation.type or null) != "derivation" then
          throw "lib.derivations.lazyDerivation: the value given is no derivation"
        else if derivation.outputs != outputs then
          throw "lib.derivations.lazyDerivation: ${derivation.name or "the derivation"} has the outputs ${show derivation.outputs}, but ${show outputs} were announced"
        else
          derivation;
    in
    {
      type = "derivation";
      inherit (checked) drvPath name outPath outputName system;
      inherit outputs;
      meta = args.meta or checked.meta;
    }
    // lib.attrsets.genAttrs outputs (output: checked.${output})
    // passthru;

  # An attribute that is null does not reach the builder.
  optionalDrvAttr = condition: value: if condition then value else null;
}
