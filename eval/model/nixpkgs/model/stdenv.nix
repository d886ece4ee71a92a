# The standard environments and the platform that packages are built for.
{
  lib,
  pkgs,
  hostSystem,
  buildSystem,
}:

let
  inherit (__nixplan) isUnknown openOwn unknown;

  derivations = import ./derivation.nix { inherit lib; };

  # Reading `pkgs.system` must not load lib.systems when the system was given as a string.
  systemOf = platform: wanted: if wanted ? system then wanted.system else platform.system;

  elaborate =
    wanted:
    if isUnknown wanted || isUnknown (wanted.system or "") then
      openOwn "pkgs.stdenv.hostPlatform" { system = wanted.system; }
    else
      lib.systems.elaborate wanted;

  hostPlatform = elaborate hostSystem;
  buildPlatform = if hostSystem == buildSystem then hostPlatform else elaborate buildSystem;
  system = systemOf hostPlatform hostSystem;

  mkStdenv =
    name:
    let
      self = openOwn "pkgs.${name}" {
        type = "derivation";
        inherit name;
        outPath = unknown "pkgs.${name}";
        drvPath = unknown "pkgs.${name}.drvPath";
        inherit system hostPlatform buildPlatform;
        targetPlatform = hostPlatform;
        mkDerivation = derivations.mkDerivation {
          inherit system;
          stdenv = self;
        };
        inherit (hostPlatform)
          isLinux
          isDarwin
          isUnix
          isx86_64
          isx86_32
          isAarch64
          isAarch32
          is64bit
          is32bit
          isi686
          isBSD
          isCygwin
          isFreeBSD
          isOpenBSD
          isSunOS
          ;
        shell = unknown "pkgs.${name}.shell";
        override = _: self;
        overrideDerivation = _: self;
      };
    in
    self;
in
{
  inherit system hostPlatform buildPlatform;
  targetPlatform = hostPlatform;
  stdenv = mkStdenv "stdenv";
  stdenvNoCC = mkStdenv "stdenvNoCC";
  stdenvNoLibs = mkStdenv "stdenvNoLibs";
  clangStdenv = mkStdenv "clangStdenv";
  gccStdenv = mkStdenv "gccStdenv";
}
