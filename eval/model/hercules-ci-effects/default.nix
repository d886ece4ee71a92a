# hercules-ci-effects by import: `import src { inherit pkgs; }`.
{ pkgs }:
rec {
  effects = hci-effects;
  hci-effects = import ./effects/default.nix hci-effects pkgs;
  modules = import ./effects/modules.nix;
}
