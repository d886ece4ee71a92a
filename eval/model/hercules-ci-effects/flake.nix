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
    in
    {
      flakeModule = ./flake-module.nix;
      flakeModules.default = ./flake-module.nix;

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
