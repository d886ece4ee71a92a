# nixpkgs as a flake input.
{
  outputs =
    { self, ... }:
    let
      lib = import ./lib;
    in
    {
      lib = lib.extend (
        final: _: {
          nixos = import ./nixos/lib { lib = final; };
          nixosSystem =
            args:
            import ./nixos/lib/eval-config.nix (
              {
                lib = final;
                system = null;
              }
              // args
            );
        }
      );

      legacyPackages = lib.genAttrs lib.systems.flakeExposed (system: import ./. { inherit system; });

      nixosModules = {
        notDetected = ./nixos/modules/installer/scan/not-detected.nix;
        readOnlyPkgs = ./nixos/modules/misc/nixpkgs/read-only.nix;
      };
    };
}
