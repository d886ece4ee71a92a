# lib.systems.inspect: patterns that parsed systems are matched with. Each isX is a set whose values
# must be found in the system, or a list of such sets of which one must match.
{ lib }:
let
  inherit (builtins)
    any attrValues concatMap filter intersectAttrs isList mapAttrs removeAttrs
    ;
  inherit (lib.attrsets) matchAttrs;
  inherit (lib.systems.parse)
    cpuTypes execFormats kernelFamilies kernels significantBytes
    ;
  # The assertions of an ABI are functions, which match nothing.
  abis = mapAttrs (_: abi: removeAttrs abi [ "assertions" ]) lib.systems.parse.abis;

  family = name: { cpu.family = name; };
  wide = bits: name: { cpu = { inherit bits; family = name; }; };
  withAbi = names: map (name: { abi = abis.${name}; }) names;
  onKernel = name: { kernel = kernels.${name}; };

  cpus = {
    isAarch = family "arm";
    isAarch32 = wide 32 "arm";
    isAarch64 = wide 64 "arm";
    isAlpha = family "alpha";
    isArc = family "arc";
    isAvr = family "avr";
    isJavaScript.cpu = cpuTypes.javascript;
    isLoongArch64 = wide 64 "loongarch";
    isM68k = family "m68k";
    isMicroBlaze = family "microblaze";
    isMips = family "mips";
    isMips32 = wide 32 "mips";
    isMips64 = wide 64 "mips";
    isMips64n32 = wide 64 "mips" // { abi.abi = "n32"; };
    isMips64n64 = wide 64 "mips" // { abi.abi = "64"; };
    isMmix = family "mmix";
    isMsp430 = family "msp430";
    isOr1k = family "or1k";
    isPower = family "power";
    isPower64 = wide 64 "power";
    isRiscV = family "riscv";
    isRiscV32 = wide 32 "riscv";
    isRiscV64 = wide 64 "riscv";
    isRx = family "rx";
    isS390 = family "s390";
    isS390x = wide 64 "s390";
    isSh4 = family "sh";
    isSparc = family "sparc";
    isSparc64 = wide 64 "sparc";
    isVc4 = family "vc4";
    isWasm = family "wasm";
    isi686.cpu = cpuTypes.i686;
    isx86 = family "x86";
    isx86_32 = wide 32 "x86";
    isx86_64 = wide 64 "x86";

    isArmv7 = map (cpu: { cpu = { inherit (cpu) arch; }; }) (
      filter (cpu: lib.strings.hasPrefix "armv7" (cpu.arch or "")) (attrValues cpuTypes)
    );
    is32bit.cpu.bits = 32;
    is64bit.cpu.bits = 64;
    isBigEndian.cpu.significantByte = significantBytes.bigEndian;
    isLittleEndian.cpu.significantByte = significantBytes.littleEndian;
    isILP32 = [ (wide 32 "wasm") ] ++ map (abi: { abi = { inherit abi; }; }) [ "n32" "ilp32" "x32" ];
    isEfi =
      map (version: { cpu = { family = "arm"; inherit version; }; }) [ "6" "7" "8" ]
      ++ map family [ "riscv" "x86" "loongarch" ];
  };

  systems = {
    isCygwin = onKernel "cygwin";
    isGenode = onKernel "genode";
    isGhcjs = onKernel "ghcjs";
    isLinux = onKernel "linux";
    isMacOS = onKernel "macos";
    isNetBSD = onKernel "netbsd";
    isNone = onKernel "none";
    isOpenBSD = onKernel "openbsd";
    isRedox = onKernel "redox";
    isSunOS = onKernel "solaris";
    isWasi = onKernel "wasi";
    isWindows = onKernel "windows";
    isiOS = onKernel "ios";
    isUefi = [ (onKernel "uefi") ];
    isFreeBSD.kernel.name = "freebsd";
    isBSD.kernel.families = { inherit (kernelFamilies) bsd; };
    isDarwin.kernel.families = { inherit (kernelFamilies) darwin; };
    isUnix = with systems; [ isBSD isDarwin isLinux isSunOS isCygwin isRedox ];

    isElf.kernel.execFormat = execFormats.elf;
    isMacho.kernel.execFormat = execFormats.macho;
    isPE.kernel.execFormat = execFormats.pe;
  };

  binaries = {
    isAbiElfv1.abi.abi = "elfv1";
    isAbiElfv2 = [
      { abi.abi = "elfv2"; }
      (wide 64 "power" // { abi.name = "musl"; })
    ];
    isAndroid = withAbi [ "android" "androideabi" ];
    isEabi.abi.eabi = true;
    isGnu = withAbi [
      "gnuabi64" "gnuabin32" "gnu" "gnueabi" "gnueabihf" "gnuabielfv1" "gnuabielfv2"
    ];
    isMinGW = onKernel "windows" // { abi = abis.gnu; };
    isMsvc = onKernel "windows" // { abi = abis.msvc; };
    isMusl = withAbi [ "musl" "musleabi" "musleabihf" "muslabin32" "muslabi64" ];
    isUClibc = withAbi [ "uclibc" "uclibceabi" "uclibceabihf" ];
  };

  patterns = cpus // systems // binaries;

  matchAnyAttrs =
    pattern:
    if isList pattern then system: any (one: matchAttrs one system) pattern else matchAttrs pattern;
in
{
  inherit matchAnyAttrs patterns;
  predicates = mapAttrs (_: matchAnyAttrs) patterns;
  # These are matched with a whole platform, not with its parsed form.
  platformPatterns.isStatic = {
    parsed = { };
    isStatic = true;
  };

  # Every combination of an alternative of one pattern with one of the other.
  patternLogicalAnd =
    left: right:
    let
      final =
        path: a: b:
        a == b
        || intersectAttrs a b == { }
        || throw "lib.systems.inspect.patternLogicalAnd: the patterns exclude each other at ${toString path}";
      both = a: map (b: lib.attrsets.recursiveUpdateUntil final a b) (lib.lists.toList right);
    in
    concatMap both (lib.lists.toList left);
}
