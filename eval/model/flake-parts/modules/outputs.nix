# The standard outputs.
{
  config,
  flake-parts-lib,
  inputs,
  lib,
  moduleLocation,
  ...
}:

let
  inherit (lib) mkOption types;
  inherit (__nixplan) isUnknown;

  # legacyPackages are left as they are: a package set is often open by itself.
  openOutput = name: if name == "legacyPackages" then lib.id else flake-parts-lib.openOutputs inputs name;

  perSystemSet =
    name: complete:
    flake-parts-lib.mkTransposedPerSystemModule {
      inherit name;
      file = ./outputs.nix;
      option = mkOption {
        type = types.lazyAttrsOf types.raw;
        default = { };
        apply = set: openOutput name (lib.mapAttrs (_: complete) set);
      };
    };

  # An app's type needs no saying, and its program may be a package.
  app =
    value:
    if isUnknown value then
      value
    else
      {
        type = "app";
      }
      // value
      // {
        program = if lib.isDerivation value.program then lib.getExe value.program else value.program;
      };

  # Modules that are not here often bring a formatter.
  formatter =
    system: perSystem:
    if !isUnknown perSystem.formatter && perSystem.formatter == null && !flake-parts-lib.reaches inputs then
      __nixplan.foreign "the formatter for ${system}"
    else
      perSystem.formatter;

  set = mkOption {
    type = types.lazyAttrsOf types.raw;
    default = { };
  };
in
{
  imports = [
    (perSystemSet "apps" app)
  ]
  ++ map (name: perSystemSet name lib.id) [
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

  config = {
    flake.formatter = lib.filterAttrs (_: value: isUnknown value || value != null) (lib.mapAttrs formatter config.allSystems);
    perInput = system: flake: { formatter = flake.formatter.${system}; };
  };
}
