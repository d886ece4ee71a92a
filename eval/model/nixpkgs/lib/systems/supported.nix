# lib.systems.supported: how well nixpkgs supports a system, as older releases list it.
{ lib }:
let
  tier1 = [ "x86_64-linux" ];
  tier2 = [ "aarch64-linux" "x86_64-darwin" ];
  tier3 = [ "armv6l-linux" "armv7l-linux" "i686-linux" "mipsel-linux" ];
in
{
  inherit tier1 tier2 tier3;
  hydra = tier1 ++ tier2 ++ tier3 ++ [ "aarch64-darwin" ];
}
