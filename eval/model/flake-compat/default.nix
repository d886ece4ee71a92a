# flake-compat: the flake in `src` for default.nix and shell.nix.
{
  src,
  system ? builtins.currentSystem or "unknown-system",
  ...
}:

let
  inherit (__nixplan) isUnknown;

  has =
    set: name:
    let
      found = set ? ${name};
    in
    !isUnknown found && found;

  # A directory with .git is taken as git has it.
  sourceInfo =
    if isUnknown src || src ? outPath then
      src
    else if builtins.pathExists (src + "/.git") then
      builtins.fetchGit src
    else
      { outPath = "${src}"; };

  outputs = import ./call-flake.nix { self = sourceInfo; };

  # The old name of an output first, then the one that replaced it.
  default =
    old: new:
    (if has outputs old && has outputs.${old} system then { default = outputs.${old}.${system}; } else { })
    // (
      if has outputs new && has outputs.${new} system && has outputs.${new}.${system} "default" then
        { inherit (outputs.${new}.${system}) default; }
      else
        { }
    );
in
rec {
  inherit outputs;
  defaultNix = builtins.removeAttrs outputs [ "__functor" ] // default "defaultPackage" "packages";
  shellNix = defaultNix // default "devShell" "devShells";
}
