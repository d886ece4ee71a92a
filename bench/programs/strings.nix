# Interpolation, joining, replacing and matching.
let
  words = builtins.genList (n: "word-${toString n}.${toString (n * 7)}") 40000;
  text = builtins.concatStringsSep " " words;
  dashed = builtins.replaceStrings [ "." "-" ] [ "/" "_" ] text;
  matched = builtins.filter (w: builtins.match "word-[0-9]*5\\..*" w != null) words;
in
builtins.stringLength dashed + builtins.length matched + builtins.length (builtins.split " " text)
