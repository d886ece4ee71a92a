# The functions that bring perSystem's arguments to other places.
{
  flake-parts-lib,
  getSystem,
  lib,
  ...
}:

let
  withSystem = system: f: f (getSystem system).allModuleArgs;
in
{
  options.perSystem = flake-parts-lib.mkPerSystemOption (
    {
      config,
      options,
      specialArgs,
      ...
    }:
    {
      options.allModuleArgs = lib.mkOption {
        type = lib.types.lazyAttrsOf lib.types.raw;
        internal = true;
      };
      config.allModuleArgs = config._module.args // specialArgs // { inherit config options; };
    }
  );

  config._module.args = {
    inherit withSystem;

    # A module with perSystem's arguments: those of the system that the module's own `pkgs` is for.
    moduleWithSystem =
      module:
      { config, ... }:
      let
        inherit (config._module.args.pkgs.stdenv.hostPlatform) system;
        available = withSystem system (args: args);
      in
      {
        imports = [ (module (lib.mapAttrs (name: _: available.${name}) (lib.functionArgs module))) ];
      };
  };
}
