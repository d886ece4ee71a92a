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
  prebuilt = import "${expressions}/eval-machine-info.nix" {
    deploymentName = name;
    args = networkArgs;
    networkExprs = map (file: (src.origSrc or src) + "/${file}") (
      networkFiles ++ prebuildOnlyNetworkFiles
    );
  };

  quote = builtins.replaceStrings [ "$" "\"" "\\" ] [ "\\$" "\\\"" "\\\\" ];
  expression = value: "builtins.fromJSON \"${quote (builtins.toJSON value)}\"";
  flags = {
    switch = "";
    boot = "--boot";
    dry-run = "--dry-run";
  };
in
mkEffect (
  removeAttrs args [
    "networkArgs"
    "prebuildOnlyNetworkFiles"
  ]
  // lib.optionalAttrs prebuild { inherit prebuilt; }
  // {
    name = "nixops-${name}";
    inherit
      networkFiles
      deployOnlyNetworkFiles
      stateName
      knownHostsName
      ;
    NIX_PATH = "nixpkgs=${path}";
    NIXOPS_DEPLOYMENT = name;
    inputs = [
      nix
      nixops
      git
    ];
    postGetState = ''
      if [[ -f $stateFileName ]]; then
        nixops modify $networkFiles $deployOnlyNetworkFiles
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
    effectScript = ''
      nixops deploy --confirm --allow-reboot --allow-recreate ${flags.${action}}
    '';
  }
)
