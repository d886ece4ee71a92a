# NixOS' own library.
{
  lib ? import ../../lib,
  ...
}:
__nixplan.open "nixos/lib" {
  # Modules with NixOS' module arguments, but without NixOS' modules.
  evalModules =
    {
      modules ? [ ],
      prefix ? [ ],
      specialArgs ? { },
    }:
    lib.evalModules {
      inherit modules prefix;
      class = "nixos";
      specialArgs = {
        modulesPath = builtins.toString ../modules;
      }
      // specialArgs;
    };
}
