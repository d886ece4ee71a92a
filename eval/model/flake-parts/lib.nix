# flake-parts.lib: a flake's outputs from modules.
{
  lib,
  modules,
}:

let
  inherit (lib) mkOption types;
  inherit (__nixplan) isUnknown;

  # Can the modules of all inputs be read?
  reaches =
    inputs:
    lib.all (name: name == "self" || !isUnknown inputs.${name} && !isUnknown (inputs.${name}.outputs or null)) (
      lib.attrNames inputs
    );

  # How a set of outputs is seen: modules that cannot may add to any, and then what nobody defines is unknown instead of
  # missing.
  openOutputs = inputs: if reaches inputs then _: set: set else __nixplan.openForeign;

  self = rec {
    evalFlakeModule =
      args@{
        inputs ? self.inputs,
        self ? inputs.self or (throw "mkFlake: pass all arguments of the `outputs` function as `inputs`"),
        specialArgs ? { },
        moduleLocation ? self.outPath + "/flake.nix",
      }:
      module:
      if !(args ? self) && !(args ? inputs) then
        throw "mkFlake: pass the arguments of the `outputs` function as `inputs`"
      else
        lib.evalModules {
          class = "flake";
          specialArgs = {
            inherit inputs self moduleLocation;
            flake-parts-lib = flakePartsLib;
          }
          // specialArgs;
          modules = modules ++ [
            (lib.setDefaultModuleLocation "flake.nix" module)
          ];
        };

    mkFlake =
      args: module:
      let
        inherit (evalFlakeModule args module) config options;
        processed = options.processedFlake.isDefined;
        flake = if !isUnknown processed && processed then config.processedFlake else config.flake;
      in
      if args ? inputs && !isUnknown flake then openOutputs args.inputs "self" (__nixplan.known flake) else flake;

    # Declarations of `perSystem` in several modules add up.
    mkPerSystemType = module: types.deferredModuleWith { staticModules = [ module ]; };
    mkPerSystemOption = module: mkOption { type = mkPerSystemType module; };
    mkDeferredModuleType = mkPerSystemType;
    mkDeferredModuleOption = mkPerSystemOption;
    deferredModuleWith = types.deferredModuleWith;

    mkSubmoduleOptions = options: mkOption { type = types.submoduleWith { modules = [ { inherit options; } ]; }; };

    # An option of perSystem that also becomes `flake.<name>.<system>`.
    mkTransposedPerSystemModule =
      {
        name,
        option,
        file,
      }:
      {
        _file = file;
        options = {
          flake.${name} = mkOption {
            type = types.lazyAttrsOf option.type;
            default = { };
          };
          perSystem = mkPerSystemOption {
            _file = file;
            options.${name} = option;
          };
        };
        config.transposition.${name} = { };
      };

    defaultModule = maybeFlake: if maybeFlake._type or "" == "flake" then maybeFlake.flakeModules.default or maybeFlake else maybeFlake;

    importApply = path: staticArgs: lib.setDefaultModuleLocation path (import path staticArgs);

    importAndPublish = name: module: {
      imports = [
        module
        ./extras/modules.nix
      ];
      flake.modules.flake.${name} = module;
    };

    inherit (lib) mkAliasOptionModule;
    attrsWith = types.attrsWith;
    memoizeStr = f: f;
    inherit openOutputs reaches;
  };

  flakePartsLib = self;
in
self
