# The facts of an elaborated platform that do not depend on a programming language. `final` is the
# finished platform, `args` what the caller gave.
{ lib }:
{ final, args }:
let
  inherit (lib.systems) architectures parse platforms;
  inherit (lib.strings) optionalString;

  # The value beside the first condition that holds.
  choose =
    fallback: cases:
    let
      found = lib.lists.findFirst (case: builtins.head case) null cases;
    in
    if found == null then fallback else builtins.elemAt found 1;

  littleSuffix = text: optionalString final.isLittleEndian text;
  cpuName = final.parsed.cpu.name;

  emulatorOf =
    pkgs:
    let
      host = pkgs.stdenv.hostPlatform;
      wine = (pkgs.winePackagesFor "wine${toString final.parsed.cpu.bits}").minimal;
    in
    choose null [
      [ (host.canExecute final) (lib.meta.getExe (pkgs.writeShellScriptBin "exec" ''exec "$@"'')) ]
      [ final.isWindows "${wine}/bin/wine" ]
      [ (final.isLinux && host.isLinux && final.qemuArch != null) "${pkgs.qemu-user}/bin/qemu-${final.qemuArch}" ]
      [ final.isWasi "${pkgs.wasmtime}/bin/wasmtime" ]
      [ final.isGhcjs "${pkgs.nodejs-slim}/bin/node" ]
      [ final.isMmix "${pkgs.mmixware}/bin/mmix" ]
    ];
in
{
  # Whether programs of `other` run here.
  canExecute =
    other:
    final.isAndroid == other.isAndroid
    && parse.isCompatible final.parsed.cpu other.parsed.cpu
    && final.parsed.kernel == other.parsed.kernel
    && (
      final.parsed.cpu == other.parsed.cpu && other ? gcc.arch
      -> final ? gcc.arch && architectures.canExecute final.gcc.arch other.gcc.arch
    );

  useLLVM = final.isFreeBSD || final.isOpenBSD;
  useAndroidPrebuilt = false;
  useiOSPrebuilt = false;

  libc = choose "native/impure" [
    [ final.isDarwin "libSystem" ]
    [ final.isMsvc "ucrt" ]
    [ final.isMinGW "msvcrt" ]
    [ final.isCygwin "cygwin" ]
    [ final.isWasi "wasilibc" ]
    [ final.isWasm null ]
    [ final.isRedox "relibc" ]
    [ final.isMusl "musl" ]
    [ final.isUClibc "uclibc" ]
    [ final.isAndroid "bionic" ]
    [ final.isLinux "glibc" ]
    [ final.isFreeBSD "fblibc" ]
    [ final.isOpenBSD "oblibc" ]
    [ final.isNetBSD "nblibc" ]
    [ final.isAvr "avrlibc" ]
    [ final.isGhcjs null ]
    [ final.isNone "newlib" ]
  ];
  linker = choose "bfd" [
    [ final.useLLVM "lld" ]
    [ final.isDarwin "cctools" ]
  ];
  libDir =
    if !final.isLinux then null
    else if final.isx86_64 || final.isMips64 || final.isPower64 then "lib64"
    else "lib";

  hasSharedLibraries =
    !final.isStatic
    && (
      final.isAndroid || final.isGnu || final.isMusl || final.isDarwin || final.isSunOS
      || final.isOpenBSD || final.isFreeBSD || final.isNetBSD || final.isCygwin || final.isMinGW
      || final.isWindows || final.isWasm
    );
  isStatic = final.isWasi || final.isRedox;
  extensions =
    let
      windows = final.isWindows || final.isCygwin;
      static = if final.isWindows then ".lib" else ".a";
      shared = if final.isDarwin then ".dylib" else if windows then ".dll" else ".so";
    in
    {
      staticLibrary = static;
      library = if final.isStatic then static else shared;
      executable = if windows then ".exe" else "";
      ${if final.hasSharedLibraries then "sharedLibrary" else null} = shared;
    };

  uname = {
    system =
      {
        cygwin = "CYGWIN_NT";
        darwin = "Darwin";
        freebsd = "FreeBSD";
        genode = "Genode";
        linux = "Linux";
        netbsd = "NetBSD";
        openbsd = "OpenBSD";
        redox = "Redox";
        wasi = "Wasi";
        windows = "Windows";
      }
      .${final.parsed.kernel.name} or null;
    processor = choose cpuName [
      [ final.isPower64 ("ppc64" + littleSuffix "le") ]
      [ final.isPower ("ppc" + littleSuffix "le") ]
      [ final.isMips64 "mips64" ]
      [ final.isDarwin final.darwinArch ]
    ];
    # Only the running kernel knows.
    release = null;
  };

  gcc = (platforms.select final).gcc or (args.gcc or { });
  rustc = args.rustc or { };

  # What the Linux kernel, U-Boot, QEMU and EFI call the CPU.
  linuxArch = choose cpuName [
    [ final.isAarch32 "arm" ]
    [ final.isAarch64 "arm64" ]
    [ final.isx86_32 "i386" ]
    [ final.isx86_64 "x86_64" ]
    [ final.isMicroBlaze "microblaze" ]
    [ (final.isMips32 || final.isMips64) "mips" ]
    [ final.isPower "powerpc" ]
    [ final.isRiscV "riscv" ]
    [ final.isSh4 "sh" ]
    [ final.isS390 "s390" ]
    [ final.isLoongArch64 "loongarch" ]
  ];
  ubootArch = choose final.linuxArch [
    [ final.isx86_32 "x86" ]
    [ final.isMips64 "mips64" ]
  ];
  qemuArch = choose final.uname.processor [
    [ final.isAarch32 "arm" ]
    [ final.isAarch64 "aarch64${optionalString final.isBigEndian "_be"}" ]
    [ (final.isS390 && !final.isS390x) null ]
    [ final.isx86_64 "x86_64" ]
    [ final.isx86 "i386" ]
    [ final.isMips64n32 ("mipsn32" + littleSuffix "el") ]
    [ final.isMips64 ("mips64" + littleSuffix "el") ]
  ];
  efiArch = choose cpuName [
    [ final.isx86_32 "ia32" ]
    [ final.isx86_64 "x64" ]
    [ final.isAarch32 "arm" ]
    [ final.isAarch64 "aa64" ]
  ];

  darwinArch = parse.darwinArch final.parsed.cpu;
  darwinPlatform = if final.isMacOS then "macos" else if final.isiOS then "ios" else null;
  darwinSdkVersion = final.sdkVer or "14.4";
  darwinMinVersion = "14.0";
  darwinMinVersionVariable =
    if final.isMacOS then "MACOSX_DEPLOYMENT_TARGET"
    else if final.isiOS then "IPHONEOS_DEPLOYMENT_TARGET"
    else null;

  androidSdkVersion = args.androidSdkVersion or null;
  androidNdkVersion = args.androidNdkVersion or null;

  emulatorAvailable = pkgs: emulatorOf pkgs != null;
  staticEmulatorAvailable =
    pkgs: final.emulatorAvailable pkgs && (final.isLinux || final.isWasi || final.isMmix);
  emulator =
    pkgs:
    if final.emulatorAvailable pkgs then emulatorOf pkgs
    else throw "lib.systems: no emulator runs programs for ${final.config}";
}
