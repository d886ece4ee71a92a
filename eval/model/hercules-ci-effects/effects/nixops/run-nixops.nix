# runNixOps: deploys a NixOps 1 network, with its state kept by Hercules CI.
{
  lib,
  git,
  mkEffect,
  nix,
  nixops,
  path,
  stdenvNoCC,
}:

let
  inherit (__nixplan) isUnknown;
  inherit (import ../decide.nix) maybeTrue sure;

  actionFlags = import ./actions.nix;
  prebuiltNetwork = import ./prebuilt.nix { inherit lib stdenvNoCC; };

  # The arguments of `nixops set-args`: each value as an expression that reads it from JSON.
  asExpression = json: "builtins.fromJSON \"${lib.escape [ "\\" "\"" "$" ] json}\"";
  # What is no set is reported by the plan.
  setArgs =
    networkArgs:
    lib.optionals (isUnknown networkArgs || builtins.isAttrs networkArgs) (lib.concatLists (lib.mapAttrsToList (name: _: [ "--arg" name (asExpression (__nixplan.json name networkArgs)) ]) networkArgs));

  # Its name stands in messages about its arguments.
  runNixOps =
    args@{
      name,
      src,
      networkFiles ? [ "network.nix" ],
      networkArgs ? { },
      prebuild ? true,
      prebuildOnlyNetworkFiles ? [ ],
      deployOnlyNetworkFiles ? [ ],
      stateName ? "nixops-${name}.json",
      knownHostsName ? "nixops-${name}.known_hosts",
      secretsMap ? { },
      NIX_PATH ? "nixpkgs=${path}",
      action ? "switch",
      ...
    }:
    let
      flag =
        actionFlags.${action} or (__nixplan.refuse {
          id = "NP502";
          inherit args;
          name = "action";
          message = "runNixOps has no action \"${action}\"";
          help = "the actions are ${lib.concatStringsSep ", " (builtins.attrNames actionFlags)}";
        });

      # Only a dry run leaves the state alone.
      writesState = !(sure (action == "dry-run"));
      ifWritesState = lib.optionalString writesState;

      inputs = [
        nix
        nixops
        git
      ]
      ++ args.inputs or [ ];

      NIXOPS_DEPLOYMENT = args.NIXOPS_DEPLOYMENT or name;
      priorCheckScript = args.priorCheckScript or "nixops check\n";
      effectCheckScript = args.effectCheckScript or (ifWritesState "nixops check\n");

      prebuilt = prebuiltNetwork {
        inherit name src networkArgs;
        files = networkFiles ++ prebuildOnlyNetworkFiles;
      };

      # What the effect gets whether or not the caller gave it.
      always = {
        inherit
          networkFiles
          deployOnlyNetworkFiles
          stateName
          knownHostsName
          NIX_PATH
          NIXOPS_DEPLOYMENT
          inputs
          priorCheckScript
          effectCheckScript
          ;
      };
    in
    mkEffect (
      builtins.removeAttrs args [
        "networkArgs"
        "prebuildOnlyNetworkFiles"
      ]
      // lib.optionalAttrs (maybeTrue prebuild) { inherit prebuilt; }
      // always
      // {
        name = "nixops-${name}";

        getStateScript = ''
          stateFileName="$PWD/nixops-state.json"
          getStateFile "$stateName" "$stateFileName"
          mkdir -p ~/.ssh
          getStateFile "$knownHostsName" ~/.ssh/known_hosts
          touch ~/.ssh/known_hosts
        '';

        postGetState = ''
          if [[ -f $stateFileName ]]; then
            nixops import --include-keys <$stateFileName
            nixops modify $networkFiles $deployOnlyNetworkFiles
          else
            nixops create $networkFiles $deployOnlyNetworkFiles
          fi
          nixops set-args ${lib.escapeShellArgs (setArgs networkArgs)}
        '';

        effectScript = ''
          nixops --version
          nixops deploy --confirm --allow-reboot --allow-recreate ${flag}
        '';

        prePutState = ifWritesState ''
          nixops export >"$stateFileName"
          if [[ ! -s "$stateFileName" ]]; then
            rm "$stateFileName"
            exit 1
          fi
        '';

        putStateScript = ifWritesState ''
          putStateFile "$stateName" "$stateFileName"
          putStateFile "$knownHostsName" ~/.ssh/known_hosts
        '';

        __nixplan = {
          kind = "runNixOps";
          given = args;
          args = {
            userSetupScript = "";
            preUserSetup = "";
          }
          // args
          // always
          // {
            inherit
              name
              src
              networkArgs
              prebuild
              prebuildOnlyNetworkFiles
              secretsMap
              action
              ;
          };
        };
      }
    );
in
runNixOps
