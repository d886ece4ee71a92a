# What programming languages call an elaborated platform: Rust, Go, Node.js, Nim.
{ lib }:
{ final, args }:
let
  inherit (lib.strings) hasPrefix optionalString removeSuffix;
  inherit (final.parsed) abi cpu kernel vendor;
  find =
    cases:
    let
      found = lib.lists.findFirst (case: builtins.head case) null cases;
    in
    if found == null then null else builtins.elemAt found 1;
  bits = optionalString final.is64bit "64";

  rust = args.rust or args.rustc or { };
  rustPlatform = rust.platform or { };
  custom = rust ? platform;

  rustCpu =
    rustPlatform.arch or {
      armv5tel = "armv5te";
      armv6l = "arm";
      armv7a = "armv7";
      armv7l = "armv7";
      riscv32 = "riscv32gc";
      riscv64 = "riscv64gc";
    }
    .${cpu.name} or cpu.name;
  rustAbi = if hasPrefix "powerpc" cpu.name && hasPrefix "gnuabielfv" abi.name then "gnu" else abi.name;
  rustTriple =
    if final.isWasi then
      "${rustCpu}-wasip1"
    else
      "${rustCpu}-${final.rust.platform.vendor}-${kernel.name}${
        optionalString (abi.name != "unknown") "-${rustAbi}"
      }";
in
{
  rust = rust // {
    # A target specification file may stand for the platform; facts are added to it.
    platform = rust.platform or (
      (
        if lib.strings.hasSuffix ".json" (rust.rustcTargetSpec or "") then
          lib.trivial.importJSON rust.rustcTargetSpec
        else
          { }
      )
      // {
        arch =
          if final.isAarch32 then "arm"
          else if final.isMips64 then "mips64"
          else if final.isPower64 then "powerpc64"
          else cpu.name;
        os =
          if final.isDarwin then "macos"
          else if final.isWasm && !final.isWasi then "unknown"
          else kernel.name;
        target-family =
          let
            given = args.rust.platform.target-family or args.rustc.platform.target-family or null;
            family = condition: name: lib.lists.optional condition name;
          in
          if given != null then lib.lists.toList given
          else
            family final.isUnix "unix" ++ family final.isWindows "windows" ++ family final.isWasm "wasm";
        vendor = { w64 = "pc"; }.${vendor.name} or vendor.name;
      }
    );
    rustcTargetSpec =
      args.rust.rustcTargetSpec or args.rustc.config or (
        if custom then
          builtins.toFile "${rust.rustcTarget or rustTriple}.json" (builtins.toJSON rust.platform)
        else
          rust.rustcTarget or rustTriple
      );
    rustcTarget = rust.rustcTarget or final.rust.cargoShortTarget;
    cargoShortTarget = removeSuffix ".json" (baseNameOf "${final.rust.rustcTargetSpec}");
    cargoEnvVarTarget = builtins.replaceStrings [ "-" ] [ "_" ] (
      lib.strings.toUpper final.rust.cargoShortTarget
    );
    isNoStdTarget = builtins.any (part: lib.strings.hasInfix part final.rust.rustcTarget) [
      "-none"
      "nvptx"
      "switch"
      "-uefi"
    ];
  };

  go = {
    GOARCH =
      {
        aarch64 = "arm64";
        arm = "arm";
        armv5tel = "arm";
        armv6l = "arm";
        armv7l = "arm";
        i686 = "386";
        loongarch64 = "loong64";
        mips = "mips";
        mips64el = "mips64le";
        mipsel = "mipsle";
        powerpc64 = "ppc64";
        powerpc64le = "ppc64le";
        riscv64 = "riscv64";
        s390x = "s390x";
        wasm32 = "wasm";
        x86_64 = "amd64";
      }
      .${cpu.name} or null;
    GOOS = if final.isWasi then "wasip1" else kernel.name;
    GOARM = if builtins.elem (cpu.version or "") [ "5" "6" "7" ] then cpu.version else "";
  };

  node = {
    arch = find [
      [ final.isAarch "arm${bits}" ]
      [ final.isMips32 "mips${optionalString final.isLittleEndian "el"}" ]
      [ (final.isMips64 && final.isLittleEndian) "mips64el" ]
      [ final.isPower "ppc${bits}" ]
      [ final.isx86_64 "x64" ]
      [ final.isx86_32 "ia32" ]
      [ final.isS390x "s390x" ]
      [ final.isRiscV64 "riscv64" ]
      [ final.isLoongArch64 "loong64" ]
    ];
    platform = find [
      [ final.isAndroid "android" ]
      [ final.isDarwin "darwin" ]
      [ final.isFreeBSD "freebsd" ]
      [ final.isLinux "linux" ]
      [ final.isOpenBSD "openbsd" ]
      [ final.isSunOS "sunos" ]
      [ (final.isWindows || final.isCygwin) "win32" ]
    ];
  };

  nim = {
    cpu = find [
      [ final.isAarch32 "arm" ]
      [ final.isAarch64 "arm64" ]
      [ final.isAlpha "alpha" ]
      [ final.isAvr "avr" ]
      [ final.isMips "mips${bits}" ]
      [ final.isMsp430 "msp430" ]
      [ final.isPower "powerpc${bits}" ]
      [ final.isRiscV64 "riscv64" ]
      [ final.isSparc "sparc" ]
      [ final.isx86_32 "i386" ]
      [ final.isx86_64 "amd64" ]
    ];
    os = find [
      [ final.isAndroid "Android" ]
      [ final.isDarwin "MacOSX" ]
      [ final.isFreeBSD "FreeBSD" ]
      [ final.isGenode "Genode" ]
      [ final.isLinux "Linux" ]
      [ final.isNetBSD "NetBSD" ]
      [ final.isNone "Standalone" ]
      [ final.isOpenBSD "OpenBSD" ]
      [ final.isWindows "Windows" ]
      [ final.isiOS "iOS" ]
    ];
  };
}
