# Matches declarations and definitions by attribute path.
{ lib }:
let
  inherit (builtins)
    all
    attrNames
    concatLists
    concatMap
    concatStringsSep
    filter
    foldl'
    head
    isAttrs
    isList
    length
    map
    mapAttrs
    removeAttrs
    sort
    typeOf
    unsafeGetAttrPos
    zipAttrsWith
    ;
  inherit (lib) types;
  inherit (lib.types) surely;
  inherit (lib.options)
    isOption
    mkOption
    showFiles
    showOption
    ;
  inherit (lib.modules)
    evalOptionValue
    pushDownProperties
    setDefaultModuleLocation
    ;
  inherit (__nixplan) assume isUnknown known;

  collect = zipAttrsWith (_: values: values);

  # An option of which nothing is known but its name.
  unknownOption =
    declaration:
    mkOption {
      type = types.anything;
      default = declaration;
    };

  tagged = decl: decl.options ? _type;

  # The options a module declares here: name -> { _file; pos; options; }.
  declarationsOf =
    prefix: module:
    let
      tree = module.options;
    in
    if isUnknown tree then
      assume "the unknown options of ${module._file} are not read here" { }
    else if !isAttrs tree then
      throw "the options of `${concatStringsSep "." prefix}' must be an attribute set, but are of type ${typeOf tree} in ${module._file}. Is that meant to be outside of `options'?"
    else
      mapAttrs (name: options: {
        inherit (module) _file;
        pos = unsafeGetAttrPos name tree;
        options = if isUnknown options then unknownOption options else options;
      }) (known tree);

  # Splits definitions of an attribute set into { clear; vague; }: those whose
  # attributes are there to see, and unknown ones.
  splitConfigs =
    prefix: configs:
    let
      check =
        c:
        isAttrs c.config
        || throw "`${concatStringsSep "." prefix}' is no option but a group of options: it takes an attribute set, and ${c.file} gives it a value of type ${typeOf c.config}";
      clear = filter (c: !isUnknown c.config) configs;
      whatIsKnown =
        c:
        if isUnknown (c.config ? "") then
          assume "the settings of ${c.file} that are not known define no option that is read here" (
            known c.config
          )
        else
          c.config;
    in
    {
      clear =
        assert all check clear;
        map (c: c // { config = whatIsKnown c; }) clear;
      vague = filter (c: isUnknown c.config) configs;
    };

  # An option tree seen as an option: below an option of type submodule, other
  # modules may declare more options.
  treeAsOption =
    decl:
    if isOption decl.options then
      decl
    else
      decl
      // {
        options = mkOption {
          type = types.submoduleWith {
            modules = [ { inherit (decl) options; } ];
            # null: whatever the other declarations say.
            shorthandOnlyDefinesConfig = null;
          };
        };
      };

  notAnOption =
    loc: decl:
    let
      tag = decl.options._type;
    in
    throw (
      "`${showOption loc}' in ${decl._file} must be an option declaration, but is of type ${tag}"
      + (if tag == "option-type" then ": write `mkOption { type = …; }' around the type" else "")
    );

  optionAboveOptions =
    loc: decls:
    let
      option = head (filter tagged decls);
      inner = concatMap (
        decl:
        map (name: "\n- `${showOption (loc ++ [ name ])}', declared in ${decl._file}") (
          attrNames decl.options
        )
      ) (filter (decl: !isOption decl.options) decls);
    in
    throw "`${showOption loc}' is declared as an option in ${option._file}, and its type (${
      option.options.type.description or "no description"
    }) cannot have options below it, but there are some:${
      concatStringsSep "" (sort (a: b: a < b) inner)
    }";

  # Where not all modules are known, what a module stored in an option will be
  # evaluated with is not known either.
  vagueType =
    type:
    if !isUnknown type && type.name or null == "deferredModule" then
      type
      // {
        merge =
          loc: defs:
          let
            module = type.merge loc defs;
            more = [ { _isVague = true; } ];
          in
          # flake-parts has a type of this name whose values are lists of modules.
          if isList module then module ++ more else { imports = [ module ] ++ more; };
      }
    else
      type;

  # Options that stand in for those of modules that are not here give way to
  # others.
  withoutStandIns =
    decls:
    let
      others = filter (decl: !surely (decl.options.isStandIn or false)) decls;
    in
    if others == [ ] then decls else others;

  # The result for one name: an option, or a group of options to go into.
  resolve =
    isVague: loc: allDecls: rawDefs: configs:
    let
      decls = withoutStandIns allDecls;
      complete = option: if isVague then option // { type = vagueType option.type; } else option;
      options = filter (
        decl: tagged decl && (decl.options._type == "option" || notAnOption loc decl)
      ) decls;
      evaluate = declared: {
        matchedOptions = evalOptionValue loc (complete (fixupOptionType loc (mergeOptionDecls loc declared))) rawDefs;
        unmatchedDefns = [ ];
      };
    in
    if options == [ ] then
      matchOptions isVague loc decls configs
    else if length options == length decls then
      evaluate decls
    else if all (decl: decl.options.type.name or null == "submodule") options then
      evaluate (map treeAsOption decls)
    else
      optionAboveOptions loc decls;

  # foldl' step of mergeOptionDecls: res is the option so far.
  addDeclaration =
    loc: res: decl:
    let
      new = decl.options;
      both = attribute: new ? ${attribute} && res ? ${attribute};
      merged = res.type.typeMerge new.type.functor;
      type =
        if isUnknown res.type then
          new.type
        else if isUnknown new.type then
          res.type
        else if merged == null then
          again
        else
          merged;
      again = throw "`${showOption loc}' is declared in ${decl._file} and already in ${showFiles res.declarations}, and the two do not go together";
      subModules = if surely (new.type.getSubModules or null != null) then new.type.getSubModules else null;
      position =
        if decl.pos != null then
          decl.pos
        else
          # Generated modules have no positions: the file is all there is.
          {
            file = decl._file;
            line = null;
            column = null;
          };
    in
    if builtins.any both [ "default" "example" "description" "apply" ] then
      again
    else
      new
      // res
      // {
        declarations = res.declarations ++ [ decl._file ];
        declarationPositions = res.declarationPositions ++ [ position ];
        options =
          (if subModules == null then [ ] else map (setDefaultModuleLocation decl._file) subModules)
          ++ res.options;
      }
      // (if both "type" then { inherit type; } else { });

  # mergeOptionDecls :: loc -> [ { _file; pos; options; } ] -> option
  #
  # One option from all its declarations; options below it are kept in `options`.
  mergeOptionDecls =
    loc:
    foldl' (addDeclaration loc) {
      inherit loc;
      declarations = [ ];
      declarationPositions = [ ];
      options = [ ];
    };

  # Gives an option its final type: unspecified when it has none, and with the
  # submodules that all declarations bring along.
  fixupOptionType =
    loc: opt:
    if isUnknown (opt.type or null) then
      opt // { type = types.anything // { inherit (opt.type) emptyValue; }; }
    else if !surely (opt.type.getSubModules or null != null) then
      opt // { type = opt.type or types.unspecified; }
    else
      opt
      // {
        type = opt.type.substSubModules opt.options;
        options = [ ];
      };

  # mergeModules :: prefix -> [ module ] -> { matchedOptions; unmatchedDefns; }
  #
  # matchedOptions is the tree of options, each with its `value`;
  # unmatchedDefns are [ { file; prefix; value; } ] for paths nobody declared.
  mergeModules = mergeModulesOf false;

  # The same; isVague: there are modules of which parts are not known.
  mergeModulesOf =
    isVague: prefix: modules:
    let
      configsOf =
        module:
        concatMap (
          config:
          if isUnknown config then
            assume "the unknown settings of ${module._file} define no option that is read here" [ ]
          else
            [
              {
                file = module._file;
                inherit config;
              }
            ]
        ) (pushDownProperties module.config);
    in
    matchOptions isVague prefix modules (concatMap configsOf modules);

  mergeModules' = matchOptions false;

  matchOptions =
    isVague: prefix: modules: configs:
    let
      inherit (splitConfigs prefix configs) clear vague;
      declared = collect (map (declarationsOf prefix) modules);

      # Definitions by name, once as written and once as sets of definitions for
      # what lies below that name.
      asValue = file: value: { inherit file value; };
      asConfig = file: config: { inherit file config; };
      eachOf = f: c: mapAttrs (_: f c.file) c.config;
      asWritten = collect (map (eachOf asValue) clear);
      pushedDown = zipAttrsWith (_: concatLists) (
        map (eachOf (file: value: map (asConfig file) (pushDownProperties value))) clear
      );

      # An unknown set of definitions may define any option below it.
      maybe = f: name: map (c: f c.file c.config.${name}) vague;
      resolveName =
        name: decls:
        resolve isVague (prefix ++ [ name ]) decls
          (asWritten.${name} or [ ] ++ maybe asValue name)
          (pushedDown.${name} or [ ] ++ maybe asConfig name);

      results = mapAttrs resolveName declared;
      unmatched =
        mapAttrs (_: result: result.unmatchedDefns) results
        // removeAttrs asWritten (attrNames declared);
      reached = name: map (def: def // { prefix = [ name ] ++ def.prefix or [ ]; }) unmatched.${name};
    in
    {
      matchedOptions = mapAttrs (_: result: result.matchedOptions) results;
      # Without definitions there is nothing to match: leave the options alone.
      unmatchedDefns = if configs == [ ] then [ ] else concatMap reached (attrNames unmatched);
    };
in
{
  inherit
    fixupOptionType
    mergeModules
    mergeModules'
    mergeModulesOf
    mergeOptionDecls
    ;
}
