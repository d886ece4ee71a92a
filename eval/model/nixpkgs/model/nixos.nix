# NixOS as pkgs offers it.
{ lib, pkgs }:

let
  inherit (__nixplan) open unknown;

  evaluated =
    configuration:
    import ../nixos/lib/eval-config.nix {
      inherit lib pkgs;
      inherit (pkgs) system;
      modules = if builtins.isList configuration then configuration else [ configuration ];
    };

  nixosTest =
    test:
    pkgs.stdenvNoCC.mkDerivation {
      name = "vm-test-run-${if builtins.isAttrs test then test.name or "unnamed" else "unnamed"}";
      passthru.driver = unknown "a NixOS test's driver";
    };
in
{
  nixos =
    configuration:
    let
      system = evaluated configuration;
    in
    system.config.system.build // system;

  inherit nixosTest;
  nixosTests = open "pkgs.nixosTests" { };
  testers = open "pkgs.testers" {
    inherit nixosTest;
    runNixOSTest = nixosTest;
  };
}
