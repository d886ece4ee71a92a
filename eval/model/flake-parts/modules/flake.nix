# The flake's outputs as options. What no module declares may be defined once.
{
  config,
  lib,
  options,
  ...
}:

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
    processedFlake = mkOption {
      type = types.raw;
      readOnly = true;
      apply = value: if options.processedFlake.isDefined then value else config.flake;
    };
    debug = mkOption {
      type = types.bool;
      default = false;
    };
  };
}
