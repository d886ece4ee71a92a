# The standard outputs.
{
  flake-parts-lib,
  inputs,
  lib,
  moduleLocation,
  ...
}:

let
  inherit (lib) mkOption types;

  perSystemSet =
    name:
    flake-parts-lib.mkTransposedPerSystemModule {
      inherit name;
      file = ./outputs.nix;
      option = mkOption {
        type = types.lazyAttrsOf types.raw;
        default = { };
        apply = (flake-parts-lib.beyondReach inputs).open name;
      };
    };

  set = mkOption {
    type = types.lazyAttrsOf types.raw;
    default = { };
  };
in
{
  imports = map perSystemSet [
    "apps"
    "checks"
    "devShells"
    "legacyPackages"
    "packages"
  ];

  options = {
    flake = {
      nixosConfigurations = set;
      overlays = set;
      nixosModules = mkOption {
        type = types.lazyAttrsOf types.deferredModule;
        default = { };
        apply = lib.mapAttrs (
          name: module: {
            _class = "nixos";
            _file = "${toString moduleLocation}#nixosModules.${name}";
            imports = [ module ];
          }
        );
      };
      formatter = set;
    };
    perSystem = flake-parts-lib.mkPerSystemOption {
      options.formatter = mkOption {
        type = types.raw;
        default = null;
      };
    };
  };

  config.perInput = system: flake: { formatter = flake.formatter.${system}; };
}
