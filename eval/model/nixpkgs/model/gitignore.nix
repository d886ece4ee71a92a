# Patterns of gitignore(5) as a source filter, for nix-gitignore and for hercules-ci/gitignore.nix.
{ lib }:

let
  inherit (builtins) concatMap filter isList isPath match pathExists readFile split substring;

  lines = text: filter (piece: !isList piece && piece != "") (split "\n" text);

  # The wildcards and what each becomes in a regular expression. Everything between them is literal.
  wildcard = "(\\*\\*/|/\\*\\*|\\*|\\?|\\[[^]]+]|\\\\.)";
  translate =
    token:
    {
      "**/" = "(.*/)?";
      "/**" = "/.*";
      "*" = "[^/]*";
      "?" = "[^/]";
    }
    .${token} or (
      if substring 0 1 token == "[" then
        # A class is negated by `!` here, and by `^` in a regular expression.
        (if substring 1 1 token == "!" then "[^" + substring 2 (-1) token else token)
      else
        lib.escapeRegex (substring 1 (-1) token)
    );
  globToRegex =
    glob: lib.concatStrings (map (piece: if isList piece then translate (builtins.head piece) else lib.escapeRegex piece) (split wildcard glob));

  # One line -> { keep; directoriesOnly; regex; }, a list of none or one.
  rule =
    line:
    let
      parts = match "(!?)(/?)(.*[^/])(/?)[ \t\r]*" (if substring 0 1 line == "\\" then substring 1 (-1) line else line);
      part = builtins.elemAt parts;
      # A slash at the start or in the middle ties the pattern to the root.
      anchored = part 1 == "/" || match ".*/.*" (part 2) != null;
    in
    if match "[ \t\r]*|#.*" line != null || parts == null then
      [ ]
    else
      [
        {
          keep = part 0 == "!";
          directoriesOnly = part 3 == "/";
          regex = (if anchored then "" else "(.*/)?") + globToRegex (part 2);
        }
      ];

  textOf = pattern: if !isPath pattern then pattern else if pathExists pattern then readFile pattern else "";

  rulesOf = patterns: concatMap rule (concatMap lines (map textOf (lib.toList patterns)));
in
{
  # Patterns are texts or files of them. Of the rules that match a path the last one decides; git, like this filter, does
  # not look into an excluded directory again.
  filterFor =
    patterns: root:
    let
      rules = rulesOf patterns;
      prefixLength = builtins.stringLength (toString root) + 1;
    in
    path: type:
    let
      relative = substring prefixLength (-1) (toString path);
      hits = filter (r: (!r.directoriesOnly || type == "directory") && match r.regex relative != null) rules;
    in
    hits == [ ] || (lib.last hits).keep;
}
