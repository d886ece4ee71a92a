# flake-parts as a flake input.
{
  inputs.nixpkgs-lib.url = "github:nix-community/nixpkgs.lib";

  outputs =
    { nixpkgs-lib, ... }:
    let
      builtinModules = {
        flake = ./modules/flake.nix;
        perSystem = ./modules/per-system.nix;
        outputs = ./modules/outputs.nix;
        transposition = ./modules/transposition.nix;
        withSystem = ./modules/with-system.nix;
      };
      extraModules = {
        easyOverlay = ./extras/easy-overlay.nix;
        flakeModules = ./extras/flake-modules.nix;
        modules = ./extras/modules.nix;
        partitions = ./extras/partitions.nix;
      };
    in
    {
      lib = import ./lib.nix {
        inherit (nixpkgs-lib) lib;
        modules = builtins.attrValues builtinModules;
      };
      flakeModules = __nixplan.open "flake-parts.flakeModules" (builtinModules // extraModules);
      templates = __nixplan.open "flake-parts.templates" { };
    };
}
