# flake-utils as a flake input.
{
  outputs = _: { lib = import ./lib.nix; };
}
