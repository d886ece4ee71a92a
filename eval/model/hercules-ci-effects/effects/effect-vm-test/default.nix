# effectVMTest: a NixOS test in which effects run. It is a build, not an effect.
{ pkgs, extraModule }:
module:
pkgs.testers.runNixOSTest {
  imports = [
    module
    extraModule
  ];
}
