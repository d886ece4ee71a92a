# From what a user writes in `imports` to the list of modules that take part:
# loading, bringing every form into one shape, following imports, leaving out
# what disabledModules names.
#
# A module that cannot be known (an input beyond reach, a file the model does
# not have) is left out, and the plan says so: it may define anything, but
# giving up on all options would help nobody.
{ lib }:
let
  inherit (builtins)
    addErrorContext
    attrNames
    concatLists
    concatMap
    elem
    filter
    genericClosure
    head
    isAttrs
    isList
    isString
    length
    map
    mapAttrs
    removeAttrs
    substring
    typeOf
    ;
  inherit (lib) functionArgs isFunction;
  inherit (lib.options) showDefs showOption unknownModule;
  inherit (lib.modules) mkMerge;
  inherit (__nixplan)
    assume
    elements
    isUnknown
    known
    sourceOf
    ;

  # numbered :: (int -> a -> b) -> [ a ] -> [ b ], counting from 1
  numbered = f: list: builtins.genList (i: f (i + 1) (builtins.elemAt list i)) (length list);

  quoted = builtins.toJSON;

  partly =
    file: key: module:
    assume "what is not known of ${named file key} defines no option that is read here" (vague module);

  # A module in words. One imported by path has it as file and key.
  named =
    file: key:
    if file != key then
      "a module in ${file}"
    else if (sourceOf key).kind or null == "nixpkgs" then
      "a module of NixOS that is not modelled"
    else
      "the module ${key}";

  # An open set answers for any name that it may have it.
  isOpen = m: isAttrs m && isUnknown (m ? "");

  emptyModule = file: key: {
    _file = file;
    _class = null;
    inherit key;
    disabledModules = [ ];
    imports = [ ];
    options = { };
    config = { };
    isVague = false;
  };

  skipped =
    what: file: key:
    assume "${what} defines no option that is read here" (vague (emptyModule file key));
  vague = module: module // { isVague = true; };

  # Attributes with a meaning of their own at the top of a module. `_isVague` is
  # the model's own: more modules than are known may take part.
  headers = [
    "_class"
    "_file"
    "_isVague"
    "key"
    "disabledModules"
    "imports"
    "freeformType"
  ];
  longHeaders = headers ++ [
    "options"
    "config"
    "meta"
  ];
  shortHeaders = headers ++ [ "require" ];
