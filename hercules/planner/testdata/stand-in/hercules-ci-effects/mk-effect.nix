{
  cacert,
  jq,
  lib,
  runCommand,
  stdenvNoCC,
}:
let
  setupHook = runCommand "hercules-ci-effect-sh" { hook = ./setup-hook.sh; } ''
    mkdir -p $out/nix-support
    cp $hook $out/nix-support/setup-hook
  '';

  make =
    args:
    stdenvNoCC.mkDerivation (
      args
      // {
        name = if args ? name then "effect-${args.name}" else "effect";
        isEffect = true;
        phases =
          args.phases
            or "initPhase unpackPhase patchPhase ${args.preGetStatePhases} getStatePhase userSetupPhase ${args.preEffectPhases} effectPhase putStatePhase ${args.postEffectPhases}";
        secretsMap = builtins.toJSON (args.secretsMap or { });
        dontUnpack = args.dontUnpack or (!(args ? src || args ? srcs));
        nativeBuildInputs = [
          setupHook
          cacert
          jq
        ]
        ++ args.inputs or [ ];
      }
    );

  # phase Name script: the script with the hooks before and after it.
  phase = name: script: ''
    runHook pre${name}
    eval "''$${script}"
    runHook post${name}
  '';
in
(lib.makeOverridable make {
  preGetStatePhases = "";
  preEffectPhases = "priorCheckPhase";
  postEffectPhases = "effectCheckPhase";

  initPhase = phase "Init" "initScript";
  initScript = ''
    export HOME=/build/home
    mkdir -p ~/.ssh
    echo "BatchMode yes" >>~/.ssh/config
  '';
  getStatePhase = phase "GetState" "getStateScript" + "saveStateOnFailure\n";
  getStateScript = "";
  userSetupPhase = phase "UserSetup" "userSetupScript";
  userSetupScript = "";
  priorCheckPhase = phase "PriorCheck" "priorCheckScript" + "true\n";
  priorCheckScript = "";
  effectPhase = phase "Effect" "effectScript";
  effectScript = "";
  putStatePhase = phase "PutState" "putStateScript";
  putStateScript = "";
  effectCheckPhase = phase "EffectCheck" "effectCheckScript";
  effectCheckScript = "";
}).override
