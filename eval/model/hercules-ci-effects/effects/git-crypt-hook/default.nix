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
  dontUnpack = true;
  dontBuild = true;
  dontInstall = true;
}
