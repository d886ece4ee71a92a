# lib.systems.platforms: compiler settings for kinds of machines, and the one that a platform gets.
{ lib }:
let
  gcc = settings: { gcc = settings; };
  platforms = {
    armv5tel-multiplatform = gcc { arch = "armv5te"; };
    raspberrypi = gcc { arch = "armv6kz"; fpu = "vfpv2"; };
    raspberrypi2 = platforms.armv7l-hf-multiplatform;
    bluefield2 = gcc { arch = "armv8-a+fp+simd+crc+crypto"; };
    zero-gravitas = gcc { cpu = "cortex-a9"; fpu = "neon"; };
    zero-sugar = gcc { cpu = "cortex-a7"; fpu = "neon-vfpv4"; float-abi = "hard"; };
    armv7a-android = gcc { arch = "armv7-a"; float-abi = "softfp"; fpu = "vfpv3-d16"; };
    armv7l-hf-multiplatform = gcc { arch = "armv7-a"; fpu = "vfpv3-d16"; };
    aarch64-multiplatform = gcc { arch = "armv8-a"; };
    apple-m1 = gcc {
      arch = "armv8.3-a+crypto+sha2+aes+crc+fp16+lse+simd+ras+rdm+rcpc";
      cpu = "apple-a13";
    };
    ben_nanonote = gcc { arch = "mips32"; float = "soft"; };
    fuloong2f_n32 = gcc { arch = "loongson2f"; float = "hard"; abi = "n32"; };
    gcc_mips32r2_o32 = gcc { arch = "mips32r2"; abi = "32"; };
    gcc_mips32r6_o32 = gcc { arch = "mips32r6"; abi = "32"; };
    gcc_mips64r2_n32 = gcc { arch = "mips64r2"; abi = "n32"; };
    gcc_mips64r6_n32 = gcc { arch = "mips64r6"; abi = "n32"; };
    gcc_mips64r2_64 = gcc { arch = "mips64r2"; abi = "64"; };
    gcc_mips64r6_64 = gcc { arch = "mips64r6"; abi = "64"; };
    loongarch64-multiplatform = gcc {
      arch = "la64v1.0";
      strict-align = false;
      cmodel = "medium";
    };
  };

  forArm =
    version:
    if version == null then { }
    else if lib.strings.versionOlder version "6" then platforms.armv5tel-multiplatform
    else if lib.strings.versionOlder version "7" then platforms.raspberrypi
    else platforms.armv7l-hf-multiplatform;
in
platforms
// {
  select =
    platform:
    if platform.isAarch32 then forArm (platform.parsed.cpu.version or null)
    else if platform.isAarch64 then
      (if platform.isDarwin then platforms.apple-m1 else platforms.aarch64-multiplatform)
    else if platform.isLoongArch64 then platforms.loongarch64-multiplatform
    else if platform.parsed.cpu.name == "mipsel" then lib.systems.examples.mipsel-linux-gnu
    else { };
}
