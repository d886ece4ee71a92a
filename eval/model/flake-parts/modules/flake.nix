# The flake's outputs as options. What no module declares may be defined once.
{ lib, ... }:

let
  inherit (lib) mkOption types;
in
{
  options = {
    flake = mkOption {
      type = types.submoduleWith {
        modules = [
          {
            freeformType = types.lazyAttrsOf (
              types.unique { message = "No module says how definitions of this flake output are merged."; } types.raw
            );
          }
        ];
      };
      default = { };
    };
    # The outputs in another form, for modules that change them; mkFlake takes `flake` when nothing defines it.
    processedFlake = mkOption {
      type = types.raw;
      readOnly = true;
    };
    debug = mkOption {
      type = types.bool;
      default = false;
    };
  };
}
