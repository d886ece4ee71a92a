# A system's build with its configuration beside it, also when nixplan does not know the build.
{ stdenvNoCC }:
{
  name,
  toplevel,
  config,
}:
if __nixplan.isUnknown toplevel then
  stdenvNoCC.mkDerivation { inherit name; }
  // {
    outPath = toplevel;
    inherit config;
  }
else
  toplevel // { inherit config; }
