# The type of a configuration whose options are not known. Definitions are put
# together by what they look like; what nobody defines is unknown, because NixOS
# may have a default for it.
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
    head
    isAttrs
    isList
    length
    map
    mapAttrs
    tail
    zipAttrsWith
    ;
  inherit (lib.modules) mergeDefinitions pushDownProperties;
  inherit (lib.options) isOption showOption;
  inherit (lib.types) mkOptionType;
  inherit (__nixplan)
    assume
    isUnknown
    known
    open
    unknown
    ;

  origin = path: if path == [ ] then "config" else "config.${showOption path}";

  # Sets with nothing but sets in them. Below, `name = mkIf condition { … }` is
  # taken apart without looking at the condition, as NixOS does for everything
  # above an option; elsewhere it is a value, which may make sense only if the
  # condition holds.
  namespaces = [
    "boot"
    "containers"
    "documentation"
    "hardware"
    "i18n"
    "programs"
    "security"
    "services"
    "systemd"
    "users"
    "virtualisation"
  ];
  isGroup =
    path: length path < 2 || (length path == 2 && elem (head path) namespaces);

  isSet = value: isAttrs value && !(value ? outPath) && !(value ? __toString) && !(value ? __functor);

  group =
    path: defs:
    open (origin path) (
      zipAttrsWith (name: valueAt (path ++ [ name ])) (
        map (def: mapAttrs (_: value: { inherit (def) file; inherit value; }) (known def.value)) defs
      )
    );

  # Definitions without wrappers, in order.
  merge =
    path: defs:
    let
      values = map (def: def.value) defs;
      first = head values;
    in
    if all isSet values then
      group path defs
    else if length values == 1 then
      first
    else if all isList values then
      concatLists values
    else if all (value: value == first) (tail values) then
      first
    else
      unknown (origin path);

  anyOption =
    path:
    mkOptionType {
      name = "NixOS option";
      merge = _: merge path;
      emptyValue.value = unknown (origin path);
    };

  # Definitions, conditions and all, to a value.
  valueAt =
    path: defs:
    let
      parts = concatMap (
        def: map (value: { inherit (def) file; inherit value; }) (pushDownProperties def.value)
      ) defs;
      clear = builtins.filter (part: !isUnknown part.value) parts;
    in
    if isGroup path && clear != [ ] && all (part: isSet part.value) clear then
      group path clear
    else
      (mergeDefinitions path (anyOption path) defs).mergedValue;

  # The declared options' values over everything else.
  withOptions =
    path: options: rest:
    let
      under = if isUnknown rest then { } else known rest;
      value =
        name: option:
        if isOption option then
          option.value
        else
          withOptions (path ++ [ name ]) option (under.${name} or { });
    in
    open (origin path) (under // mapAttrs value options);

  type = mkOptionType {
    name = "NixOS configuration";
    merge = loc: valueAt loc;
  };
in
type
// {
  wholeConfig =
    {
      prefix,
      options,
      definitions,
    }:
    let
      parts = concatMap (
        def:
        concatMap (
          value:
          if isUnknown value then
            assume "the unknown settings of ${def.file} define no option that is read here" [ ]
          else
            [ { inherit (def) file; inherit value; } ]
        ) (pushDownProperties def.value)
      ) definitions;
    in
    withOptions prefix (removeAttrs options [ "_module" ]) (removeAttrs (group prefix parts) [ "_module" ]);
}
