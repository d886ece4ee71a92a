# Partitions: outputs that are evaluated with more modules and inputs than the others.
{
  config,
  extendModules,
  inputs,
  lib,
  options,
  ...
}:

let
  inherit (lib) mkOption types;

  extraInputs =
    partition:
    partition.extraInputs
    // lib.optionalAttrs (partition.extraInputsFlake != null) (
      removeAttrs (builtins.getFlake (toString partition.extraInputsFlake)).inputs [ "self" ]
    );

  partitionModule =
    { config, ... }:
    {
      options = {
        extraInputsFlake = mkOption {
          type = types.raw;
          default = null;
        };
        extraInputs = mkOption {
          type = types.lazyAttrsOf types.raw;
          default = { };
        };
        module = mkOption {
          type = types.deferredModule;
          default = { };
        };
        flake = mkOption {
          type = types.raw;
          readOnly = true;
        };
      };
      config.flake =
        (extendModules {
          specialArgs.inputs = inputs // extraInputs config;
          modules = [
            config.module
            { partitionedAttrs = lib.mkForce { }; }
          ];
        }).config.flake;
    };
in
{
  options = {
    partitions = mkOption {
      type = types.attrsOf (types.submodule partitionModule);
      default = { };
    };
    partitionedAttrs = mkOption {
      type = types.attrsOf types.str;
      default = { };
    };
  };

  config.processedFlake =
    config.flake // lib.mapAttrs (name: partition: config.partitions.${partition}.flake.${name}) config.partitionedAttrs;
}
