# lib.asserts: conditions for `assert` that say what is wrong.
{ lib }:
let
  inherit (builtins) all elem filter;
  show = lib.generators.toPretty { };
  # False never comes out: the message is thrown instead. With `||` the message would be thrown for a
  # condition that is not known, too.
  assertMsg = condition: message: if condition then true else throw message;
in
{
  inherit assertMsg;
  assertOneOf =
    name: value: allowed:
    assertMsg (elem value allowed) "${name} is ${show value}, but it must be one of ${show allowed}";
  assertEachOneOf =
    name: values: allowed:
    assertMsg (all (value: elem value allowed) values)
      "${name} is ${show values}, but each element must be one of ${show allowed}";

  # Takes the `assertions` and `warnings` of a NixOS configuration.
  checkAssertWarn =
    assertions: warnings: value:
    let
      failed = filter (check: !check.assertion) assertions;
    in
    if failed == [ ] then
      lib.trivial.showWarnings warnings value
    else
      throw "\nFailed assertions:\n${
        builtins.concatStringsSep "\n" (map (check: "- ${check.message}") failed)
      }";
}
