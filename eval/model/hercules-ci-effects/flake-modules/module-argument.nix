# The perSystem argument `hci-effects`.
{ flake-parts-lib, lib, ... }:
{
  options.perSystem = flake-parts-lib.mkPerSystemOption (
    { config, pkgs, ... }:
    let
      hci-effects = import ../effects/default.nix hci-effects config.herculesCIEffects.pkgs;
    in
    {
      options.herculesCIEffects.pkgs = lib.mkOption {
        type = lib.types.raw;
        default = pkgs;
      };
      config._module.args = {
        inherit hci-effects;
        effects = lib.warn "the perSystem argument `effects` is now called `hci-effects`" hci-effects;
      };
    }
  );
}
