{
  git,
  lib,
  mkEffect,
  nix,
  path,
}:
args@{
  name ? null,
  src,
  networkFiles,
  nixops,
  forgetState ? false,
  action ? "switch",
  allowReboot ? true,
  allowRecreate ? true,
  extraDeployArgs ? [ ],
  ...
}:
let
  flags =
    lib.optional allowReboot "--allow-reboot"
    ++ lib.optional allowRecreate "--allow-recreate"
    ++ extraDeployArgs;
in
mkEffect (
  removeAttrs args [ "prebuildNetworkArgs" ]
  // {
    name = "nixops-${if name == null then "nixops" else name}";
    NIX_PATH = args.NIX_PATH or "nixpkgs=${path}";
    NIXOPS_DEPLOYMENT = args.NIXOPS_DEPLOYMENT or name;
    inputs = [
      nix
      nixops
      git
    ]
    ++ args.inputs or [ ];
    priorCheckScript = args.priorCheckScript or "nixops check\n";
    effectScript =
      args.effectScript or "nixops deploy --confirm ${lib.escapeShellArgs flags}\n";
    effectCheckScript = args.effectCheckScript or "nixops check\n";
  }
)
