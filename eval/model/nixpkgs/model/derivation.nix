# Derivations as far as an evaluation can look at them. Nothing is built, so the paths of the result are unknown; what is
# known is every attribute, and whether making the derivation would fail: reading `outPath` or `drvPath` coerces every
# attribute of the environment as `derivation` does, and gives the same errors.
{ lib }:

let
  inherit (builtins) addErrorContext isFunction removeAttrs seq;
  inherit (__nixplan) isUnknown unknown;

  # Arguments of mkDerivation that do not get into the derivation's environment.
  notInEnvironment = [
    "__nixplan"
    "meta"
    "passthru"
    "pos"
    "env"
    "checkInputs"
    "installCheckInputs"
    "nativeCheckInputs"
    "nativeInstallCheckInputs"
    "__darwinAllowLocalNetworking"
    "__impureHostDeps"
    "__propagatedImpureHostDeps"
    "sandboxProfile"
    "propagatedSandboxProfile"
  ];

  # Can a value be an attribute of a derivation? True, or the error that `derivation` raises. A source is not copied to
  # the store for it (its `outPath` stays unread): hashing a whole work tree would cost more than the rest of the plan.
  coercible =
    refuse: value:
    if isUnknown value then
      true
    else
      {
        set = coercibleSet refuse value;
        list = builtins.all (coercible refuse) value;
        path = if isMissing value then refuse "getting status of '${toString value}': No such file or directory" else true;
        lambda = refuse "cannot coerce a function to a string";
      }
      .${builtins.typeOf value} or true;

  coercibleSet =
    refuse: value:
    if sure (value.type or null == "derivation") then
      seq value.outPath true
    else if sure (value ? __toString) then
      seq (value.__toString value) true
    else if possible (value ? outPath) then
      true
    else
      refuse "cannot coerce a set to a string";

  # Open sets answer `?` with an unknown.
  sure = condition: !isUnknown condition && condition;
  possible = condition: isUnknown condition || condition;

  isMissing = path: !possible (builtins.pathExists path);

  environmentIsValid =
    name: drvAttrs:
    builtins.all (
      attr:
      let
        refuse =
          message:
          __nixplan.refuse {
            args = drvAttrs;
            name = attr;
            message = "${message} (attribute '${attr}' of the derivation '${name}')";
          };
      in
      addErrorContext "while evaluating the attribute '${attr}' of the derivation '${name}'" (
        coercible refuse drvAttrs.${attr}
      )
    ) (builtins.attrNames drvAttrs);

  # The second form of `overrideAttrs`' argument is `final: prev: { … }`, the third just the set.
  toExtension =
    change: final: prev:
    if isUnknown change then
      change
    else if lib.isFunction change then
      let
        one = change prev;
        # `change` was given `prev`; if that gives a function, it wanted `final` first.
        two = change final prev;
      in
      if isUnknown one || !isFunction one then one else two
    else
      change;

  # The attributes changed by overrideAttrs, in the terms of an effect's arguments.
  asArguments =
    overridden:
    overridden
    // lib.optionalAttrs (overridden ? secretsMap && builtins.isString overridden.secretsMap && !isUnknown overridden.secretsMap) {
      secretsMap = builtins.fromJSON overridden.secretsMap;
    };

  build =
    { system, stdenv }@env: fixpoint: overridden:
    let
      args = fixpoint (args // { inherit finalPackage overrideAttrs; });

      overrideAttrs =
        change:
        let
          changes = final: toExtension change final (fixpoint final);
        in
        build env (final: fixpoint final // changes final) (final: overridden final // changes final);

      name =
        if args ? name then
          args.name
        else if args ? pname && args ? version then
          "${args.pname}-${args.version}"
        else
          throw "mkDerivation: the derivation has no `name`, and no `pname` with `version`";

      # Of an open set what is certainly there; everything else has mkDerivation's defaults.
      known = __nixplan.known args;

      # Names in messages must be plain text.
      shownName = if isUnknown name then "unnamed" else name;

      structured = known.__structuredAttrs or false;
      extraEnv = if structured then { env = known.env or { }; } else known.env or { };

      drvAttrs =
        removeAttrs args notInEnvironment
        // {
          inherit name system stdenv;
          builder = known.realBuilder or (unknown "pkgs.stdenv.shell");
          args = known.args or [ "-e" (known.builder or "default-builder.sh") ];
          outputs = known.outputs or [ "out" ];
          userHook = null;
          __ignoreNulls = true;
          strictDeps = known.strictDeps or false;
          buildInputs = known.buildInputs or [ ];
          nativeBuildInputs = known.nativeBuildInputs or [ ];
          propagatedBuildInputs = known.propagatedBuildInputs or [ ];
          propagatedNativeBuildInputs = known.propagatedNativeBuildInputs or [ ];
          patches = known.patches or [ ];
          configureFlags = known.configureFlags or [ ];
          doCheck = known.doCheck or false;
          doInstallCheck = known.doInstallCheck or false;
        }
        // extraEnv;

      meta = {
        name = shownName;
        available = true;
        broken = false;
        insecure = false;
        unfree = false;
        unsupported = false;
        outputsToInstall = [ "out" ];
      } // known.meta or { };

      passthru = known.passthru or { };

      common =
        result "" drvAttrs
        // outputSets
        // {
          inherit overrideAttrs meta passthru;
          # The plan has to tell the inputs of an effect that does not run from any other derivation.
          inputDerivation =
            result "inputs of " (
              drvAttrs
              // {
                name = shownName;
                outputs = [ "out" ];
              }
            )
            // lib.optionalAttrs (args ? __nixplan) { __nixplan.inputsOf = finalPackage; };
        }
        // passthru
        // facts;

      # `derivation drvAttrs`. The paths do not exist before the environment was checked.
      result =
        what: attrs:
        attrs
        // rec {
          type = "derivation";
          drvAttrs = attrs;
          outputName = "out";
          outPath = pathOf what "out";
          drvPath = valid (unknown "the derivation of ${what}${shownName}");
        };
      pathOf =
        what: output:
        valid (unknown "the build result${if output == "out" then "" else " (${output})"} of ${what}${shownName}");
      # The environment is looked at once, for every output and for `inputDerivation`, which has the same.
      valid = value: if structured then value else seq environment value;
      environment = environmentIsValid shownName drvAttrs;

      outputs = drvAttrs.outputs;
      outputSets =
        if isUnknown outputs then
          { }
        else
          {
            all = map (output: finalPackage.${output}) outputs;
          }
          // lib.genAttrs outputs (
            output:
            common
            // {
              outputName = output;
              outPath = pathOf "" output;
              outputSpecified = true;
            }
          );

      # What the plan reads. A change by overrideAttrs is a change of the arguments.
      facts =
        if args ? __nixplan then
          {
            __nixplan = args.__nixplan // {
              args = args.__nixplan.args // asArguments (overridden args);
            };
          }
        else
          { };

      finalPackage = common;
    in
    finalPackage;
in
{
  # { system, stdenv } -> attributes, or a function of the final attributes -> derivation
  mkDerivation =
    env: fnOrAttrs:
    build env (
      if isUnknown fnOrAttrs || !isFunction fnOrAttrs then _: fnOrAttrs else fnOrAttrs
    ) (_: { });
}
