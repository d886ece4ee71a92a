{
  jq,
  lib,
  runCommand,
  stdenvNoCC,
}:
let
  setupHook = runCommand "effect-setup" { } "mkdir $out";
  make =
    args:
    stdenvNoCC.mkDerivation (
      args
      // {
        name = "effect-${args.name}";
        isEffect = true;
        secretsMap = builtins.toJSON (args.secretsMap or { });
        nativeBuildInputs = [
          setupHook
          jq
        ]
        ++ args.inputs or [ ];
      }
    );
in
(lib.makeOverridable make {
  userSetupScript = "";
  effectScript = "";
}).override
