# lib.systems.examples: platforms to cross-compile for (pkgsCross), by the names nixpkgs has.
{ lib }:
let
  inherit (lib.systems) platforms;
  newlib = { libc = "newlib"; };
  llvm = { useLLVM = true; };

  # Only a triple.
  plain = builtins.mapAttrs (_: config: { inherit config; }) {
    aarch64-multiplatform = "aarch64-unknown-linux-gnu";
    aarch64-multiplatform-musl = "aarch64-unknown-linux-musl";
    arc = "arc-unknown-linux-gnu";
    armv5tel-multiplatform = "armv5tel-unknown-linux-gnueabi";
    armv7l-hf-multiplatform = "armv7l-unknown-linux-gnueabihf";
    avr = "avr";
    ghcjs = "javascript-unknown-ghcjs";
    gnu32 = "i686-unknown-linux-gnu";
    gnu64 = "x86_64-unknown-linux-gnu";
    m68k = "m68k-unknown-linux-gnu";
    musl-power = "powerpc64le-unknown-linux-musl";
    musl32 = "i686-unknown-linux-musl";
    musl64 = "x86_64-unknown-linux-musl";
    powernv = "powerpc64le-unknown-linux-gnu";
    ppc64 = "powerpc64-unknown-linux-gnuabielfv2";
    ppc64-elfv1 = "powerpc64-unknown-linux-gnuabielfv1";
    ppc64-elfv2 = "powerpc64-unknown-linux-gnuabielfv2";
    riscv32 = "riscv32-unknown-linux-gnu";
    riscv64 = "riscv64-unknown-linux-gnu";
    riscv64-musl = "riscv64-unknown-linux-musl";
    s390 = "s390-unknown-linux-gnu";
    s390x = "s390x-unknown-linux-gnu";
    sh4 = "sh4-unknown-linux-gnu";
    x86_64-cygwin = "x86_64-pc-cygwin";
    x86_64-netbsd = "x86_64-unknown-netbsd";
  };

  embedded = builtins.mapAttrs (_: config: newlib // { inherit config; }) {
    aarch64be-embedded = "aarch64_be-none-elf";
    arm-embedded = "arm-none-eabi";
    i686-embedded = "i686-elf";
    microblaze-embedded = "microblazeel-none-elf";
    mips-embedded = "mips-none-elf";
    mips64-embedded = "mips64-none-elf";
    mmix = "mmix-unknown-mmixware";
    msp430 = "msp430-elf";
    or1k = "or1k-elf";
    ppc-embedded = "powerpc-none-eabi";
    ppcle-embedded = "powerpcle-none-eabi";
    riscv32-embedded = "riscv32-none-elf";
    riscv64-embedded = "riscv64-none-elf";
    rx-embedded = "rx-none-elf";
    vc4 = "vc4-elf";
    x86_64-embedded = "x86_64-elf";
  };

  withLLVM = builtins.mapAttrs (_: config: llvm // { inherit config; }) {
    aarch64-freebsd = "aarch64-unknown-freebsd";
    aarch64-windows = "aarch64-pc-windows-msvc";
    wasi32 = "wasm32-unknown-wasi";
    x86_64-freebsd = "x86_64-unknown-freebsd";
    x86_64-netbsd-llvm = "x86_64-unknown-netbsd";
    x86_64-openbsd = "x86_64-unknown-openbsd";
    x86_64-windows = "x86_64-pc-windows-msvc";
  };

  on = settings: config: settings // { inherit config; };
  mips32 = on platforms.gcc_mips32r2_o32;
  mips64n32 = on platforms.gcc_mips64r2_n32;
  mips64n64 = on platforms.gcc_mips64r2_64;
  loongson = on platforms.loongarch64-multiplatform "loongarch64-unknown-linux-gnu";
  android = {
    androidSdkVersion = "35";
    androidNdkVersion = "27";
  };
  prebuilt = android // { useAndroidPrebuilt = true; };
  iphone = {
    darwinSdkVersion = "14.3";
    xcodeVer = "12.3";
    useiOSPrebuilt = true;
  };
  mac = {
    xcodePlatform = "MacOSX";
    platform = { };
  };
  uefi = llvm // { libc = null; linker = "lld"; };
  msvcrt = { libc = "msvcrt"; };
  ucrt = { libc = "ucrt"; };
  rustTarget = name: { rust.rustcTarget = name; };
  mingwLLVM = cpu: on (ucrt // llvm // rustTarget "${cpu}-pc-windows-gnullvm") "${cpu}-w64-mingw32";

  various = rec {
    raspberryPi = on platforms.raspberrypi "armv6l-unknown-linux-gnueabihf";
    muslpi = on raspberryPi "armv6l-unknown-linux-musleabihf";
    bluefield2 = on platforms.bluefield2 "aarch64-unknown-linux-gnu";
    remarkable1 = on platforms.zero-gravitas "armv7l-unknown-linux-gnueabihf";
    remarkable2 = on platforms.zero-sugar "armv7l-unknown-linux-gnueabihf";
    ben-nanonote = on platforms.ben_nanonote "mipsel-unknown-linux-uclibc";
    fuloongminipc = on platforms.fuloong2f_n32 "mipsel-unknown-linux-gnu";
    mips-linux-gnu = mips32 "mips-unknown-linux-gnu";
    mipsel-linux-gnu = mips32 "mipsel-unknown-linux-gnu";
    mips64-linux-gnuabin32 = mips64n32 "mips64-unknown-linux-gnuabin32";
    mips64el-linux-gnuabin32 = mips64n32 "mips64el-unknown-linux-gnuabin32";
    mips64-linux-gnuabi64 = mips64n64 "mips64-unknown-linux-gnuabi64";
    mips64el-linux-gnuabi64 = mips64n64 "mips64el-unknown-linux-gnuabi64";
    loongarch64-linux = loongson;
    loongarch64-linux-embedded = loongson // {
      gcc = loongson.gcc // { arch = "loongarch64"; strict-align = true; };
    };
    ppc64-musl = on { gcc.abi = "elfv2"; } "powerpc64-unknown-linux-musl";
    ppc32 = on (rustTarget ppc32.config) "powerpc-unknown-linux-gnu";
    wasm32-unknown-none = on (llvm // rustTarget "wasm32-unknown-unknown") "wasm32-unknown-none";

    armv7a-android-prebuilt = on (
      prebuilt // platforms.armv7a-android // rustTarget "armv7-linux-androideabi"
    ) "armv7a-unknown-linux-androideabi";
    aarch64-android-prebuilt = on (prebuilt // rustTarget "aarch64-linux-android") "aarch64-unknown-linux-android";
    aarch64-android = on (
      android // llvm // { libc = "bionic"; useAndroidPrebuilt = false; }
    ) "aarch64-unknown-linux-android";

    arm-embedded-nano = on { libc = "newlib-nano"; } "arm-none-eabi";
    armhf-embedded = on (newlib // { gcc = { arch = "armv5t"; fpu = "vfp"; }; }) "arm-none-eabihf";
    aarch64-embedded = on (newlib // rustTarget "aarch64-unknown-none") "aarch64-none-elf";

    aarch64-darwin = on mac "arm64-apple-darwin";
    x86_64-darwin = on mac "x86_64-apple-darwin";
    iphone64 = on (iphone // { xcodePlatform = "iPhoneOS"; }) "arm64-apple-ios";
    iphone64-simulator = on (
      iphone // { xcodePlatform = "iPhoneSimulator"; darwinPlatform = "ios-simulator"; }
    ) "x86_64-apple-ios";

    aarch64-unknown-uefi = on uefi "aarch64-unknown-uefi";
    x86_64-unknown-uefi = on uefi "x86_64-unknown-uefi";

    mingw-msvcrt-i686 = on msvcrt "i686-w64-mingw32";
    mingw-msvcrt-x86_64 = on msvcrt "x86_64-w64-mingw32";
    mingw-ucrt-x86_64 = on ucrt "x86_64-w64-mingw32";
    mingw-ucrt-x86_64-llvm = mingwLLVM "x86_64";
    mingw-ucrt-aarch64 = mingwLLVM "aarch64";
    mingw32 = mingw-msvcrt-i686;
    mingwW64 = mingw-msvcrt-x86_64;
    ucrt64 = mingw-ucrt-x86_64;
    ucrtAarch64 = mingw-ucrt-aarch64;
  };
in
plain // embedded // withLLVM // various
