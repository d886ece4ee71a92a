# The known CPUs, vendors, kernels and ABIs. Every entry has its name and a type, as nixpkgs' have.
{ lib }:
let
  typed = type: builtins.mapAttrs (name: facts: { _type = type; inherit name; } // facts);
  plain = type: names: typed type (lib.attrsets.genAttrs names (_: { }));

  significantBytes = plain "significant-byte" [ "bigEndian" "littleEndian" ];
  cpu = significantByte: bits: family: { inherit bits family significantByte; };
  little = cpu significantBytes.littleEndian;
  big = cpu significantBytes.bigEndian;
  arm = version: arch: little 32 "arm" // { inherit version arch; };
  x86 = bits: arch: little bits "x86" // { inherit arch; };

  cpuTypes = typed "cpu-type" {
    arm = little 32 "arm";
    armv5tel = arm "5" "armv5t";
    armv6m = arm "6" "armv6-m";
    armv6l = arm "6" "armv6";
    armv7a = arm "7" "armv7-a";
    armv7r = arm "7" "armv7-r";
    armv7m = arm "7" "armv7-m";
    armv7l = arm "7" "armv7";
    armv8a = arm "8" "armv8-a";
    armv8r = arm "8" "armv8-a";
    armv8m = arm "8" "armv8-m";
    aarch64 = arm "8" "armv8-a" // { bits = 64; };
    aarch64_be = arm "8" "armv8-a" // big 64 "arm";
    i386 = x86 32 "i386";
    i486 = x86 32 "i486";
    i586 = x86 32 "i586";
    i686 = x86 32 "i686";
    x86_64 = x86 64 "x86-64";
    microblaze = big 32 "microblaze";
    microblazeel = little 32 "microblaze";
    mips = big 32 "mips";
    mipsel = little 32 "mips";
    mips64 = big 64 "mips";
    mips64el = little 64 "mips";
    mmix = big 64 "mmix";
    m68k = big 32 "m68k";
    powerpc = big 32 "power";
    powerpc64 = big 64 "power";
    powerpc64le = little 64 "power";
    powerpcle = little 32 "power";
    riscv32 = little 32 "riscv";
    riscv64 = little 64 "riscv";
    s390 = big 32 "s390";
    s390x = big 64 "s390";
    sparc = big 32 "sparc";
    sparc64 = big 64 "sparc";
    wasm32 = little 32 "wasm";
    wasm64 = little 64 "wasm";
    alpha = little 64 "alpha";
    arc = little 32 "arc";
    javascript = little 32 "javascript";
    loongarch64 = little 64 "loongarch";
    msp430 = little 16 "msp430";
    or1k = big 32 "or1k";
    rx = little 32 "rx";
    sh4 = little 32 "sh";
    vc4 = little 32 "vc4";
    # One byte wide, so without a byte order.
    avr = { bits = 8; family = "avr"; };
  } // {
    arm64 = cpuTypes.aarch64;
  };

  execFormats = plain "exec-format" [ "aout" "elf" "macho" "pe" "unknown" "wasm" ];
  kernelFamilies = plain "exec-format" [ "bsd" "darwin" ];
  kernel = execFormat: families: { inherit execFormat families; };
  bsd = kernel execFormats.elf { inherit (kernelFamilies) bsd; };
  darwin = kernel execFormats.macho { inherit (kernelFamilies) darwin; };
  elf = kernel execFormats.elf { };
  pe = kernel execFormats.pe { };
  formless = kernel execFormats.unknown { };

  kernels = typed "kernel" {
    macos = darwin // { name = "darwin"; };
    ios = darwin;
    freebsd = bsd;
    netbsd = bsd;
    openbsd = bsd;
    linux = elf;
    genode = elf;
    redox = elf;
    solaris = elf;
    cygwin = pe;
    uefi = pe;
    windows = pe;
    wasi = kernel execFormats.wasm { };
    ghcjs = formless;
    mmixware = formless;
    none = formless;
  } // {
    darwin = kernels.macos;
    tvos = kernels.ios;
    watchos = kernels.ios;
    win32 = kernels.windows;
  };

  soft = { float = "soft"; eabi = true; };
  hard = { float = "hard"; eabi = true; };
  refuse = condition: message: {
    assertion = platform: !(condition platform);
    message = "lib.systems: ${message}";
  };
in
{
  inherit
    cpuTypes execFormats kernelFamilies kernels significantBytes
    ;
  vendors = plain "vendor" [ "apple" "knuth" "none" "pc" "unknown" "w64" ];
  abis = typed "abi" {
    android.assertions = [
      (refuse (platform: platform.isAarch32) "on 32-bit ARM the ABI is androideabi, not android")
    ];
    androideabi.eabi = true;
    eabi = soft;
    eabihf = hard;
    elf = { };
    gnu.assertions = [
      (refuse (platform: platform.isAarch32) "on 32-bit ARM the ABI is gnueabi or gnueabihf, not gnu")
      (refuse (platform: platform.isPower64 && platform.isBigEndian)
        "on big-endian 64-bit POWER the ABI is gnuabielfv1 or gnuabielfv2, not gnu"
      )
    ];
    gnuabi64.abi = "64";
    gnuabielfv1.abi = "elfv1";
    gnuabielfv2.abi = "elfv2";
    gnuabin32.abi = "n32";
    gnueabi = soft;
    gnueabihf = hard;
    msvc = { };
    musl = { };
    muslabi64.abi = "64";
    muslabin32.abi = "n32";
    musleabi = soft;
    musleabihf = hard;
    uclibc = { };
    uclibceabi = soft;
    uclibceabihf = hard;
    unknown = { };
  };
}
