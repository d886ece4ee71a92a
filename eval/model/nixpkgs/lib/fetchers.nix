# lib.fetchers: what fetchers have in common: hash arguments and proxy variables.
{ lib }:
let
  inherit (builtins) attrNames head intersectAttrs length removeAttrs;
  inherit (lib.trivial) functionArgs setFunctionArgs;

  # Placeholders that an empty hash stands for.
  fake = {
    hash = lib.misc.fakeHash;
    sha256 = lib.misc.fakeSha256;
    sha512 = lib.misc.fakeSha512;
  };
  hashArguments = types: lib.attrsets.genAttrs ([ "hash" ] ++ types) (_: { });

  normalizeHash =
    {
      hashTypes ? [ "sha256" ],
      required ? true,
    }:
    let
      possible = hashArguments hashTypes;
    in
    args:
    let
      given = attrNames (intersectAttrs possible args);
      name = head given;
      value = args.${name};
      rest = removeAttrs args (attrNames possible);
    in
    if args ? outputHash then
      args
    else if length given > 1 then
      throw "lib.fetchers.normalizeHash: these arguments exclude each other: ${builtins.concatStringsSep ", " given}"
    else if given == [ ] then
      (if required then throw "lib.fetchers.normalizeHash: the fetcher needs a hash" else rest)
    else
      rest
      // {
        outputHashAlgo = if name == "hash" then null else name;
        outputHash =
          if value != "" then value
          else fake.${name} or (throw "lib.fetchers.normalizeHash: there is no placeholder for an empty ${name}");
      };
in
{
  inherit normalizeHash;
  proxyImpureEnvVars =
    let
      lower = [ "http_proxy" "https_proxy" "ftp_proxy" "all_proxy" "no_proxy" ];
    in
    lower ++ map lib.strings.toUpper lower ++ [ "NIX_SSL_CERT_FILE" ];

  withNormalizedHash =
    {
      hashTypes ? [ "sha256" ],
    }:
    fetcher:
    let
      formals = functionArgs fetcher;
      normalize = normalizeHash {
        inherit hashTypes;
        required = !formals.outputHash;
      };
    in
    assert formals ? outputHash && formals ? outputHashAlgo;
    assert intersectAttrs formals (hashArguments hashTypes) == { };
    setFunctionArgs (args: fetcher (normalize args)) (
      removeAttrs formals [ "outputHash" "outputHashAlgo" ] // { hash = formals.outputHash; }
    );
}
