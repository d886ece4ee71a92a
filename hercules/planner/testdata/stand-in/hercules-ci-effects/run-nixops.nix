{
  git,
  lib,
  mkEffect,
  nix,
  nixops,
  path,
  runCommand,
}:
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
  action ? "switch",
  ...
}:
let
  # The original builds NixOps' expressions to import them, too.
  expressions = runCommand "nixops-expressions" { inherit nixops; } "cp -r $nixops/share $out";
  prebuilt = import "${expressions}/nix/nixops/eval-machine-info.nix" {
    deploymentName = name;
    args = networkArgs;
    networkExprs = map (file: (src.origSrc or src) + "/${file}") (
      networkFiles ++ prebuildOnlyNetworkFiles
    );
  };
  machines = prebuilt.machines { names = builtins.attrNames prebuilt.nodes; } // {
    inherit (prebuilt) nodes;
  };

  quote = builtins.replaceStrings [ "$" "\"" "\\" ] [ "\\$" "\\\"" "\\\\" ];
  expression = value: "builtins.fromJSON \"${quote (builtins.toJSON value)}\"";
  flags = {
    switch = "";
    boot = "--boot";
    dry-run = "--dry-run";
  };
  writesState = action != "dry-run";
in
mkEffect (
  removeAttrs args [
    "networkArgs"
    "prebuildOnlyNetworkFiles"
  ]
  // lib.optionalAttrs prebuild { prebuilt = machines; }
  // {
    name = "nixops-${name}";
    inherit
      networkFiles
      deployOnlyNetworkFiles
      stateName
      knownHostsName
      ;
    NIX_PATH = args.NIX_PATH or "nixpkgs=${path}";
    NIXOPS_DEPLOYMENT = args.NIXOPS_DEPLOYMENT or name;
    inputs = [
      nix
      nixops
      git
    ]
    ++ args.inputs or [ ];

    getStateScript = ''
      stateFileName=$PWD/nixops-state.json
      getStateFile "$stateName" "$stateFileName"
      getStateFile "$knownHostsName" ~/.ssh/known_hosts
    '';
    postGetState = ''
      if [[ -f $stateFileName ]]; then
        nixops import --include-keys <"$stateFileName"
        nixops modify $networkFiles $deployOnlyNetworkFiles
      else
        nixops create $networkFiles $deployOnlyNetworkFiles
      fi
      nixops set-args ${
        lib.escapeShellArgs (
          lib.concatLists (
            lib.mapAttrsToList (name: value: [
              "--arg"
              name
              (expression value)
            ]) networkArgs
          )
        )
      }
    '';
    priorCheckScript = args.priorCheckScript or "nixops check\n";
    effectScript = ''
      nixops --version
      nixops deploy --confirm --allow-reboot --allow-recreate ${flags.${action}}
    '';
    prePutState = lib.optionalString writesState "nixops export >\"$stateFileName\"\n";
    putStateScript = lib.optionalString writesState ''
      putStateFile "$stateName" "$stateFileName"
      putStateFile "$knownHostsName" ~/.ssh/known_hosts
    '';
    effectCheckScript = args.effectCheckScript or (lib.optionalString writesState "nixops check\n");
  }
)
