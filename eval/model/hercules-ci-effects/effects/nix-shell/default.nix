# effects.nix-shell { shell; } command: shell text that runs a command in a nix-shell.
{ lib, nix }:

let
  inherit (import ../decide.nix) require possible;

  # Its name stands in messages about its arguments.
  nix-shell =
    { shell }:
    run:
    require (possible (lib.isDerivation shell)) "nix-shell: `shell` must be a derivation, but its type is ${builtins.typeOf shell}"
      "${nix}/bin/nix-shell ${shell.drvPath} --run ${lib.escapeShellArg run}";
in
nix-shell
