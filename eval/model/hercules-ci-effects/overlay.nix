# hercules-ci-effects as an overlay: `pkgs.effects`.
final: _: {
  effects = import ./effects/default.nix final.effects final;
}
