# Derivations of every sort; TestInstantiate compares what nix-instantiate makes
# of them, and of all they refer to, with what this package computes.
let
  base = {
    system = "x86_64-linux";
    builder = "/bin/sh";
  };
  drv = name: attrs: derivation (base // { inherit name; } // attrs);
  fixed =
    name: hash: attrs:
    drv name (
      {
        outputHashAlgo = "sha256";
        outputHashMode = "flat";
        outputHash = hash;
      }
      // attrs
    );
  hashOf = builtins.hashString "sha256";

  plain = drv "plain" { };
  multi = drv "multi" { outputs = [ "out" "dev" "bin" ]; };
  noOut = drv "no-out" { outputs = [ "lib" "doc" ]; };
  source = builtins.toFile "builder.sh" "echo hi > $out\n";
  withRef = builtins.toFile "with-ref" "source ${source}";
  # Two ways to fetch the same thing: their hashes modulo are equal.
  mirrorA = fixed "tarball" (hashOf "t") { url = "http://a.example/t"; };
  mirrorB = fixed "tarball" (hashOf "t") { url = "http://b.example/t"; };
  other = fixed "other" (hashOf "o") { };
  user = drv "user" { src = mirrorA; };
in
{
  inherit plain multi noOut mirrorA mirrorB other user;
  arguments = drv "args" { args = [ "-c" "echo \"hi\"\n\t\\ $out" source ]; };
  env = drv "env" {
    yes = true;
    no = false;
    nothing = null;
    number = 42;
    float = 1.5;
    list = [ 1 "two" [ "three" ] true ];
    path = ./tree;
    "odd name\"\\" = "value";
    text = "a\nb\r\tc\"d\\e";
    unicode = "é€";
  };
  ignoreNulls = drv "ignore-nulls" {
    __ignoreNulls = true;
    gone = null;
    stays = "x";
  };
  usesMulti = drv "uses-multi" { deps = [ multi multi.dev multi.bin ]; };
  usesOneOutput = drv "uses-one-output" { dep = multi.dev; };
  usesNoOut = drv "uses-no-out" { dep = noOut.doc; };
  sharedModulo = drv "shared-modulo" { deps = [ mirrorA mirrorB ]; };
  sameAsA = drv "same" { src = mirrorA; };
  sameAsB = drv "same" { src = mirrorB; };
  deepShared = drv "deep-shared" {
    deps = [ (drv "same" { src = mirrorA; }) (drv "same" { src = mirrorB; }) ];
  };
  sharedOutputs = drv "shared-outputs" {
    deps = [
      (drv "m" { outputs = [ "out" "dev" ]; src = mirrorA; })
      (drv "m" { outputs = [ "out" "dev" ]; src = mirrorB; }).dev
    ];
  };
  deep = drv "deep" { dep = user.drvPath; };
  deepFiles = drv "deep-files" { dep = (drv "inner" { inherit withRef multi; }).drvPath; };
  drvFile = drv "drv-file" { dep = builtins.unsafeDiscardOutputDependency user.drvPath; };
  text = drv "text" { builder = source; config = withRef; };
  chain = drv "chain-3" { dep = drv "chain-2" { dep = drv "chain-1" { dep = plain; }; }; };
  diamond = drv "diamond" { deps = [ user (drv "also" { src = mirrorA; }) ]; };
  outPlaceholder = drv "placeholder" { flags = "--prefix=${placeholder "out"}"; };
  dots = drv "name.with+odd_chars?=1.2" { };
  outputsOrder = drv "outputs-order" { outputs = [ "z" "a" "out" ]; };
  outInEnv = drv "out-in-env" { out = "mine"; };

  fixedFlat = fixed "flat" (hashOf "x") { };
  fixedRecursive = fixed "recursive" (hashOf "x") { outputHashMode = "recursive"; };
  fixedNix32 = fixed "nix32" "0000000000000000000000000000000000000000000000000000" { };
  fixedBase64 = fixed "base64" "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" { };
  fixedSri = drv "sri" {
    outputHash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    outputHashMode = "recursive";
  };
  fixedSha1 = fixed "sha1" (builtins.hashString "sha1" "x") { outputHashAlgo = "sha1"; };
  fixedSha1Recursive = fixed "sha1-r" (builtins.hashString "sha1" "x") {
    outputHashAlgo = "sha1";
    outputHashMode = "recursive";
  };
  fixedMd5 = fixed "md5" (builtins.hashString "md5" "x") { outputHashAlgo = "md5"; };
  fixedSha512 = fixed "sha512" (builtins.hashString "sha512" "x") { outputHashAlgo = "sha512"; };
  fixedEmpty = fixed "empty" "" { };
  fixedWithInputs = fixed "with-inputs" (hashOf "y") { nativeBuildInputs = [ multi user ]; };
  usesFixedWithInputs = drv "uses-fixed" { src = fixed "with-inputs" (hashOf "y") { dep = user; }; };
  usesAll = drv "uses-all" { deps = [ mirrorA mirrorB other user multi.all plain ]; };

  structured = drv "structured" {
    __structuredAttrs = true;
    number = 1;
    flag = true;
    list = [ "a" "b" ];
    nested.set = { x = null; };
    text = "quote \" newline \n";
    dep = multi.dev;
    outputs = [ "out" "dev" ];
  };
  structuredFixed = drv "structured-fixed" {
    __structuredAttrs = true;
    outputHashAlgo = "sha256";
    outputHashMode = "recursive";
    outputHash = hashOf "s";
    args = [ "-e" source ];
  };
  usesStructured = drv "uses-structured" {
    __structuredAttrs = true;
    dep = drv "structured-inner" {
      __structuredAttrs = true;
      values = { a = [ ]; b = { }; };
    };
  };
}
