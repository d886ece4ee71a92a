# The `effects` set: every function of hercules-ci-effects. `self` is the set itself, so that what an overlay changes in it
# is seen by the other functions; `given` is the package set.
self: given:

let
  inherit (__nixplan) assume isUnknown known source;

  modelled =
    import (source {
      url = "https://github.com/NixOS/nixpkgs";
      kind = "nixpkgs";
    }) { };

  # Without a usable package set the functions still mean what they mean.
  pkgs =
    if isUnknown given then
      assume "the package set given to hercules-ci-effects is nixpkgs" modelled
    else if isUnknown given.newScope then
      assume "the package set given to hercules-ci-effects is nixpkgs" (modelled // known given)
    else
      given;

  inherit (pkgs) lib;

  # Functions made by callPackage have `override`, with the packages they use as arguments.
  callPackage = pkgs.newScope self;

  modular = import ./effect/modular.nix { inherit lib pkgs; hci-effects = self; };
in
{
  inherit callPackage;
  effects = self;
  hci-effects = self;

  mkEffect = callPackage ./effect/effect.nix { };
  inherit (modular) modularEffect modularEffectWithUserModule;
  modules = import ./modules.nix;
  runIf = import ./run-if.nix { inherit lib; };

  runNixOps = callPackage ./nixops/run-nixops.nix { };
  runNixOps2 = callPackage ./nixops2/run-nixops2.nix { };
  runNixOS = callPackage ./nixos/run-nixos.nix { };
  runNixDarwin = callPackage ./nix-darwin/run-nix-darwin.nix { };
  runArion = callPackage ./arion/run-arion.nix { };
  runCachixDeploy = callPackage ./cachix-deploy/run-cachix-deploy.nix { };
  runPutUrl = callPackage ./run-put-url.nix { };

  cargoPublish = callPackage ./cargo { };
  netlifyDeploy = callPackage ./netlify { };
  gitWriteBranch = modular.withKind "gitWriteBranch" ./write-branch/effect-module.nix;
  flakeUpdate = callPackage ./flake-update/effect-fun.nix { };

  ssh = callPackage ./ssh/call-ssh.nix { };
  nix-shell = callPackage ./nix-shell { };

  git-crypt-hook = callPackage ./git-crypt-hook { };
  cargoSetupHook = pkgs.runCommand "hercules-ci-cargo-setup-hook" { } "";
  netlifySetupHook = pkgs.runCommand "hercules-ci-netlify-setup-hook" { } "";

  effectVMTest = callPackage ./effect-vm-test { extraModule.config.hci = pkgs.hci; };
}
