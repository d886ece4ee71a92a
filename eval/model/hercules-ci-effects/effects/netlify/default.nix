# netlifyDeploy: publishes a directory as a Netlify site.
{
  lib,
  mkEffect,
  netlify-cli,
  netlifySetupHook,
}:

let
  # Its name stands in messages about its arguments.
  netlifyDeploy =
    args@{
      content,
      siteId,
      secretName ? throw "netlifyDeploy: pass `secretName`, the name of the secret with the field `${secretField}`",
      secretField ? "token",
      productionDeployment ? false,
      extraDeployArgs ? [ ],
      secretsMap ? { },
      ...
    }:
    let
      secrets = {
        netlify = secretName;
      }
      // secretsMap;

      deployArgs = [
        "--dir=${content}"
        "--json"
      ]
      ++ lib.optional productionDeployment "--prod"
      ++ extraDeployArgs;
    in
    mkEffect (
      args
      // {
        buildInputs = [ netlifySetupHook ];
        inputs = [ netlify-cli ];
        secretsMap = secrets;
        netlifySecretField = secretField;
        NETLIFY_SITE_ID = siteId;
        effectScript = ''
          netlify deploy ${lib.escapeShellArgs deployArgs} | tee netlify-result.json
        '';
        __nixplan = {
          kind = "netlifyDeploy";
          given = args;
          args =
            args
            // {
              inherit
                secretName
                secretField
                productionDeployment
                extraDeployArgs
                ;
              secretsMap = secrets;
            };
        };
      }
    );
in
netlifyDeploy
