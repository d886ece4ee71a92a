# The machines of a network as the build before a deployment makes them. The plan evaluates the network files itself.
{ lib, stdenvNoCC }:

args:
let
  inherit (__nixplan) unknown;
  what = "the network of ${if __nixplan.isUnknown args.name then "this deployment" else args.name}";
in
stdenvNoCC.mkDerivation {
  name = "nixops-machines";
  passthru = rec {
    machineInfo = {
      inherit nodes network;
      info = unknown what;
      machines = unknown what;
    };
    nodes = unknown "the machines of ${what}";
    network = unknown what;
  };
  __nixplan = {
    kind = "nixopsNetwork";
    given = args;
    inherit args;
  };
}
