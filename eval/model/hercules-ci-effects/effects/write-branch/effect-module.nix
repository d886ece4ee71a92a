# gitWriteBranch: replaces what is at a place in a branch.
{ config, lib, ... }:

let
  inherit (lib) mkDefault mkOption types;
  inherit (config) contents destination git;

  subject = if destination == "." then git.update.branch else destination;
  # A build whose path is not known is in the store.
  fromStore = __nixplan.isUnknown "${contents}" || lib.hasPrefix builtins.storeDir "${contents}";
in
{
  imports = [ ../modules/git-update.nix ];

  options = {
    contents = mkOption { type = types.path; };
    destination = mkOption {
      type = types.str;
      default = ".";
    };
    message = mkOption {
      type = types.str;
      default = "Update ${subject}" + lib.optionalString fromStore "\n\nStore path: ${contents}";
    };
    allowExecutableFiles = mkOption {
      type = types.bool;
      default = true;
    };
  };

  config = {
    name = "write-branch";
    secretsMap.token = mkDefault { type = "GitToken"; };

    env = {
      contents = "${contents}";
      inherit (config) message;
      destination =
        if lib.hasPrefix "/" destination then
          throw "gitWriteBranch: `destination` must be a relative path, not ${destination}"
        else
          destination;
    };

    git.update = {
      baseMerge.enable = mkDefault false;
      pullRequest.enable = mkDefault false;
      script = lib.mkAfter ''
        git rm -rf --ignore-unmatch "$destination"
        cp -r ${lib.optionalString (!config.allowExecutableFiles) "--no-preserve=mode"} "$contents" "$destination"
        git add -v "$destination"
        git diff --cached --quiet || git commit -m "$message"
      '';
    };
  };
}
