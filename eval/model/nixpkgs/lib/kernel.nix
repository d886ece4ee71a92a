# lib.kernel: values of Linux kernel options.
{ lib }:
let
  state = letter: {
    tristate = letter;
    optional = false;
  };
  inherit (lib.modules) mkIf;
  inherit (lib.strings) versionAtLeast versionOlder;
in
{
  yes = state "y";
  no = state "n";
  module = state "m";
  unset = state null;
  freeform = value: {
    freeform = value;
    optional = false;
  };
  option = value: value // { optional = true; };
  whenHelpers = version: {
    whenAtLeast = least: mkIf (versionAtLeast version least);
    whenOlder = bound: mkIf (versionOlder version bound);
    whenBetween = least: bound: mkIf (versionAtLeast version least && versionOlder version bound);
  };
}
