# lib.mkHerculesCI: the `herculesCI` output by modules, for a flake that does not use flake-parts.
{ flake-parts, ... }:

{ inputs }:
module:
(flake-parts.lib.mkFlake { inherit inputs; } (
  {
    config,
    lib,
    self,
    ...
  }:
  {
    imports = [
      ../flake-module.nix
      (lib.setDefaultModuleLocation "the argument of mkHerculesCI" module)
    ];
    options.selfAttributesDefinedViaMkHerculesCI = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      default = [ "herculesCI" ];
    };
    config = {
      systems = lib.mkDefault [ config.defaultEffectSystem ];
      herculesCI.flakeForOnPushDefault.outputs = config.flake;
      flake = removeAttrs (self.outputs or self) config.selfAttributesDefinedViaMkHerculesCI;
    };
  }
)).herculesCI
