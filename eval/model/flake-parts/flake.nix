# flake-parts as a flake input.
{
  inputs.nixpkgs-lib.url = "github:nix-community/nixpkgs.lib";

  outputs =
    inputs:
    let
      # Until the end of 2022 the input was called nixpkgs.
      inherit (inputs.nixpkgs-lib or inputs.nixpkgs or { }) lib;
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
        # Whatever it is called and wherever it comes from, it has nixpkgs' lib, or flake-parts would not work.
        lib =
          if !(inputs ? nixpkgs-lib || inputs ? nixpkgs) || __nixplan.isUnknown lib then
            __nixplan.assume "the lib of flake-parts is that of nixpkgs" (import <nixpkgs/lib>)
          else
            lib;
        modules = builtins.attrValues builtinModules;
      };
      flakeModules = __nixplan.open "flake-parts.flakeModules" (builtinModules // extraModules);
      templates = __nixplan.open "flake-parts.templates" { };
    };
}
