# The modules for `modularEffect`.
{
  git = ./modules/git.nix;
  git-auth = ./modules/git-auth.nix;
  git-auth-gh = ./modules/git-auth-gh.nix;
  git-update = ./modules/git-update.nix;
}