in
rec {
  # Gives m a file name for messages, when it has none of its own.
  setDefaultModuleLocation = file: m: {
    _file = file;
    imports = [ m ];
  };

  # Is there more to a module than what is known?
  isVagueModule = m: m.isVague || isUnknown m.options || isOpen m.options;

  # Brings a module (a set, no function any more) into the form
  # { _file _class key disabledModules imports options config }.
  # A set without `options` and `config` is all configuration.
  unifyModuleSyntax =
    file: key: m:
    let
      long = m ? config || m ? options;
      strangers = attrNames (removeAttrs m longHeaders);
      extra =
        (if long && m ? meta then [ { inherit (m) meta; } ] else [ ])
        ++ (if m ? freeformType then [ { _module.freeformType = m.freeformType; } ] else [ ]);
      body = if long then m.config or { } else removeAttrs m shortHeaders;
      text = value: default: if isUnknown value then default else toString value;
    in
    if isUnknown m then
      skipped (named file key) file key
    else if isOpen m then
      partly file key (unifyModuleSyntax file key (known m))
    else if !isAttrs m then
      throw "${file} (${key}) is no module: it is of type ${typeOf m}, where an attribute set or a function is expected"
    else if long && strangers != [ ] then
      throw "module `${key}' has the attribute `${head strangers}' beside `config' or `options'. A module with one of these has its settings under `config' only: move ${toString strangers} there."
    else
      {
        _file = text (m._file or file) file;
        _class = m._class or null;
        key = text (m.key or key) key;
        disabledModules = m.disabledModules or [ ];
        imports = (if long then [ ] else m.require or [ ]) ++ m.imports or [ ];
        options = if long then m.options or { } else { };
        config = if extra == [ ] then body else mkMerge ([ body ] ++ extra);
        isVague = m._isVague or false;
      };

  # Calls a module that is a function. What its formals ask for and the caller
  # does not supply comes from config._module.args; each argument stays a thunk,
  # because asking for `config` must not evaluate it.
  applyModuleArgs =
    key: f:
    args@{ config, ... }:
    let
      argument =
        name: _:
        addErrorContext "in the argument `${name}' of the module ${key}:" (
          args.${name} or (addErrorContext "which nobody passed, so it is looked up in `_module.args':"
            config._module.args.${name}
          )
        );
    in
    f (args // mapAttrs argument (functionArgs f));

  applyModuleArgsIfFunction =
    key: f: args:
    if isUnknown f || !isFunction f then f else applyModuleArgs key f args;

  # gatherModules :: class -> modulesPath -> [ module ] -> args -> { modules; graph; }
  #
  # modules: unified, each key once, in the order of a breadth-first walk;
  # graph: [ { key; file; disabled; imports; } ], the tree as it was written.
  # Args are those that module functions are called with.
  gatherModules =
    class: modulesPath: initialModules: args:
    let
      tree = subtree unknownModule "" initialModules;
      disabledKeys = concatMap disabledBy (allNodes tree);
      enabled = if disabledKeys == [ ] then (nodes: nodes) else filter (node: !(isDisabled node));
      isDisabled = node: elem node.key disabledKeys;

      load =
        file: key: m:
        let
          tag = m._type or "module";
        in
        if isUnknown m then
          skipped "a module in ${file}" file key
        else if isOpen m then
          partly file key (load file key (known m))
        else if isFunction m then
          unifyModuleSyntax file key (applyModuleArgs key m args)
        else if isAttrs m then
          if isUnknown tag || tag == "module" then
            unifyModuleSyntax file key m
          else if tag == "if" || tag == "override" then
            load file key { config = m; }
          else
            notAModule file tag
        else if isList m then
          throw "a list stands where a module is expected: `imports' cannot be nested. Definitions:${
            showDefs [
              {
                inherit file;
                value = m;
              }
            ]
          }"
        else
          unifyModuleSyntax (toString m) (toString m) (
            applyModuleArgsIfFunction (toString m) (import m) args
          );

      notAModule =
        file: tag:
        throw (
          "expected a module, but found a value of type ${quoted tag}"
          + (if file == unknownModule then "" else ", imported by ${toString file}")
          + (if args._prefix == [ ] then "" else ", for the modules of `${showOption args._prefix}'")
          + {
            configuration = ". A finished configuration cannot be imported: import the modules it is made of.";
            flake = ". A flake is no module: select one of its modules, such as `.modules.${
              if class == null then "<class>" else class
            }.default'${if class == "nixos" || class == "darwin" then " or `.${class}Modules.default'" else ""}.";
          }
          .${tag} or "."
        );

      ofClass =
        m:
        if class == null || m._class == null || m._class == class then
          m
        else
          throw "module `${m._file}' is of class ${quoted m._class} and cannot be imported where modules of class ${quoted class} are expected";

      subtree =
        file: key: imports:
        if isUnknown imports then
          assume "the unknown imports of ${file} define no option that is read here" (
            subtree file key (elements imports)
          )
        else
          numbered (
            n: m:
            let
              module = ofClass (load file "${key}:anon-${toString n}" m);
            in
            {
              inherit (module) key;
              module = if isUnknown module.imports then vague module else module;
              modules = subtree module._file module.key module.imports;
            }
          ) imports;

      allNodes = nodes: nodes ++ concatLists (map (node: allNodes node.modules) nodes);

      disabledBy =
        { module, ... }:
        if isUnknown module.disabledModules then
          assume "the unknown disabledModules of ${module._file} name no module" [ ]
        else
          map (keyOfDisabled module._file) (filter (isKnownIn module._file) module.disabledModules);
      isKnownIn =
        file: m:
        !isUnknown m
        || assume "an unknown item of disabledModules in ${file} names no module" false;

      # What an item of disabledModules stands for.
      keyOfDisabled =
        file: m:
        let
          asString = isString m || builtins.isPath m || m ? outPath || m ? __toString;
        in
        if isString m then
          if substring 0 1 m == "/" then m else "${toString modulesPath}/${m}"
        else if asString then
          if m ? key && m.key != toString m then
            throw "disabledModules of `${file}' has an item that is ambiguous: as a string it is ${toString m}, its key is ${m.key}"
          else
            toString m
        else if isAttrs m then
          m.key
            or (throw "disabledModules of `${file}' has an attribute set without a `key', so there is no telling which module is meant. Use a path, a string relative to modulesPath, or a module with a key.")
        else if m == null || isList m || builtins.isInt m || builtins.isFloat m || builtins.isBool m then
          toString m
        else
          throw "disabledModules of `${toString file}' has an item of type ${typeOf m}: paths, strings and modules with a key can be disabled";

      graphOf = map (node: {
        inherit (node) key;
        file = node.module._file;
        disabled = isDisabled node;
        imports = graphOf node.modules;
      });
    in
    {
      modules = map (node: node.module) (genericClosure {
        startSet = enabled tree;
        operator = node: enabled node.modules;
      });
      graph = graphOf (filter (node: node.key != "lib/modules.nix") tree);
    };

  # The same for any class; kept for outside use.
  collectModules = gatherModules null;
}
