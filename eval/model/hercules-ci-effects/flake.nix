# hercules-ci-effects as a flake input.
{
  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    flake-parts.url = "github:hercules-ci/flake-parts";
  };

  outputs =
    inputs:
    let
      withPkgs =
        pkgs:
        let
          effects = import ./effects/default.nix effects pkgs;
        in
        effects;

      inherit (import ./effects/decide.nix) sure;

      # Until 10 November 2022 the module gave perSystem an argument, and left the attribute herculesCI to the flake.
      argumentOnly = sure (inputs.self.lastModified or null != null && inputs.self.lastModified < 1668057389);
      flakeModule = if argumentOnly then ./flake-modules/module-argument.nix else ./flake-module.nix;
    in
    {
      inherit flakeModule;
      flakeModules.default = flakeModule;

      lib = {
        inherit withPkgs;
        mkHerculesCI = import ./lib/mkHerculesCI.nix inputs;
      };

      modules.effect = import ./effects/modules.nix;

      overlay = final: _: {
        effects = final.hci-effects;
        hci-effects = import ./effects/default.nix final.hci-effects final;
      };

      templates = rec {
        default = flake-parts;
        flake-parts = {
          path = ./templates/flake-parts;
          description = "Effects in a repository that uses flake-parts";
        };
      };
    };
}
