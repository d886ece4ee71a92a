# Types whose values are modules or the outcome of evaluating modules.
{ lib }:
let
  inherit (builtins)
    attrNames
    elemAt
    intersectAttrs
    isAttrs
    isList
    length
    map
    ;
  inherit (lib.modules)
    evalModules
    mkForce
    mkOptionDefault
    setDefaultModuleLocation
    ;
  inherit (lib.options) showOption;
  inherit (lib.types)
    complaint
    defaultFunctor
    judgedCheck
    judgedMerge
    mkOptionType
    optionDescriptionPhrase
    path
    ;

  isModule = x: isAttrs x || lib.isFunction x || path.check x;

  # For manuals, where much of what a submodule needs is not there.
  uncheckedModule = {
    _file = "<no checks, for documentation>";
    config._module.check = mkForce false;
  };

  # One of two settings that were declared apart, where null means "any".
  agree =
    what: a: b:
    if a == null then
      b
    else if b == null || a == b then
      a
    else
      throw "a submodule is declared more than once, with different ${what}";

  mergePayload =
    a: b:
    let
      twice = attrNames (intersectAttrs a.specialArgs b.specialArgs);
    in
    {
      modules = a.modules ++ b.modules;
      specialArgs =
        if twice == [ ] then
          a.specialArgs // b.specialArgs
        else
          throw "a submodule is declared more than once, each time with the specialArgs ${toString twice}";
      class = agree "class" (a.class or null) (b.class or null);
      shorthandOnlyDefinesConfig =
        agree "shorthandOnlyDefinesConfig" a.shorthandOnlyDefinesConfig
          b.shorthandOnlyDefinesConfig;
      description = agree "description" a.description b.description;
    };

  # shorthandOnlyDefinesConfig: a definition that is a set is configuration, so
  # that `config` or `imports` in it are names of options.
  submoduleWith =
    settings@{
      modules,
      specialArgs ? { },
      shorthandOnlyDefinesConfig ? false,
      description ? null,
      class ? null,
    }:
    let
      asModule =
        def:
        if isAttrs def.value && shorthandOnlyDefinesConfig == true then
          {
            _file = def.file;
            config = def.value;
          }
        else
          setDefaultModuleLocation def.file def.value;

      # Modules may use the argument `name`; it is known for a definition only.
      base = evalModules {
        inherit class specialArgs;
        modules = [ { _module.args.name = mkOptionDefault "‹name›"; } ] ++ modules;
      };
      documented = extra: base.extendModules (extra // { modules = [ uncheckedModule ]; });
      inherit (base._module) freeformType;
    in
    mkOptionType {
      name = "submodule";
      description =
        let
          freeform = (documented { })._module.freeformType;
        in
        if description != null then
          description
        else if freeform ? description then
          "open submodule of ${
            optionDescriptionPhrase (class: class == "noun" || class == "composite") freeform
          }"
        else
          "submodule";
      check = judgedCheck isModule;
      merge = judgedMerge (
        { loc, defs }:
        let
          configuration = base.extendModules {
            modules = [ { _module.args.name = elemAt loc (length loc - 1); } ] ++ map asModule defs;
            prefix = loc;
          };
        in
        {
          headError = complaint isModule defs;
          value = configuration.config;
          valueMeta = { inherit configuration; };
        }
      );
      emptyValue.value = base.config;
      getSubOptions =
        prefix:
        let
          evaluated = documented { inherit prefix; };
          freeform = evaluated._module.freeformType;
        in
        evaluated.options
        // (if freeform == null then { } else { _freeformOptions = freeform.getSubOptions prefix; });
      getSubModules = modules;
      substSubModules = modules: submoduleWith (settings // { inherit modules; });
      nestedTypes = if freeformType == null then { } else { inherit freeformType; };
      functor = defaultFunctor "submodule" // {
        type = submoduleWith;
        payload = {
          inherit
            modules
            specialArgs
            shorthandOnlyDefinesConfig
            description
            class
            ;
        };
        binOp = mergePayload;
      };
    };

  deferredModuleWith =
    {
      staticModules ? [ ],
    }:
    mkOptionType {
      name = "deferredModule";
      description = "module";
      descriptionClass = "noun";
      check = isModule;
      merge = loc: defs: {
        imports =
          staticModules
          ++ map (
            def: setDefaultModuleLocation "${def.file}, via option ${showOption loc}" def.value
          ) defs;
      };
      inherit (submoduleWith { modules = staticModules; }) getSubOptions getSubModules;
      substSubModules = modules: deferredModuleWith { staticModules = modules; };
      functor = defaultFunctor "deferredModuleWith" // {
        type = deferredModuleWith;
        payload = { inherit staticModules; };
        binOp = a: b: { staticModules = a.staticModules ++ b.staticModules; };
      };
    };
in
{
  inherit deferredModuleWith submoduleWith;

  submodule =
    modules:
    submoduleWith {
      modules = if !__nixplan.isUnknown modules && isList modules then modules else [ modules ];
      shorthandOnlyDefinesConfig = true;
    };

  # A module that is a value, to be imported somewhere else.
  deferredModule = deferredModuleWith { };
}
