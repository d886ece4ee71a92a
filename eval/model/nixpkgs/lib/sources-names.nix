# The part of lib.sources that makes store path names for fetched repositories.
{ lib }:
let
  inherit (builtins) head match substring;
  inherit (lib.lists) last;

  archive = "(.*)\\.(git|tar|zip|gz|tgz|bz|tbz|bz2|tbz2|lzma|txz|xz|zstd)$";
  stripExtensions =
    name:
    let
      found = match archive name;
    in
    if found == null then name else stripExtensions (head found);

  # The last part of an URL or of `host:path`, without archive extensions.
  urlToName =
    url:
    stripExtensions (
      baseNameOf (lib.strings.removeSuffix "/" (last (lib.strings.splitString ":" (toString url))))
    );

  # Commits are cut to seven digits, tags lose their prefix ("release-1.2" -> "1.2").
  shortRev =
    rev:
    let
      base = baseNameOf (toString rev);
      version = match "([A-Za-z]+[-_. ]?)*(v)?([0-9.]+.*)" base;
    in
    if match "[a-f0-9]+" base != null then substring 0 7 base
    else if version != null then last version
    else base;

  versioned = repo: rev: "${urlToName repo}${if rev == null then "" else "-${shortRev rev}"}";
  namers = {
    source = _: _: _: "source";
    versioned = repo: rev: _: "${versioned repo rev}-source";
    full = repo: rev: suffix: "${versioned repo rev}${if suffix == null then "" else "-${suffix}"}-source";
  };
in
{
  inherit shortRev urlToName;
  revOrTag =
    rev: tag:
    if tag != null then tag else if rev != null then rev else "HEAD";
  repoRevToName = kind: namers.${kind} or (throw "lib.sources.repoRevToName: there is no kind of name \"${kind}\"");
}
