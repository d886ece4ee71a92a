# lib.sources.sourceByGlobs: `*` matches within a name, `**` as a whole component any number of them.
{ lib }:
let
  inherit (builtins)
    any concatStringsSep elemAt filter isList isString length match split
    ;
  components = path: filter isString (split "/" path);
  component =
    glob:
    if glob == "**" then ".*"
    else concatStringsSep "" (
      map (piece: if isList piece then "[^/]*" else lib.strings.escapeRegex piece) (split "\\*+" glob)
    );

  # A directory that may lead to a match is kept.
  matcher =
    glob:
    let
      globs = map component (components glob);
      count = length globs;
    in
    path: type:
    let
      names = components path;
      size = length names;
      fits = g: n: match (elemAt globs g) (elemAt names n) != null;
      from =
        g: n:
        if n >= size then g >= count || type == "directory" || type == "symlink"
        else if g >= count then false
        else if elemAt globs g == ".*" then
          # `**` gives way as soon as the glob after it fits.
          g + 1 == count || (if fits (g + 1) n then from (g + 1) n else from g (n + 1))
        else fits g n && from (g + 1) (n + 1);
    in
    from 0 0;
in
{
  sourceByGlobs =
    src: globs:
    let
      root = "${toString src}/";
      matchers = map matcher globs;
    in
    lib.sources.cleanSourceWith {
      inherit src;
      filter =
        path: type:
        let
          relative = lib.strings.removePrefix root path;
        in
        any (matches: matches relative type) matchers;
    };
}
