# The options `flake.flakeModules` and `flake.flakeModule`.
{
  flake-parts-lib,
  lib,
  moduleLocation,
  ...
}:

let
  inherit (lib) mkOption types;
in
{
  options.flake = flake-parts-lib.mkSubmoduleOptions {
    flakeModules = mkOption {
      type = types.lazyAttrsOf types.deferredModule;
      default = { };
      apply = lib.mapAttrs (
        name: module: {
          _file = "${toString moduleLocation}#flakeModules.${name}";
          key = "${toString moduleLocation}#flakeModules.${name}";
          imports = [ module ];
        }
      );
    };
    flakeModule = mkOption {
      type = types.deferredModule;
      default = { };
    };
  };
}
