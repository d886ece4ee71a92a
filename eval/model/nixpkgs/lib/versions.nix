# lib.versions: parts of version numbers.
{ lib }:
let
  inherit (builtins) compareVersions concatStringsSep elemAt splitVersion;
  part = index: version: elemAt (splitVersion version) index;
in
{
  inherit compareVersions splitVersion;
  major = part 0;
  minor = part 1;
  patch = part 2;
  majorMinor = version: concatStringsSep "." (lib.lists.take 2 (splitVersion version));

  # Exactly `count` numeric parts, filled up with zeros; a suffix after the first "-" stays.
  pad =
    count: version:
    let
      number = builtins.head (lib.strings.splitString "-" version);
      parts = splitVersion number ++ lib.lists.replicate count "0";
    in
    concatStringsSep "." (lib.lists.take count parts) + lib.strings.removePrefix number version;
}
