# The configuration of a system whose options are not known. Definitions are put
# together by what they look like; what nobody defines is unknown, because an
# option may have a default for it.
#
# Values are as lazy as those of real options: whether a name is there never
# depends on a condition, since a condition may well read another option.
{ lib }:
let
  inherit (builtins)
    all
    concatLists
    concatMap
    elem
    filter
    head
    isAttrs
    isList
    length
    map
    mapAttrs
    removeAttrs
    tail
    zipAttrsWith
    ;
  inherit (lib.modules) mergeDefinitions pushDownProperties;
  inherit (lib.options) isOption showOption;
  inherit (lib.types) mkOptionType surely;
  inherit (__nixplan)
    foreign
    isUnknown
    known
    openOwn
    ;

  origin = path: if path == [ ] then "config" else "config.${showOption path}";

  isSet =
    value:
    isAttrs value
    && !surely (value ? outPath)
    && !surely (value ? __toString)
    && !surely (value ? __functor);

  # One definition with its wrappers taken apart, conditions not looked at.
  parts = def: map (value: { inherit (def) file; inherit value; }) (pushDownProperties def.value);

  # Definitions without wrappers, in order, to a value. group: what to do with
  # sets.
  merge =
    path: group: defs:
    let
      values = map (def: def.value) defs;
      first = head values;
    in
    if all isSet values then
      group defs
    else if length values == 1 then
      first
    else if all isList values then
      concatLists values
    else if all (value: value == first) (tail values) then
      first
    else
      foreign (origin path);

  optionOfAnyType =
    path: group:
    mkOptionType {
      name = "option of unknown type";
      merge = _: merge path group;
      emptyValue.value = foreign (origin path);
    };
in
{
  # openConfig { … } -> open configuration
  #
  # prefix: where the options are; options: the tree of those that are declared,
  # each with its value; definitions: [ { file; value; } ] of whole modules;
  # namespaces: names below which there are only sets. In a set of sets,
  # `name = mkIf condition { … }` is taken apart without looking at the
  # condition, as it is above an option; elsewhere it is a value, which may make
  # sense only if the condition holds.
  openConfig =
    {
      prefix,
      options,
      definitions,
      namespaces ? [ ],
    }:
    let
      # path is relative to prefix. Above declared options, definitions are taken apart as well.
      isNamespace =
        path:
        length path < 2
        || (length path == 2 && elem (head path) namespaces)
        || isDeclaredGroup path options;
      isDeclaredGroup =
        path: tree:
        !isOption tree
        && (path == [ ] || tree ? ${head path} && isDeclaredGroup (builtins.tail path) tree.${head path});

      group =
        path: defs:
        openOwn (origin (prefix ++ path)) (
          zipAttrsWith (name: valueAt (path ++ [ name ])) (
            map (def: mapAttrs (_: value: { inherit (def) file; inherit value; }) (known def.value)) defs
          )
        );

      valueAt =
        path: defs:
        let
          clear = filter (part: !isUnknown part.value) (concatMap parts defs);
          full = prefix ++ path;
        in
        if isNamespace path && clear != [ ] && all (part: isSet part.value) clear then
          group path clear
        else
          (mergeDefinitions full (optionOfAnyType full (group path)) defs).mergedValue;

      # The declared options' values over everything else.
      withOptions =
        path: tree: rest:
        let
          under = if isUnknown rest || !isAttrs rest then { } else known rest;
          value =
            name: option:
            if isOption option then
              option.value
            else
              withOptions (path ++ [ name ]) option (under.${name} or { });
        in
        openOwn (origin (prefix ++ path)) (under // mapAttrs value tree);

      clear = filter (part: !isUnknown part.value) (concatMap parts definitions);
      withoutModule = set: removeAttrs set [ "_module" ];
    in
    withOptions [ ] (withoutModule options) (withoutModule (group [ ] clear));
}
