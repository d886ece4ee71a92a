# runCachixDeploy: activates a Cachix Deploy specification.
packages@{
  lib,
  cachix,
  mkEffect,
  writeText,
}:

let
  # Its name stands in messages about its arguments.
  runCachixDeploy =
    args@{
      deploy ? throw "runCachixDeploy: pass `deploy` or `deployJsonFile`",
      deployJsonFile ? writeText "cachix-deploy.json" (builtins.toJSON deploy),
      cachix ? packages.cachix,
      async ? false,
      ...
    }:
    let
      secretsMap = {
        activate = "default-cachix-activate";
      }
      // args.secretsMap or { };
      userSetupScript = ''
        export CACHIX_ACTIVATE_TOKEN="$(readSecretString activate .cachixActivateToken)"
      '';
      extra = removeAttrs args [
        "deploy"
        "cachix"
      ];
    in
    if args ? deploy && args ? deployJsonFile then
      throw "runCachixDeploy: pass only one of `deploy` and `deployJsonFile`"
    else
      mkEffect (
        extra
        // {
          name = "cachix-deploy-effect";
          inputs = [ cachix ] ++ args.inputs or [ ];
          inherit secretsMap userSetupScript;
          effectScript = args.effectScript or "cachix deploy activate ${deployJsonFile}${lib.optionalString async " --async"}\n";
          dontUnpack = args.dontUnpack or true;
          passthru = {
            inherit cachix;
            prebuilt = deployJsonFile;
          }
          // lib.optionalAttrs (args ? deploy) { inherit deploy; }
          // args.passthru or { };
          __nixplan = {
            kind = "runCachixDeploy";
            given = args;
            args =
              args
              // {
                inherit async secretsMap userSetupScript;
              };
          };
        }
      );
in
runCachixDeploy
