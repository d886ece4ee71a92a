# flake-utils by import.
{
  system ? __nixplan.system,
}:
{
  lib = import ./lib.nix;
}
