# lib.systems.parse: system names ("x86_64-linux") and triples ("x86_64-unknown-linux-gnu") taken
# apart into cpu, vendor, kernel and abi, and put together again.
{ lib }:
let
  inherit (builtins)
    any elem elemAt head length match
    ;
  inherit (lib.strings) hasPrefix optionalString splitString;
  inherit (lib.systems.inspect.predicates)
    isAarch32 isBigEndian isCygwin isDarwin isLinux isPower64 isWindows
    ;
  tables = import ./tables.nix { inherit lib; };
  inherit (tables) abis cpuTypes kernels vendors;

  lookup =
    what: table: name:
    table.${name} or (throw "lib.systems.parse: there is no ${what} named ${name}");

  # Which component is which depends on their number and on well-known values.
  skeleton =
    names:
    let
      at = elemAt names;
      cpu = head names;
      text = builtins.concatStringsSep "-" names;
      shapes = {
        "1" =
          if cpu == "avr" then { inherit cpu; kernel = "none"; abi = "unknown"; }
          else throw "lib.systems.parse: \"${text}\" could mean several systems";
        "2" =
          if at 1 == "cygwin" then { inherit cpu; vendor = "pc"; kernel = "cygwin"; }
          else if at 1 == "windows" then { inherit cpu; kernel = "windows"; abi = "msvc"; }
          else if at 1 == "elf" then { inherit cpu; vendor = "unknown"; kernel = "none"; abi = "elf"; }
          else { inherit cpu; kernel = at 1; };
        "3" =
          if at 1 == "linux" || elem (at 2) [ "eabi" "eabihf" "elf" "gnu" ] then
            { inherit cpu; vendor = "unknown"; kernel = at 1; abi = at 2; }
          else if
            at 1 == "apple"
            || elem (at 2) [ "cygwin" "ghcjs" "mingw32" "mmixware" "redox" "uefi" ]
            || any (kernel: hasPrefix kernel (at 2)) [ "freebsd" "genode" "netbsd" "openbsd" ]
            || hasPrefix "wasm32" cpu
          then
            { inherit cpu; vendor = at 1; kernel = if at 2 == "mingw32" then "windows" else at 2; }
          else
            throw "lib.systems.parse: \"${text}\" could mean several systems";
        "4" = { inherit cpu; vendor = at 1; kernel = at 2; abi = at 3; };
      };
    in
    shapes.${toString (length names)}
      or (throw "lib.systems.parse: \"${text}\" has ${toString (length names)} components, not 1 to 4");

  # Some write the ABI behind the kernel ("linuxabi", "noneeabi").
  withoutAbi =
    name:
    let
      found = match "(.*)e?abi.*" name;
    in
    if found == null then name else head found;

  mkSystem =
    components:
    if components ? cpu && components ? vendor && components ? kernel && components ? abi then
      components // { _type = "system"; }
    else
      throw "lib.systems.parse.mkSystem: cpu, vendor, kernel and abi are needed";

  mkSystemFromSkeleton =
    {
      cpu,
      kernel,
      vendor ? null,
      abi ? null,
    }@names:
    let
      parsed = {
        cpu = lookup "CPU type" cpuTypes cpu;
        vendor =
          if names ? vendor then lookup "vendor" vendors vendor
          else if isDarwin parsed then vendors.apple
          else if isWindows parsed || isCygwin parsed then vendors.pc
          else vendors.unknown;
        # A version may follow the kernel's name.
        kernel = lookup "kernel" kernels (
          if hasPrefix "darwin" kernel then "darwin"
          else if hasPrefix "netbsd" kernel then "netbsd"
          else withoutAbi kernel
        );
        abi =
          if names ? abi then lookup "ABI" abis abi
          else if !(isLinux parsed || isWindows parsed) then abis.unknown
          else if isAarch32 parsed then
            if lib.strings.versionAtLeast (parsed.cpu.version or "0") "6" then abis.gnueabihf else abis.gnueabi
          else if isPower64 parsed && isBigEndian parsed then abis.gnuabielfv1
          else abis.gnu;
      };
    in
    mkSystem parsed;

  kernelName = kernel: kernel.name + toString (kernel.version or "");
  darwinArch = cpu: if cpu.name == "aarch64" then "arm64" else cpu.name;

  gnuNetBSDDefaultExecFormat =
    cpu:
    if cpu.bits == 32 && elem cpu.family [ "arm" "sparc" "m68k" "x86" ] then tables.execFormats.aout
    else tables.execFormats.elf;

  # The next CPU that runs all programs for a CPU; `a` runs programs for `b` if a chain leads from
  # b to a.
  successors = with cpuTypes; [
    [ i386 i486 ] [ i486 i586 ] [ i586 i686 ] [ i686 x86_64 ]
    [ arm armv5tel ] [ armv5tel armv6l ] [ armv6m armv6l ] [ armv6l armv7l ]
    [ armv7l armv7a ] [ armv7l armv7r ] [ armv7m armv7a ] [ armv7m armv7r ]
    [ armv8a aarch64 ]
    [ powerpc powerpc64 ] [ powerpcle powerpc64le ]
    [ mips mips64 ] [ mipsel mips64el ] [ sparc sparc64 ]
  ];
  isCompatible =
    a: b: b == a || any (pair: b == head pair && isCompatible a (elemAt pair 1)) successors;
in
{
  inherit (tables)
    abis cpuTypes execFormats kernelFamilies kernels significantBytes vendors
    ;
  inherit
    darwinArch gnuNetBSDDefaultExecFormat isCompatible kernelName mkSystem mkSystemFromSkeleton
    ;
  mkSkeletonFromList = skeleton;
  mkSystemFromString = text: mkSystemFromSkeleton (skeleton (splitString "-" text));
  isSystem = value: value._type or null == "system";

  doubleFromSystem =
    { cpu, kernel, ... }:
    "${cpu.name}-${if kernel.families ? darwin then "darwin" else kernelName kernel}";
  tripleFromSystem =
    {
      cpu,
      vendor,
      kernel,
      abi,
      ...
    }:
    let
      cpuName = if kernel.families ? darwin then darwinArch cpu else cpu.name;
      format = optionalString (
        kernel.name == "netbsd" && gnuNetBSDDefaultExecFormat cpu != kernel.execFormat
      ) kernel.execFormat.name;
      abiName = optionalString (abi != abis.unknown) "-${abi.name}";
    in
    "${cpuName}-${vendor.name}-${kernelName kernel}${format}${abiName}";

  # The same system with musl as its C library.
  mkMuslSystem =
    parsed:
    let
      suffix = lib.strings.removePrefix "musl" (lib.strings.removePrefix "gnu" parsed.abi.name);
    in
    mkSystem (parsed // { abi = abis.${"musl" + suffix} or abis.musl; });
}
