# evalModules: a list of modules in, options and configuration out.
{ lib }:
let
  inherit (builtins)
    addErrorContext
    attrNames
    concatStringsSep
    filter
    head
    isAttrs
    map
    mapAttrs
    removeAttrs
    seq
    ;
  inherit (lib) types;
  inherit (lib.types) openLike;
  inherit (lib.options)
    isOption
    mkOption
    showDefs
    showOption
    ;
  inherit (lib.modules)
    gatherModules
    isVagueModule
    mergeModulesOf
    mkDefault
    ;
  inherit (__nixplan)
    assume
    elements
    foreign
    isUnknown
    known
    open
    openOwn
    ;

  reverse =
    list:
    let
      n = builtins.length list;
    in
    builtins.genList (i: builtins.elemAt list (n - 1 - i)) n;

  nest = path: value: if path == [ ] then value else { ${head path} = nest (builtins.tail path) value; };

  descend =
    path: set:
    if path == [ ] then
      set
    else if isAttrs set && set ? ${head path} then
      descend (builtins.tail path) set.${head path}
    else
      { };

  last = list: builtins.elemAt list (builtins.length list - 1);
  init = list: builtins.genList (builtins.elemAt list) (builtins.length list - 1);

  # The attributes of both, `over` where only one can be; open if one of them is.
  overlay =
    under: over:
    let
      below = known under;
      join =
        name: value:
        if below ? ${name} && !isUnknown below.${name} && isAttrs below.${name} && isAttrs value then
          overlay below.${name} value
        else
          value;
    in
    openLike [ under over ] (below // mapAttrs join (known over));

  # The options that every module set has. `_module` steers this evaluation, so
  # none of its options may depend on the modules being there.
  internalModule =
    { prefix, specialArgs, ... }@evaluation:
    let
      internal = description: rest: mkOption ({ inherit description; internal = true; } // rest);
    in
    {
      _file = "lib/modules.nix";
      key = "lib/modules.nix";
      options._module = {
        # Lazy and raw: an argument nobody asks for is never evaluated.
        args = mkOption (
          {
            type = types.lazyAttrsOf types.raw;
            description = "Arguments for the modules' functions, beside `lib`, `config`, `options` and the special arguments, which cannot be changed here.";
          }
          // (if prefix == [ ] then { } else { internal = true; })
        );
        check = internal "Whether a definition of an option that nobody declared is an error." {
          type = types.bool;
          default = true;
        };
        freeformType =
          internal "The type that definitions of options nobody declared are merged with, or null." {
            type = types.nullOr types.optionType;
            default = null;
          };
        specialArgs = internal "Arguments that imports may depend on." { readOnly = true; };
      };
      config._module = {
        args = { inherit (evaluation) extendModules moduleType; };
        inherit specialArgs;
      };
    };

  undeclared =
    prefix: options: unmatched:
    let
      def = head unmatched;
      path = prefix ++ def.prefix;
      name = showOption path;
      siblings = filter (n: n != "_module") (attrNames (descend (init def.prefix) options));
      alike = lib.modules.similarNames (last def.prefix) siblings;
      hint =
        if attrNames options == [ "_module" ] then
          if prefix == [ ] then
            " No module declares any option: was a declaration put into `config' instead of `options'?"
          else
            " There are no options at all in `${showOption prefix}': were they put into `config' instead of `options' of the submodule?"
        else if alike == [ ] then
          ""
        else
          " Similar: ${
            concatStringsSep ", " (map (n: "`${showOption (init path ++ [ n ])}'") alike)
          }.";
    in
    throw "there is no option `${name}'.${hint} Definitions:${
      addErrorContext "while showing the definitions of `${name}', which is no option:" (showDefs [ def ])
    }";
