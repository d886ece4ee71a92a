# lib.systems.doubles (lib.platforms): names of systems, by what they have in common.
{ lib }:
let
  inherit (builtins) concatMap filter;
  inherit (lib.systems) inspect parse;

  cpusOf = {
    cygwin = [ "i686" "x86_64" ];
    darwin = [ "x86_64" "aarch64" ];
    freebsd = [ "i686" "x86_64" "aarch64" ];
    genode = [ "aarch64" "i686" "x86_64" ];
    solaris = [ "x86_64" ];
    ghcjs = [ "javascript" ];
    linux = [
      "aarch64" "arc" "armv5tel" "armv6l" "armv7a" "armv7l" "i686" "loongarch64" "m68k" "sh4"
      "microblaze" "microblazeel" "mips" "mips64" "mips64el" "mipsel" "powerpc" "powerpc64"
      "powerpc64le" "riscv32" "riscv64" "s390" "s390x" "x86_64"
    ];
    mmixware = [ "mmix" ];
    netbsd = [
      "aarch64" "armv6l" "armv7a" "armv7l" "i686" "m68k" "mipsel" "powerpc" "riscv32" "riscv64"
      "x86_64"
    ];
    none = [
      "aarch64_be" "aarch64" "arm" "armv6l" "avr" "i686" "microblaze" "microblazeel" "mips" "mips64"
      "msp430" "or1k" "m68k" "powerpc" "powerpcle" "riscv32" "riscv64" "rx" "s390" "s390x" "vc4"
      "x86_64"
    ];
    openbsd = [ "i686" "x86_64" ];
    redox = [ "x86_64" ];
    wasi = [ "wasm64" "wasm32" ];
    windows = [ "aarch64" "x86_64" "i686" ];
    uefi = [ "aarch64" "x86_64" ];
  };
  # The order is nixpkgs', which some outputs show.
  all = concatMap (kernel: map (cpu: "${cpu}-${kernel}") cpusOf.${kernel}) [
    "cygwin" "darwin" "freebsd" "genode" "solaris" "ghcjs" "linux" "mmixware" "netbsd" "none" "openbsd"
    "redox" "wasi" "windows" "uefi"
  ];

  parsed = map parse.mkSystemFromString all;
  doublesWhere = holds: map parse.doubleFromSystem (filter holds parsed);

  predicates = {
    aarch = "isAarch";
    aarch64 = "isAarch64";
    arc = "isArc";
    arm = "isAarch32";
    armv7 = "isArmv7";
    bigEndian = "isBigEndian";
    cygwin = "isCygwin";
    darwin = "isDarwin";
    embedded = "isNone";
    freebsd = "isFreeBSD";
    genode = "isGenode";
    i686 = "isi686";
    illumos = "isSunOS";
    js = "isJavaScript";
    linux = "isLinux";
    littleEndian = "isLittleEndian";
    loongarch64 = "isLoongArch64";
    m68k = "isM68k";
    microblaze = "isMicroBlaze";
    mips = "isMips";
    mmix = "isMmix";
    netbsd = "isNetBSD";
    openbsd = "isOpenBSD";
    or1k = "isOr1k";
    power = "isPower";
    redox = "isRedox";
    riscv = "isRiscV";
    riscv32 = "isRiscV32";
    riscv64 = "isRiscV64";
    rx = "isRx";
    s390 = "isS390";
    s390x = "isS390x";
    sh4 = "isSh4";
    uefi = "isUefi";
    unix = "isUnix";
    vc4 = "isVc4";
    wasi = "isWasi";
    windows = "isWindows";
    x86 = "isx86";
    x86_64 = "isx86_64";
  };

  gnuAbis = [
    "gnu" "gnueabi" "gnueabihf" "gnuabin32" "gnuabi64" "gnuabielfv1" "gnuabielfv2"
  ];
in
builtins.mapAttrs (_: predicate: doublesWhere inspect.predicates.${predicate}) predicates
// {
  inherit all;
  none = [ ];
  # Grouped by ABI. The systems with "gnu" itself are those for which it is a good ABI.
  gnu = concatMap (
    abi: doublesWhere (system: inspect.predicates.isLinux system && system.abi.name == abi)
  ) gnuAbis;
}
