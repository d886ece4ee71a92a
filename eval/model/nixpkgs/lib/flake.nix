# lib as a flake input (github:NixOS/nixpkgs?dir=lib).
{
  outputs = _: { lib = import ./.; };
}
