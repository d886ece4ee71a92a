# lib.customisation: functions that can be called again with other arguments, filling formals from a
# package set, scopes. Cross compilation's variants are in customisation-cross.nix.
{ lib }:
let
  inherit (builtins)
    all attrNames attrValues filter head intersectAttrs isAttrs listToAttrs mapAttrs removeAttrs
    ;
  inherit (lib.trivial)
    functionArgs isFunction mirrorFunctionArgs setFunctionArgs
    ;
  cross = import ./customisation-cross.nix { inherit lib; };

  # A dynamic attribute name that is null leaves the attribute out.
  when = condition: name: if condition then name else null;

  # The attributes of `f` overridden by `change`, a set or a function of the previous arguments.
  makeOverridable =
    f:
    let
      mirror = mirrorFunctionArgs f;
      again = g: makeOverridable (mirror g);
      call =
        args:
        let
          result = f args;
          override = mirror (
            change: makeOverridable f (args // (if isFunction change then change args else change))
          );
        in
        if isAttrs result then
          result
          // {
            inherit override;
            overrideDerivation = change: again (args: overrideDerivation (f args) change) args;
            ${when (result ? overrideAttrs) "overrideAttrs"} =
              change: again (args: (f args).overrideAttrs change) args;
          }
        else if isFunction result then
          setFunctionArgs result (functionArgs result) // { inherit override; }
        else
          result;
    in
    if isAttrs f then
      f // mirror call // { ${when (f ? override) "override"} = change: makeOverridable (f.override change); }
    else
      mirror call;

  # The old way to change a derivation: by the arguments of `derivation` itself.
  overrideDerivation =
    package: change:
    let
      passthru = package.passthru or { };
    in
    extendDerivation (builtins.seq package.drvPath true) (
      {
        meta = package.meta or { };
        inherit passthru;
      }
      // passthru
      // {
        ${when (package ? __spliced) "__spliced"} = mapAttrs (
          _: spliced: overrideDerivation spliced change
        ) package.__spliced;
      }
    ) (derivation (package.drvAttrs // change package));

  # Adds attributes to a derivation and to each of its outputs. Both paths are guarded by `condition`,
  # which may throw: that is how unsupported packages can still be looked at.
  extendDerivation =
    condition: passthru: package:
    let
      guard = value: assert condition; value;
      outputs = map (outputName: {
        name = outputName;
        value =
          common
          // {
            inherit (package.${outputName}) type outputName;
            outputSpecified = true;
            drvPath = guard package.${outputName}.drvPath;
            outPath = guard package.${outputName}.outPath;
            ${when (passthru ? overrideAttrs) "overrideAttrs"} =
              change: (passthru.overrideAttrs change).${outputName};
          };
      }) (package.outputs or [ "out" ]);
      common =
        package
        // listToAttrs outputs
        // { all = map (output: output.value) outputs; }
        // passthru
        // {
          drvPath = guard package.drvPath;
          outPath = guard package.outPath;
        };
    in
    common;

  asFunction = value: if isFunction value then value else import value;

  callPackageWith =
    available: function: args:
    let
      f = asFunction function;
      formals = functionArgs f;
      given = intersectAttrs formals available // args;
      absent = removeAttrs formals (attrNames given);
    in
    if all (hasDefault: hasDefault) (attrValues absent) then
      makeOverridable f given
    else
      abort (import ./customisation-missing.nix { inherit lib; } formals absent (available // args));

  callPackagesWith =
    available: function: args:
    let
      f = asFunction function;
      given = intersectAttrs (functionArgs f) available // args;
      packages = f given;
    in
    if lib.attrsets.isDerivation packages then
      throw "lib.customisation.callPackagesWith: the function gives the single derivation ${packages.name or "without a name"}, so callPackage is wanted"
    else
      mapAttrs (name: _: makeOverridable (mirrorFunctionArgs f (args: (f args).${name})) given) packages;

  makeScope =
    newScope: f:
    let
      self = { callPackage = self.newScope { }; } // f self // {
        newScope = extra: newScope (self // extra);
        overrideScope = extension: makeScope newScope (lib.fixedPoints.extends extension f);
        packages = f;
      };
    in
    self;

  # Only what Hydra needs of a derivation, fully evaluated.
  hydraJob =
    package:
    let
      outputs = package.outputs or [ "out" ];
      common =
        {
          inherit (package) name system meta;
          inherit outputs;
        }
        // (
          if package._hydraAggregate or false then
            {
              _hydraAggregate = true;
              constituents = map hydraJob (lib.lists.flatten package.constituents);
            }
          else
            { }
        )
        // byName;
      byName = lib.attrsets.genAttrs outputs (
        outputName:
        common
        // {
          type = "derivation";
          inherit outputName;
          inherit (package.${outputName}) drvPath outPath;
        }
      );
      job = byName.${head outputs};
    in
    if package == null then null else builtins.deepSeq job job;

  # A builder made from another by adding to its (fixed-point style) arguments.
  extendMkDerivation =
    {
      constructDrv,
      extendDrvArgs,
      excludeDrvArgNames ? [ ],
      excludeFunctionArgNames ? [ ],
      inheritFunctionArgs ? true,
      transformDrv ? (package: package),
    }:
    let
      inherited =
        if inheritFunctionArgs then removeAttrs (functionArgs constructDrv) excludeDrvArgNames else { };
    in
    {
      inherit
        constructDrv excludeDrvArgNames extendDrvArgs transformDrv
        ;
      __functionArgs = removeAttrs (
        inherited // functionArgs (extendDrvArgs { })
      ) excludeFunctionArgNames;
      __functor =
        _: args:
        transformDrv (
          constructDrv (
            final:
            let
              previous = if isFunction args then args final else args;
            in
            removeAttrs previous excludeDrvArgNames // extendDrvArgs final previous
          )
        );
    };
in
{
  inherit (cross)
    makeScopeWithSplicing makeScopeWithSplicing' mapCrossIndex renameCrossIndexFrom renameCrossIndexTo
    ;
  inherit
    callPackageWith callPackagesWith extendDerivation extendMkDerivation hydraJob makeOverridable
    makeScope overrideDerivation
    ;

  # Names of older releases.
  addPassthru = package: passthru: extendDerivation true passthru package;
}
