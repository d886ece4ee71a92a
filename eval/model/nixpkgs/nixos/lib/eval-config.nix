# Evaluates a NixOS configuration as far as it is known without NixOS: the
# user's modules, and what NixOS itself would do with them left open.
{
  system ? __nixplan.system,
  pkgs ? null,
  lib ? import ../../lib,
  modules,
  baseModules ? [ ],
  extraModules ? [ ],
  extraArgs ? { },
  specialArgs ? { },
  modulesLocation ? null,
  check ? true,
  prefix ? [ ],
}:
let
  inherit (__nixplan) isUnknown open;

  located =
    if modulesLocation == null || isUnknown modules then
      modules
    else
      map (lib.setDefaultModuleLocation modulesLocation) modules;

  configuration = lib.evalModules {
    inherit prefix;
    class = "nixos";
    specialArgs = {
      modulesPath = builtins.toString ../modules;
    }
    // specialArgs;
    modules = [
      {
        _file = "nixos/lib/eval-config.nix";
        config = {
          _module.args = {
            inherit baseModules extraModules modules;
            noUserModules = configuration.extendModules { modules = [ ]; };
          }
          // extraArgs;
          _module.check = check;
          nixpkgs.system = lib.mkIf (system != null) (lib.mkDefault system);
          nixpkgs.pkgs = lib.mkIf (pkgs != null) (lib.mkForce pkgs);
        };
      }
      ./base-module.nix
    ]
    ++ baseModules
    ++ extraModules
    ++ located;
  };

  # What eval-config adds to an evaluation of modules.
  finish =
    evaluated:
    evaluated
    // {
      options = open "options" evaluated.options;
      inherit extraArgs lib;
      inherit (evaluated._module.args) pkgs;
      extendModules = args: finish (evaluated.extendModules args);
    };
in
finish configuration
