# cargoPublish: publishes a crate.
{
  lib,
  cargo,
  cargoSetupHook,
  mkEffect,
}:

let
  # Its name stands in messages about its arguments.
  cargoPublish =
    args@{
      src,
      secretName ? throw "cargoPublish: pass `secretName`, the name of the secret with the field `${secretField}`",
      secretField ? "token",
      manifestPath ? "Cargo.toml",
      extraPublishArgs ? [ ],
      registryURL ? null,
      dryRun ? false,
      assertVersions ? { },
      secretsMap ? { },
      ...
    }:
    let
      secrets = lib.optionalAttrs (!dryRun) { cargo = secretName; } // secretsMap;

      publishArgs =
        lib.optionals (manifestPath != null) [
          "--manifest-path"
          manifestPath
        ]
        ++ lib.optionals (registryURL != null) [
          "--registry"
          "CUSTOM"
        ]
        ++ lib.optional dryRun "--dry-run"
        ++ extraPublishArgs;

      # A string is the version of all crates, a set has one per crate.
      checks =
        if builtins.isString assertVersions then
          [ "hciCheckAllCargoVersions ${lib.escapeShellArg assertVersions}" ]
        else
          lib.mapAttrsToList (
            crate: version:
            "hciCheckCargoVersion ${
              lib.escapeShellArgs [
                crate
                version
              ]
            }"
          ) assertVersions;
    in
    mkEffect (
      removeAttrs args [ "assertVersions" ]
      // {
        buildInputs = lib.optional (!dryRun) cargoSetupHook;
        inputs = [ cargo ];
        secretsMap = secrets;
        env = args.env or { } // lib.optionalAttrs (registryURL != null) { CARGO_REGISTRIES_CUSTOM_INDEX = registryURL; };
        effectScript = lib.concatLines (checks ++ [ "cargo publish ${lib.escapeShellArgs publishArgs} --no-verify" ]);
        __nixplan = {
          kind = "cargoPublish";
          given = args;
          args =
            args
            // {
              inherit
                secretField
                manifestPath
                extraPublishArgs
                registryURL
                dryRun
                assertVersions
                ;
              secretsMap = secrets;
            };
        };
      }
    );
in
cargoPublish
