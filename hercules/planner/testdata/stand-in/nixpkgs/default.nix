# Stands in for nixpkgs in tests that use no model: as little of it as effects
# take, of the same shape. Its derivations have real paths and run /bin/sh, with the
# machine's programs, so Nix can build them where its sandbox is off.
{
  system ? "x86_64-linux",
  overlays ? [ ],
  ...
}:
let
  lib = import ./lib.nix;

  build =
    attrs:
    derivation (
      attrs
      // {
        inherit system;
        builder = "/bin/sh";
        args = [
          "-e"
          ./builder.sh
        ];
      }
    );

  # As the original it is a directory with a file `setup`, which sets up PATH and runs
  # the setup hooks of a derivation's inputs.
  stdenv = build {
    name = "stdenv-linux";
    setup = ./setup.sh;
    buildCommand = "mkdir $out; cp $setup $out/setup";
  };

  mkDerivation =
    args:
    let
      attrs = removeAttrs args [ "passthru" ] // {
        inherit stdenv;
        __ignoreNulls = true;
      };
      drv = build attrs;
    in
    drv
    // {
      inputDerivation = derivation (
        drv.drvAttrs
        // {
          outputs = [ "out" ];
          args = [
            "-c"
            "export > $out"
          ];
          originalArgs = drv.drvAttrs.args;
        }
      );
      overrideAttrs = change: mkDerivation (args // change args);
    }
    // args.passthru or { };

  # A package with a program of its name, which says what it was called with.
  package =
    program: version:
    mkDerivation {
      name = "${program}-${version}";
      inherit program;
      buildCommand = ''
        mkdir -p $out/bin
        printf '#!/bin/sh\necho %s "$@"\n' $program >$out/bin/$program
        chmod +x $out/bin/$program
      '';
    };

  base = final: {
    inherit lib stdenv system;
    path = ./.;
    stdenvNoCC = stdenv // {
      inherit mkDerivation;
    };
    runCommand =
      name: env: buildCommand:
      mkDerivation (env // { inherit name buildCommand; });
    newScope =
      scope: file: args:
      let
        f = import file;
      in
      f (builtins.intersectAttrs (builtins.functionArgs f) (final // scope) // args);

    cacert = mkDerivation {
      name = "nss-cacert-3.98";
      buildCommand = ''
        mkdir -p $out/etc/ssl/certs $out/nix-support
        echo none >$out/etc/ssl/certs/ca-bundle.crt
        echo "export SSL_CERT_FILE=$out/etc/ssl/certs/ca-bundle.crt" >$out/nix-support/setup-hook
      '';
    };
    # Another input comes along with it.
    git = mkDerivation {
      name = "git-2.44.0";
      inherit (final) openssh;
      buildCommand = ''
        mkdir -p $out/bin $out/nix-support
        printf '#!/bin/sh\necho git "$@"\n' >$out/bin/git
        chmod +x $out/bin/git
        echo $openssh >$out/nix-support/propagated-build-inputs
      '';
    };
    jq = package "jq" "1.7.1";
    nix = package "nix" "2.18.2";
    openssh = package "ssh" "9.7";
    # The environment may name the program that is NixOps in a test.
    nixops = mkDerivation {
      name = "nixops-1.7";
      program = builtins.getEnv "NIXPLAN_TEST_NIXOPS";
      buildCommand = ''
        mkdir -p $out/bin $out/share/nix/nixops
        printf '#!/bin/sh\nexec "%s" "$@"\n' "''${program:-/no/nixops/in/NIXPLAN_TEST_NIXOPS}" >$out/bin/nixops
        chmod +x $out/bin/nixops
        cp ${./eval-machine-info.nix} $out/share/nix/nixops/eval-machine-info.nix
      '';
    };
  };

  extend = pkgs: overlay: final: let prev = pkgs final; in prev // overlay final prev;
  fix = f: let self = f self; in self;
in
fix (builtins.foldl' extend base overlays)
