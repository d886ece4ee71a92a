# A setup hook that unlocks files encrypted with git-crypt.
{
  git,
  git-crypt,
  gnupg,
  stdenvNoCC,
}:
stdenvNoCC.mkDerivation {
  name = "effects-git-crypt";
  propagatedBuildInputs = [
    git-crypt
    gnupg
    git
  ];
  setupHook = __nixplan.unknown "git-crypt-hook's script";
  dontUnpack = true;
  dontBuild = true;
  dontInstall = true;
}
