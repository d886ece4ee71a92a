# runNixOps2: deploys a NixOps 2 network, whose state is where the network says.
packages@{
  lib,
  git,
  hci,
  mkEffect,
  nix,
  openssh,
  path,
  rsync,
  stdenvNoCC,
}:

let
  inherit (import ../decide.nix) given maybeTrue possible;

  actionFlags = import ../nixops/actions.nix;
  prebuiltNetwork = import ../nixops/prebuilt.nix { inherit lib stdenvNoCC; };

  # The sentence by which one accepts https://github.com/NixOS/nixops/issues/1499.
  exception = "I know this can corrupt the state, until https://github.com/NixOS/nixops/issues/1499 is resolved.";

  # Its name stands in messages about its arguments.
  runNixOps2 =
    args@{
      name ? null,
      flake ? null,
      src ? flake.outPath,
      networkFiles ? null,
      forgetState ? false,
      prebuild ? true,
      prebuildNetworkArgs ? { },
      prebuildOnlyNetworkFiles ? [ ],
      prebuildOnlyModules ? [ ],
      secretsMap ? { },
      # Required since March 2024. Sources from before, which repositories still have pinned, took it from nixpkgs.
      nixops ?
        __nixplan.assume
          "runNixOps2 has a default for `nixops`, as it had until March 2024; with newer sources pass one, such as nixops_unstable_minimal.withPlugins (ps: [ ps.nixops-hercules-ci ])"
          (__nixplan.unknown "the default nixops of runNixOps2"),
      nix ? packages.nix,
      action ? "switch",
      allowReboot ? true,
      allowRecreate ? true,
      extraDeployArgs ? [ ],
      ...
    }:
    let
      refuse = why: __nixplan.refuse ({ id = "NP505"; inherit args; } // why);

      deploymentName = if given name then name else "nixops";

      deployArgs =
        lib.optional (actionFlags.${action} != "") actionFlags.${action}
        ++ lib.optional allowReboot "--allow-reboot"
        ++ lib.optional allowRecreate "--allow-recreate"
        ++ extraDeployArgs;

      always = {
        inherit src;
        inputs = [
          nix
          nixops
          openssh
          rsync
          hci
          git
        ]
        ++ args.inputs or [ ];
        NIX_PATH = args.NIX_PATH or "nixpkgs=${path}";
        NIXOPS_DEPLOYMENT = args.NIXOPS_DEPLOYMENT or name;
        priorCheckScript = args.priorCheckScript or "nixops check\n";
        effectScript = args.effectScript or "nixops deploy --confirm ${lib.escapeShellArgs deployArgs}\n";
        effectCheckScript = args.effectCheckScript or "nixops check\n";
      };

      prebuilt = prebuiltNetwork {
        name = deploymentName;
        inherit src flake forgetState;
        networkArgs = prebuildNetworkArgs;
        # The files of a flake's network are in the flake; only the additional ones are named.
        files = (if given flake then [ ] else networkFiles) ++ prebuildOnlyNetworkFiles;
        modules = prebuildOnlyModules;
      };

      sourceGiven = if __nixplan.isUnknown flake || __nixplan.isUnknown networkFiles then true else (flake == null) != (networkFiles == null);
      actionAllowed = possible (action == "switch") || args ? makeAnException && possible (args.makeAnException == exception);
    in
    if !(possible sourceGiven) then
      refuse {
        name = "networkFiles";
        message = "runNixOps2: pass exactly one of `flake` and `networkFiles`";
        help = "take the network from a flake, or name its files; not both";
      }
    else if !(possible actionAllowed) then
      refuse {
        name = "action";
        message = "runNixOps2: an `action` other than \"switch\" can lose state until https://github.com/NixOS/nixops/issues/1499 is resolved";
        help = "leave `action` out";
      }
    else
      mkEffect (
        builtins.removeAttrs args [
          "prebuildNetworkArgs"
          "prebuildOnlyModules"
          "flake"
        ]
        // lib.optionalAttrs (maybeTrue prebuild) { inherit prebuilt; }
        // always
        // {
          name = "nixops-${deploymentName}";
          __nixplan = {
            kind = "runNixOps2";
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
                flake
                networkFiles
                forgetState
                prebuild
                prebuildNetworkArgs
                prebuildOnlyNetworkFiles
                prebuildOnlyModules
                secretsMap
                action
                allowReboot
                allowRecreate
                extraDeployArgs
                ;
            };
          };
        }
      );
in
runNixOps2
