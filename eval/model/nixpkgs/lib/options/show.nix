# Options and their definitions as text, for messages.
{ lib }:
let
  inherit (builtins)
    concatStringsSep
    filter
    genList
    elemAt
    isString
    length
    map
    match
    split
    tryEval
    ;

  maxLines = 5;

  # A value in a few lines, "" when it cannot be evaluated.
  summary =
    value:
    let
      pretty = tryEval (
        lib.generators.toPretty { } (
          lib.generators.withRecursion {
            depthLimit = 10;
            throwOnDepthLimit = false;
          } value
        )
      );
      lines = filter isString (split "\n" pretty.value);
      shown = genList (elemAt lines) (if length lines < maxLines then length lines else maxLines);
      more = if length lines > maxLines then [ "..." ] else [ ];
    in
    if !pretty.success then
      ""
    else if __nixplan.isUnknown value then
      ": not known"
    else if length lines == 1 then
      ": ${pretty.value}"
    else
      ":\n    ${concatStringsSep "\n    " (shown ++ more)}";
in
rec {
  # showOption [ "a" "b.c" "<name>" ] -> a."b.c".<name>
  showOption =
    path:
    let
      isPlaceholder = name: name == "*" || match "<(.*)>" name != null;
    in
    concatStringsSep "." (
      map (name: if isPlaceholder name then name else lib.strings.escapeNixIdentifier name) path
    );

  showFiles = files: concatStringsSep " and " (map (file: "`${file}'") files);

  showDefs =
    defs: concatStringsSep "" (map (def: "\n- In `${def.file}'${summary def.value}") defs);

  showOptionWithDefLocs =
    opt: "${showOption opt.loc}, with values defined in:\n${
      concatStringsSep "\n" (map (file: "  - ${file}") opt.files)
    }\n";
}
