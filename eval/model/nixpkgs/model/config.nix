# nixpkgs' `config`: the user's settings over the defaults of those that other code reads.
{
  lib,
  config,
  pkgs,
}:

let
  defaults = {
    allowAliases = true;
    allowBroken = false;
    allowUnfree = false;
    allowUnsupportedSystem = false;
    checkMeta = false;
    contentAddressedByDefault = false;
    cudaSupport = false;
    doCheckByDefault = false;
    permittedInsecurePackages = [ ];
    rocmSupport = false;
    strictDepsByDefault = false;
    structuredAttrsByDefault = false;
  };

  # The file named in `config` may also be a function of the package set.
  settings = if builtins.isFunction config then config { inherit lib pkgs; } else config;
in
if __nixplan.isUnknown config then defaults // config else defaults // settings
