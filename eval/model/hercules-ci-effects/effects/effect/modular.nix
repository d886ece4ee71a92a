# Effects described by modules.
{
  lib,
  pkgs,
  hci-effects,
}:

let
  evalEffect =
    kind: modules:
    (lib.evalModules {
      modules = [
        ./effect-module.nix
        {
          _file = __curPos.file;
          _module.args.pkgs = lib.mkDefault pkgs;
          nixplan.kind = lib.mkDefault kind;
        }
      ]
      ++ modules;
      specialArgs = { inherit hci-effects; };
    }).config.effectDerivation;

  withUserModule = name: libraryModule: userModule: [
    libraryModule
    (lib.setDefaultModuleLocation "${name} invocation parameters module" userModule)
  ];
in
{
  modularEffect = module: evalEffect "modularEffect" [ module ];

  modularEffectWithUserModule =
    name: libraryModule: userModule:
    hci-effects.modularEffect { imports = withUserModule name libraryModule userModule; };

  # The same for functions that the plan knows by name.
  withKind =
    kind: libraryModule: userModule:
    evalEffect kind (withUserModule kind libraryModule userModule);
}
