# lib.flakes: flake references, which only a Nix with flakes can take apart.
{ lib }:
{
  parseFlakeRef = builtins.parseFlakeRef or (__nixplan.unknown "lib.flakes.parseFlakeRef");
  flakeRefToString = builtins.flakeRefToString or (__nixplan.unknown "lib.flakes.flakeRefToString");
}
