# The option `flake.modules.<class>.<name>`.
{ lib, moduleLocation, ... }:

let
  inherit (lib) mkOption types;
  located =
    class: name: module:
    if class == "generic" then
      module
    else
      {
        _class = class;
        _file = "${toString moduleLocation}#modules.${class}.${name}";
        imports = [ module ];
      };
in
{
  options.flake.modules = mkOption {
    type = types.lazyAttrsOf (types.lazyAttrsOf types.deferredModule);
    default = { };
    apply = lib.mapAttrs (class: lib.mapAttrs (located class));
  };
}
