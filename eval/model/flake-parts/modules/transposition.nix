# perSystem's `<name>` for each system becomes `flake.<name>.<system>`.
{ config, lib, ... }:

let
  inherit (lib) mapAttrs mkOption types;

  # What modules beyond reach may have added is left out of the outputs.
  closed =
    name: set:
    if name != "legacyPackages" && !__nixplan.isUnknown set && builtins.isAttrs set then __nixplan.known set else set;
in
{
  options.transposition = mkOption {
    type = types.lazyAttrsOf (
      types.submodule {
        options.adHoc = mkOption {
          type = types.bool;
          default = false;
        };
      }
    );
  };

  config = {
    flake = mapAttrs (
      name: _:
      mapAttrs (_: system: closed name (system.${name} or (throw "perSystem has no option `${name}`, which `transposition` names"))) config.allSystems
    ) config.transposition;

    perInput =
      system: flake:
      mapAttrs (
        name: _: flake.${name}.${system} or (throw "the input has no `${name}.${system}`")
      ) config.transposition;

    perSystem.options = mapAttrs (_: _: mkOption { type = types.raw; }) (
      lib.filterAttrs (_: transposed: transposed.adHoc) config.transposition
    );
  };
}