in
{
  # The up to three candidates nearest to a mistyped name, nearest first.
  similarNames =
    name: candidates:
    let
      distance = lib.strings.levenshtein name;
      # Only small differences are cheap to find among many names.
      near =
        if builtins.length candidates < 100 then
          candidates
        else
          filter (lib.strings.levenshteinAtMost 2 name) candidates;
      ranked = builtins.sort (a: b: a.d < b.d) (map (n: { inherit n; d = distance n; }) near);
      top = builtins.length ranked;
    in
    builtins.genList (i: (builtins.elemAt ranked i).n) (if top < 3 then top else 3);

  # evalModules { modules; prefix; specialArgs; class; } ->
  #   { options; config; extendModules; type; class; graph; _module; _type; }
  #
  # specialArgs are the only arguments that `imports` may depend on. A class
  # restricts which modules may take part. args and check are deprecated forms
  # of _module.args and _module.check.
  evalModules =
    request@{
      modules,
      prefix ? [ ],
      specialArgs ? { },
      class ? null,
      args ? { },
      check ? true,
    }:
    let
      given =
        (
          if isUnknown modules then
            assume "the unknown modules of an evaluation define no option that is read here" (
              elements modules ++ [ { _isVague = true; } ]
            )
          else
            modules
        )
        ++ (if request ? args then [ { config._module = { inherit args; }; } ] else [ ])
        ++ (if request ? check then [ { config._module.check = mkDefault check; } ] else [ ]);
      builtin = internalModule {
        inherit prefix specialArgs extendModules;
        moduleType = type;
      };

      collected = gatherModules class (specialArgs.modulesPath or "") (given ++ [ builtin ]) (
        {
          inherit lib options specialArgs;
          config = addErrorContext "(infinite recursion here usually means that `imports' depends on `config': import always, and make the settings conditional with `mkIf')" config;
          _class = class;
          _prefix = prefix;
        }
        // specialArgs
      );
      modulesInOrder = reverse collected.modules;
      merged = mergeModulesOf isVague prefix modulesInOrder;
      options = merged.matchedOptions;

      # Values in place of options.
      valuesOf = mapAttrs (_: o: if isOption o then o.value else valuesOf o);
      declared = valuesOf options;

      # The type of definitions that no option takes. One with a `wholeConfig`
      # stands for options that exist without being declared, and makes the
      # configuration of them and the declared ones itself.
      freeformType = declared._module.freeformType;
      loose = map (def: {
        inherit (def) file;
        value = nest def.prefix def.value;
      }) merged.unmatchedDefns;

      # A module that is not known may declare options, define them, and be
      # where an argument comes from.
      isVague = builtins.any isVagueModule collected.modules;
      isOpenEnded = isVague || isUnknown freeformType;
      originOf = path: if prefix == [ ] then concatStringsSep "." ([ "config" ] ++ path) else showOption path;
      mayBeDefined =
        option:
        if isVague && !option.isDefined && !(option.type.emptyValue ? value) then
          foreign (originOf option.loc)
        else
          option.value;
      opened =
        path: tree:
        openOwn (originOf path) (
          mapAttrs (name: o: if isOption o then mayBeDefined o else opened (path ++ [ name ]) o) tree
        );
      values = if isOpenEnded then opened prefix (removeAttrs options [ "_module" ]) else declared;

      internals._module =
        declared._module
        // (if isVague then { args = open "the module argument" declared._module.args; } else { });

      config =
        (
          if isUnknown freeformType then
            overlay ((types.lazyAttrsOf types.anything).merge prefix loose) values
          else if freeformType == null then
            values
          else if freeformType ? wholeConfig then
            freeformType.wholeConfig {
              inherit prefix options;
              definitions = map (m: {
                file = m._file;
                value = m.config;
              }) modulesInOrder;
            }
          else if loose == [ ] then
            values
          else
            overlay (freeformType.merge prefix loose) values
        )
        // internals;

      complaint =
        if
          declared._module.check
          && !isVague
          && !isUnknown freeformType
          && freeformType == null
          && merged.unmatchedDefns != [ ]
        then
          undeclared prefix options merged.unmatchedDefns
        else
          null;
      checked = seq complaint;

      extendModules =
        extension@{
          modules ? [ ],
          specialArgs ? { },
          prefix ? [ ],
        }:
        lib.modules.evalModules (
          request
          // {
            modules = given ++ modules;
            specialArgs = request.specialArgs or { } // specialArgs;
            prefix = extension.prefix or request.prefix or [ ];
          }
        );

      type = types.submoduleWith { inherit modules specialArgs class; };
    in
    {
      _type = "configuration";
      options = checked options;
      config = checked (removeAttrs config [ "_module" ]);
      _module = checked config._module;
      inherit (collected) graph;
      inherit extendModules type class;
    };
}
