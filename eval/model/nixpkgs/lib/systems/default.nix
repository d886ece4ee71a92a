# lib.systems: what is known about a platform from its name.
{ lib }:
let
  inherit (builtins) isAttrs mapAttrs removeAttrs;
  part = file: import file { inherit lib; };
  parse = part ./parse.nix;
  inspect = part ./inspect.nix;
  architectures = part ./architectures.nix;
  platforms = part ./platforms.nix;
  describe = part ./platform.nix;
  languages = part ./languages.nix;

  functionNames = [ "canExecute" "emulator" "emulatorAvailable" "staticEmulatorAvailable" ];
  systemToAttrs = platform: if isAttrs platform then platform else { system = platform; };

  # A platform with all its facts, from "x86_64-linux" or a set with `system` or `config` (a triple)
  # and whatever else replaces the facts found here. Facts are lazy, and see the replacements.
  elaborate =
    platform:
    let
      given = systemToAttrs platform;
      args = removeAttrs given [ "_withoutFunctions" "parsed" "system" ];
      final =
        {
          parsed = parse.mkSystemFromString (args.config or given.system);
          system = parse.doubleFromSystem final.parsed;
          config = parse.tripleFromSystem final.parsed;
          _withoutFunctions = removeAttrs final (functionNames ++ [ "_withoutFunctions" ]);
        }
        // describe { inherit final args; }
        // mapAttrs (_: holds: holds final.parsed) inspect.predicates
        // mapAttrs (_: holds: holds (final.gcc.arch or "default")) architectures.predicates
        // args
        // languages { inherit final args; };
      failed = builtins.filter (check: !(check.assertion final)) (final.parsed.abi.assertions or [ ]);
    in
    if args ? linux-kernel then
      throw "lib.systems.elaborate: platforms have no linux-kernel any more"
    else if failed != [ ] then
      throw (builtins.head failed).message
    else
      assert final.useAndroidPrebuilt -> final.isAndroid;
      final;
in
{
  inherit
    architectures elaborate functionNames inspect parse platforms systemToAttrs
    ;
  doubles = part ./doubles.nix;
  examples = part ./examples.nix;
  supported = part ./supported.nix;
  equals = left: right: left._withoutFunctions == right._withoutFunctions;
  # The systems of nixpkgs' flake.
  flakeExposed = [
    "x86_64-linux"
    "aarch64-linux"
    "x86_64-darwin"
    "armv6l-linux"
    "armv7l-linux"
    "i686-linux"
    "aarch64-darwin"
    "powerpc64le-linux"
    "riscv64-linux"
    "x86_64-freebsd"
  ];
}
