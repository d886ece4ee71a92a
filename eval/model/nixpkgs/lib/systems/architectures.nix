# lib.systems.architectures: what GCC's -march values can do, and which contain which.
{ lib }:
let
  inherit (builtins) elem mapAttrs;

  sse = [ "sse3" "ssse3" "sse4_1" "sse4_2" ];
  avx = sse ++ [ "avx" ];
  avx2 = sse ++ [ "avx" "avx2" "fma" ];
  avx2Aes = sse ++ [ "aes" "avx" "avx2" "fma" ];
  avx512 = sse ++ [ "avx" "avx2" "avx512" "fma" ];
  avx512Aes = sse ++ [ "aes" "avx" "avx2" "avx512" "fma" ];
  bulldozer = sse ++ [ "sse4a" "aes" "avx" "fma" "fma4" ];
  zen = sse ++ [ "sse4a" "aes" "avx" "avx2" "fma" ];
  zen4 = sse ++ [ "sse4a" "aes" "avx" "avx2" "avx512" "fma" ];
  loongson = [ "div32" "frecipe" "lam-bh" "lamcas" "ld-seq-sa" ];

  # Each architecture: its features, and those next below that it contains.
  table = {
    default = [ [ ] [ ] ];
    x86-64 = [ [ ] [ ] ];
    x86-64-v2 = [ sse [ "x86-64" ] ];
    x86-64-v3 = [ avx2 [ "x86-64-v2" ] ];
    x86-64-v4 = [ avx512 [ "x86-64-v3" ] ];
    nehalem = [ sse [ "x86-64-v2" ] ];
    westmere = [ sse [ "nehalem" ] ];
    silvermont = [ sse null ];
    sandybridge = [ avx [ "westmere" ] ];
    ivybridge = [ avx [ "sandybridge" ] ];
    haswell = [ avx2 [ "ivybridge" "x86-64-v3" ] ];
    broadwell = [ avx2 [ "haswell" ] ];
    skylake = [ avx2Aes [ "broadwell" ] ];
    skylake-avx512 = [ avx512Aes [ "skylake" "x86-64-v4" ] ];
    cannonlake = [ avx512Aes [ "skylake-avx512" ] ];
    icelake-client = [ avx512Aes [ "cannonlake" ] ];
    icelake-server = [ avx512Aes [ "icelake-client" ] ];
    cascadelake = [ avx512Aes [ "cannonlake" ] ];
    cooperlake = [ avx512Aes [ "cascadelake" ] ];
    tigerlake = [ avx512Aes [ "icelake-server" ] ];
    sapphirerapids = [ avx512Aes [ "tigerlake" ] ];
    emeraldrapids = [ avx512Aes [ "sapphirerapids" ] ];
    rocketlake = [ avx512Aes [ "x86-64-v4" ] ];
    alderlake = [ avx2Aes [ "skylake" ] ];
    sierraforest = [ avx2Aes [ "alderlake" ] ];
    btver1 = [ sse [ "x86-64" ] ];
    btver2 = [ (sse ++ [ "aes" "avx" ]) [ "x86-64-v2" ] ];
    bdver1 = [ bulldozer [ "x86-64-v2" ] ];
    bdver2 = [ bulldozer [ "x86-64-v2" ] ];
    bdver3 = [ bulldozer [ "x86-64-v2" ] ];
    bdver4 = [ (sse ++ [ "sse4a" "aes" "avx" "avx2" "fma" "fma4" ]) [ "x86-64-v3" ] ];
    znver1 = [ zen [ "skylake" ] ];
    znver2 = [ zen [ "znver1" ] ];
    znver3 = [ zen [ "znver2" ] ];
    znver4 = [ zen4 [ "znver3" "x86-64-v4" ] ];
    znver5 = [ zen4 [ "znver4" ] ];

    armv5te = [ [ ] [ ] ];
    armv6 = [ [ ] [ ] ];
    armv7-a = [ [ ] [ ] ];
    armv8-a = [ [ ] [ ] ];
    "armv8.1-a" = [ null [ "armv8-a" ] ];
    "armv8.2-a" = [ null [ "armv8.1-a" ] ];
    "armv8.3-a" = [ null [ "armv8.2-a" ] ];
    "armv8.4-a" = [ null [ "armv8.3-a" ] ];
    "armv8.5-a" = [ null [ "armv8.4-a" ] ];
    "armv8.6-a" = [ null [ "armv8.5-a" ] ];
    "armv8.7-a" = [ null [ "armv8.6-a" ] ];
    "armv8.8-a" = [ null [ "armv8.7-a" ] ];
    "armv8.9-a" = [ null [ "armv8.8-a" ] ];
    armv9-a = [ null [ "armv8.5-a" ] ];
    "armv9.1-a" = [ null [ "armv9-a" "armv8.6-a" ] ];
    "armv9.2-a" = [ null [ "armv9.1-a" "armv8.7-a" ] ];
    "armv9.3-a" = [ null [ "armv9.2-a" "armv8.8-a" ] ];
    "armv9.4-a" = [ null [ "armv9.3-a" ] ];
    cortex-a53 = [ null [ "armv8-a" ] ];
    cortex-a72 = [ null [ "armv8-a" ] ];
    cortex-a55 = [ null [ "armv8.2-a" "cortex-a53" "cortex-a72" ] ];
    cortex-a76 = [ null [ "armv8.2-a" "cortex-a53" "cortex-a72" ] ];
    ampere1 = [ null [ "armv8.6-a" "cortex-a55" "cortex-a76" ] ];
    ampere1a = [ null [ "ampere1" ] ];
    ampere1b = [ null [ "ampere1a" ] ];

    loongarch64 = [ [ "fpu64" ] [ ] ];
    "la64v1.0" = [ [ "fpu64" "lsx" ] [ "loongarch64" ] ];
    la464 = [ [ "fpu64" "lsx" "lasx" ] [ "la64v1.0" ] ];
    "la64v1.1" = [ ([ "fpu64" "lsx" ] ++ loongson) [ "la64v1.0" ] ];
    la664 = [ ([ "fpu64" "lsx" "lasx" ] ++ loongson) [ "la464" "la64v1.1" ] ];

    mips32 = [ [ ] [ ] ];
    loongson2f = [ [ ] [ ] ];
  };
  column =
    index:
    mapAttrs (_: row: builtins.elemAt row index) (
      lib.attrsets.filterAttrs (_: row: builtins.elemAt row index != null) table
    );

  features = column 0;
  below = column 1;
  # Everything contained, without repetition, nearest first.
  inferiors = mapAttrs (
    _: next: lib.lists.unique (next ++ builtins.concatMap (name: inferiors.${name}) next)
  ) below;

  supports = feature: architecture: elem feature (features.${architecture} or [ ]);
in
{
  inherit features inferiors;
  hasInferior = architecture: other: elem other (inferiors.${architecture} or [ ]);
  canExecute =
    architecture: other: architecture == other || elem other (inferiors.${architecture} or [ ]);
  predicates = mapAttrs (_: supports) {
    aesSupport = "aes";
    avx2Support = "avx2";
    avx512Support = "avx512";
    avxSupport = "avx";
    fma4Support = "fma4";
    fmaSupport = "fma";
    lasxSupport = "lasx";
    lsxSupport = "lsx";
    sse3Support = "sse3";
    sse4_1Support = "sse4_1";
    sse4_2Support = "sse4_2";
    sse4_aSupport = "sse4a";
    ssse3Support = "ssse3";
  };
}
