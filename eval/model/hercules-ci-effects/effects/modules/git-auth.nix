# Access to a git remote over HTTP with a token.
{
  config,
  lib,
  ...
}:

let
  inherit (lib) mkOption types;
  cfg = config.git.checkout;

  inherit (cfg.remote) url;
  parts = builtins.match "([a-z]*)://([^/]*)(/?.*)" url;
  part = builtins.elemAt parts;
  parsed =
    if __nixplan.isUnknown url then
      {
        scheme = "https";
        host = __nixplan.unknown "the host of the git remote";
        path = __nixplan.unknown "the path of the git remote";
      }
    else if parts == null then
      throw "git.checkout.remote.url is not a URL: ${url}"
    else
      {
        scheme = part 0;
        host = part 1;
        path = part 2;
      };
in
{
  imports = [ ./git.nix ];

  options.git.checkout = {
    remote.url = mkOption { type = types.str; };
    remote.parsedUrl = mkOption {
      type = types.lazyAttrsOf types.str;
      internal = true;
    };
    forgeType = mkOption { type = types.str; };
    tokenSecret = mkOption {
      type = types.str;
      default = "token";
    };
    user = mkOption {
      type = types.str;
      default = "git";
    };
  };

  config = {
    git.checkout.remote.parsedUrl = parsed;
    nixplan.facts = {
      gitRemote = url;
      gitUser = cfg.user;
      inherit (cfg) tokenSecret;
    };
    userSetupScript = ''
      echo "${parsed.scheme}://${cfg.user}:$(readSecretString ${cfg.tokenSecret} .token)@${parsed.host}${parsed.path}" >>~/.git-credentials
      git config --global credential.helper store
    '';
  };
}
