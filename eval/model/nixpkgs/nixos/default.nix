# `import <nixpkgs/nixos> { configuration = …; }`
{
  configuration ? <nixos-config>,
  system ? __nixplan.system,
  specialArgs ? { },
}:
let
  evaluated = import ./lib/eval-config.nix {
    inherit system specialArgs;
    modules = [ configuration ];
  };
  inherit (evaluated.config.system) build;
in
{
  inherit (evaluated) pkgs config options;
  system = build.toplevel;
  inherit (build) vm vmWithBootLoader;
}
