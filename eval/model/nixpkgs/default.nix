# What `import nixpkgs args` gives: an open package set with the overlays applied. Arguments are read with `or`
# rather than as formals, so that an unknown argument set still gives a package set with what is known.
args:

let
  inherit (__nixplan) assume isOpen isUnknown;

  lib = import ./lib;

  given = if isUnknown args then assume "the arguments given to nixpkgs do not change what the plan reads" { } else args;

  # Whether these are surely all of the arguments.
  whole = !isUnknown args && !isOpen args && args.__whole or true;

  # `localSystem` and `crossSystem` are a system string or a set with `system` or `config`.
  platform = value: if builtins.isString value then { system = value; } else value;

  localSystem =
    if given ? system then
      { inherit (given) system; }
    else
      platform (given.localSystem or { inherit (__nixplan) system; });

  crossSystem = given.crossSystem or null;

  hostSystem = if isUnknown crossSystem || crossSystem == null then localSystem else platform crossSystem;
in
if given ? system && given ? localSystem then
  throw "nixpkgs: pass either `system` or `localSystem`, not both"
else
  import ./model/package-set.nix {
    inherit lib hostSystem;
    buildSystem = localSystem;
    config = given.config or { };
    overlays = given.overlays or [ ];
    crossOverlays = given.crossOverlays or [ ];
    # Calls this file again with other arguments, for `appendOverlays` and the package sets for other platforms.
    again = changes: import ./. (given // changes // { __whole = whole; });
    allArguments = whole;
    path = ./.;
  }
