# `perSystem`: a module that is evaluated for each system.
{
  config,
  flake-parts-lib,
  inputs,
  lib,
  self,
  ...
}:

let
  inherit (lib) mkOption types;
  toplevel = config;

  openEach =
    prefix:
    lib.mapAttrs (
      name: set:
      if __nixplan.isUnknown set || !builtins.isAttrs set then set else flake-parts-lib.openOutputs inputs "${prefix}.${name}" set
    );

  onlyTopLevel = name: throw "perSystem: `${name}` is an argument of modules outside of perSystem";
in
{
  options = {
    systems = mkOption { type = types.listOf types.str; };
    perInput = mkOption { type = types.functionTo (types.functionTo (types.lazyAttrsOf types.unspecified)); };
    allSystems = mkOption {
      type = types.raw;
      internal = true;
    };
    perSystem = mkOption {
      type = flake-parts-lib.mkPerSystemType (
        { system, inputs', ... }:
        {
          config._module = {
            args = {
              self' = openEach "self'" (toplevel.perInput system self);
              inputs' = lib.mapAttrs (
                name: input:
                if __nixplan.isUnknown input || __nixplan.isUnknown (input._type or null) || input._type or null == "flake" then
                  toplevel.perInput system input
                else
                  throw "perSystem: the input `${name}` is not a flake, so it has nothing for a system"
              ) (removeAttrs inputs [ "self" ]);
              pkgs = lib.mkOptionDefault (
                if inputs ? nixpkgs then inputs'.nixpkgs.legacyPackages else throw "perSystem: `pkgs` needs an input `nixpkgs`"
              );
            }
            // lib.genAttrs [ "self" "inputs" "getSystem" "withSystem" "moduleWithSystem" ] onlyTopLevel;
          };
        }
      );
      apply =
        module: system:
        (lib.evalModules {
          class = "perSystem";
          prefix = [
            "perSystem"
            system
          ];
          specialArgs = { inherit system; };
          modules = [ module ];
        }).config;
    };
  };

  config = {
    allSystems = lib.genAttrs config.systems config.perSystem;
    _module.args = rec {
      getSystem = system: config.allSystems.${system} or (config.perSystem system);
      getSystemIgnoreWarning = getSystem;
    };
  };
}
