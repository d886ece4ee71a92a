# mkEffect: an effect is a derivation whose "build" the agent runs outside of the sandbox.
{
  lib,
  bash,
  cacert,
  coreutils,
  curl,
  jq,
  runCommand,
  stdenvNoCC,
}:

let
  inherit (__nixplan) isUnknown unknown;
  inherit (import ../decide.nix) sure;

  setupHook = runCommand "hercules-ci-effect-sh" { } "";
  alwaysThere = [
    setupHook
    cacert
    curl
    jq
  ];

  # The bodies of the phases run the scripts below with their hooks around them; nothing in a plan depends on their text.
  phase = name: unknown "mkEffect's ${name}";

  defaults = {
    __hci_effect_fsroot_copy = runCommand "mkEffect-root" { inherit bash coreutils; } "";

    preGetStatePhases = "";
    preEffectPhases = "priorCheckPhase";
    postEffectPhases = "effectCheckPhase";

    initPhase = phase "initPhase";
    initScript = phase "initScript";
    userSetupPhase = phase "userSetupPhase";
    priorCheckPhase = phase "priorCheckPhase";
    effectPhase = phase "effectPhase";
    effectCheckPhase = phase "effectCheckPhase";
    getStatePhase = phase "getStatePhase";
    putStatePhase = phase "putStatePhase";
  } // scripts;

  scripts = {
    userSetupScript = "";
    priorCheckScript = "";
    effectScript = "";
    effectCheckScript = "";
    getStateScript = "";
    putStateScript = "";
  };

  # What the plan shows of a plain mkEffect. The other functions pass facts of their own.
  plainFacts = given: {
    kind = "mkEffect";
    inherit given;
    args = {
      name = null;
      inputs = [ ];
      secretsMap = { };
    }
    // scripts
    // given;
  };

  phasesOf =
    args:
    lib.concatStringsSep " " (
      [
        "initPhase unpackPhase patchPhase"
        (args.preGetStatePhases or "")
        "getStatePhase userSetupPhase"
        (args.preEffectPhases or "")
        "effectPhase putStatePhase"
        (args.postEffectPhases or "")
      ]
    );

  mkDrv =
    args:
    let
      known = __nixplan.known args;
    in
    if sure (args ? imports) then
      throw "mkEffect does not take `imports`; for modules use `modularEffect`"
    else
      stdenvNoCC.mkDerivation (
        args
        // {
          name = sanitize (if args ? name then "effect-${args.name}" else "effect");
          isEffect = true;
          phases = known.phases or (phasesOf known);
          nativeBuildInputs = (known.defaultInputs or alwaysThere) ++ known.inputs or [ ] ++ known.nativeBuildInputs or [ ];
          secretsMap = builtins.toJSON (known.secretsMap or { });
          dontUnpack = known.dontUnpack or (!(args ? src || args ? srcs));
        }
      );

  sanitize = name: if isUnknown name then name else lib.strings.sanitizeDerivationName name;

  # `override` changes arguments of mkEffect, whichever function of the effects set was called. The plan follows.
  overridable =
    make: args:
    make args
    // {
      override =
        change:
        let
          new = argumentsOf change args;
        in
        overridable make (
          args
          // new
          // {
            __nixplan = args.__nixplan // {
              args = args.__nixplan.args // new;
            };
          }
        );
      overrideAttrs = change: overridable (args': (make args').overrideAttrs change) args;
    };

  # Arguments may be given as a function of those before.
  argumentsOf = args: before: if sure (lib.isFunction args) then args before else args;
in
args:
let
  given = argumentsOf args defaults;
in
overridable mkDrv (defaults // given // { __nixplan = (__nixplan.known given).__nixplan or (plainFacts given); })
