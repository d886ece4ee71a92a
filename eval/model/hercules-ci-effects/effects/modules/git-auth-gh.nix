# Access to GitHub's API for `gh` and for nix.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  inherit (config.git.checkout) forgeType remote tokenSecret;
  inherit (remote.parsedUrl) host;
in
{
  imports = [ ./git-auth.nix ];

  options.programs.gh.enable = lib.mkOption { default = forgeType == "github"; };

  config = lib.mkIf config.programs.gh.enable {
    inputs = [ pkgs.gh ];
    userSetupScript = ''
      mkdir -p ~/.config/gh ~/.config/nix
      printf '%s:\n  oauth_token: %s\n' "${host}" "$(readSecretString ${tokenSecret} .token)" >~/.config/gh/hosts.yml
      echo "access-tokens = ${host}=$(readSecretString ${tokenSecret} .token)" >>~/.config/nix/nix.conf
    '';
  };
}
