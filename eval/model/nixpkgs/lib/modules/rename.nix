# Modules that keep old option names working: aliases, renames, removals.
{ lib }:
let
  inherit (builtins)
    any
    concatMap
    foldl'
    map
    ;
  inherit (lib)
    attrByPath
    getAttrFromPath
    recursiveUpdate
    setAttrByPath
    types
    ;
  inherit (lib.options) mkOption showFiles showOption;
  inherit (lib.modules)
    defaultOverridePriority
    mkIf
    mkMerge
    mkOverride
    ;

  identity = x: x;
  optional = condition: value: if condition then [ value ] else [ ];
  supported = release: lib.oldestSupportedReleaseIsAtLeast release;

  # Stands for "not defined" where an option must have a default.
  unset = "_mkMergedOptionModule";

  renamed = from: to: "option `${showOption from}' is obsolete: it is now `${showOption to}'";
in
rec {
  # A definition that stands for all definitions of another option, conditions
  # and order included. The WithPriority form takes over the priority too.
  mkAliasDefinitions = mkAliasAndWrapDefinitions identity;
  mkAliasAndWrapDefinitions =
    wrap: option: mkIf option.isDefined (wrap (mkMerge option.definitions));
  mkAliasAndWrapDefsWithPriority =
    wrap: option:
    let
      priority = option.highestPrio or defaultOverridePriority;
    in
    mkIf option.isDefined (wrap (mkMerge (map (mkOverride priority) option.definitions)));
  mkAliasIfDef = option: mkIf option.isDefined;

  # A definition made from another option's value, as strong as that one.
  mkDerivedConfig =
    option: f: mkOverride (option.highestPrio or defaultOverridePriority) (f option.value);

  # Declares `from` so that its definitions go to the option `to`.
  # use: applied to the value when `from` is read; warn: whether a definition of
  # `from` adds to `warnings`; condition: whether anything is passed on.
  doRename =
    {
      from,
      to,
      visible,
      warn,
      use,
      withPriority ? true,
      condition ? true,
    }:
    { config, options, ... }:
    let
      old = getAttrFromPath from options;
      target = attrByPath to { } options;
      type = target.type or (types.submodule { });
      alias = if withPriority then mkAliasAndWrapDefsWithPriority else mkAliasAndWrapDefinitions;
      missing = abort "option `${showOption from}' is renamed to `${showOption to}', which does not exist";
    in
    {
      options = setAttrByPath from (
        mkOption {
          inherit visible;
          description = "Alias of {option}`${showOption to}`.";
          apply = _: use (attrByPath to missing config);
        }
        // (if type == null then { } else { inherit type; })
      );
      config = mkIf condition (mkMerge [
        (
          if options ? warnings then
            {
              warnings = optional (warn && old.isDefined) (
                renamed from to + " (defined in ${showFiles old.files})"
              );
            }
          else
            { }
        )
        (alias (setAttrByPath to) old)
      ]);
    };

  mkAliasOptionModule =
    from: to:
    doRename {
      inherit from to;
      visible = true;
      warn = false;
      use = identity;
    };
  mkAliasOptionModuleMD = mkAliasOptionModule;

  mkRenamedOptionModule =
    from: to:
    doRename {
      inherit from to;
      visible = false;
      warn = true;
      use = builtins.trace (renamed from to);
    };

  # The same, but silent while a supported release lacks the new name.
  mkRenamedOptionModuleWith =
    {
      from,
      to,
      sinceRelease,
    }:
    doRename {
      inherit from to;
      visible = false;
      warn = supported sinceRelease;
      use = if supported sinceRelease then lib.warn (renamed from to) else identity;
    };

  # Reading the option fails, defining it fails an assertion.
  mkRemovedOptionModule =
    path: instructions:
    { options, ... }:
    let
      option = getAttrFromPath path options;
      name = showOption path;
    in
    {
      options = setAttrByPath path (mkOption {
        visible = false;
        apply = _: throw "option `${name}' has been removed. ${instructions}";
      });
      config.assertions = [
        {
          assertion = !option.isDefined;
          message = ''
            Option `${name}', defined in ${showFiles option.files}, has been removed and does nothing.
            ${instructions}
          '';
        }
      ];
    };

  # Declares several old options; mergeFn makes the value of `to` from the
  # configuration when one of them is defined.
  mkMergedOptionModule =
    from: to: mergeFn:
    { config, options, ... }:
    let
      isSet = path: getAttrFromPath path config != unset;
      note =
        path:
        "option `${showOption path}', defined in ${
          showFiles (getAttrFromPath path options).files
        }, has become `${showOption to}', which takes another type";
    in
    {
      options = foldl' recursiveUpdate { } (
        map (
          path:
          setAttrByPath path (mkOption {
            visible = false;
            default = unset;
          })
        ) from
      );
      config = {
        warnings = concatMap (path: optional (isSet path) (note path)) from;
      }
      // setAttrByPath to (mkMerge (optional (any isSet from) (mergeFn config)));
    };
  mkChangedOptionModule = from: mkMergedOptionModule [ from ];

  # Modules from files that are no modules yet.
  importApply =
    file: argument: lib.modules.setDefaultModuleLocation file (import file argument);
  importJSON = file: {
    _file = file;
    config = builtins.fromJSON (builtins.readFile file);
  };
  importTOML = file: {
    _file = file;
    config = builtins.fromTOML (builtins.readFile file);
  };

  fixMergeModules =
    modules: args:
    lib.modules.evalModules {
      inherit modules args;
      check = false;
    };
}
