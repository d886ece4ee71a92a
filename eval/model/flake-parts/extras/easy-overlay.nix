# `overlayAttrs` of perSystem as an overlay.
toplevel@{
  flake-parts-lib,
  getSystem,
  lib,
  ...
}:

let
  inherit (lib) mkOption types;
in
{
  options.perSystem = flake-parts-lib.mkPerSystemOption (
    { extendModules, pkgs, ... }:
    {
      options = {
        extendModules = mkOption {
          type = types.raw;
          default = extendModules;
          internal = true;
        };
        overlayAttrs = mkOption {
          type = types.lazyAttrsOf types.raw;
          default = { };
        };
      };
      config._module.args.final = lib.mkDefault (pkgs.extend toplevel.config.flake.overlays.default);
    }
  );

  config.flake.overlays.default =
    final: prev:
    ((getSystem prev.stdenv.hostPlatform.system).extendModules {
      modules = [
        {
          _module.args.pkgs = lib.mkForce prev;
          _module.args.final = lib.mkForce final;
        }
      ];
    }).config.overlayAttrs;
}
