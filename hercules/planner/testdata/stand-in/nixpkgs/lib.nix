# The functions that the fixtures and the effects beside this use.
rec {
  inherit (builtins)
    concatLists
    concatStringsSep
    elem
    filter
    mapAttrs
    replaceStrings
    ;
  any = builtins.any;
  hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;
  optionalAttrs = condition: attrs: if condition then attrs else { };
  optionals = condition: list: if condition then list else [ ];
  optional = condition: value: optionals condition [ value ];
  optionalString = condition: text: if condition then text else "";
  recurseIntoAttrs = attrs: attrs // { recurseForDerivations = true; };
  mapAttrsToList = f: attrs: map (name: f name attrs.${name}) (builtins.attrNames attrs);
  nameValuePair = name: value: { inherit name value; };
  mapAttrs' = f: attrs: builtins.listToAttrs (mapAttrsToList f attrs);
  genAttrs = names: f: builtins.listToAttrs (map (name: nameValuePair name (f name)) names);
  filterAttrs =
    keep: attrs:
    removeAttrs attrs (builtins.filter (name: !keep name attrs.${name}) (builtins.attrNames attrs));
  makeOverridable =
    f: args: f args // { override = change: makeOverridable f (args // change); };
  escapeShellArg =
    text:
    if builtins.match "[[:alnum:],._+:@%/-]+" (toString text) == null then
      "'${replaceStrings [ "'" ] [ "'\\''" ] (toString text)}'"
    else
      toString text;
  escapeShellArgs = texts: concatStringsSep " " (map escapeShellArg texts);

  cleanSourceWith =
    { src, filter, ... }:
    {
      _isLibCleanSourceWith = true;
      inherit filter;
      origSrc = src.origSrc or src;
      name = "source";
      outPath = builtins.path {
        path = src.origSrc or src;
        inherit filter;
        name = "source";
      };
    };
  cleanSource =
    src:
    cleanSourceWith {
      inherit src;
      filter =
        path: type:
        !(
          type == "directory" && baseNameOf path == ".git"
          || builtins.match ".*~|result.*" (baseNameOf path) != null
        );
    };
}
