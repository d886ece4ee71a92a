# callPackage for open sets: every argument that a function asks for is selected from the scope by name, so an argument
# that is not modelled is an unknown instead of an error.
{ lib }:

let
  inherit (__nixplan) isUnknown;

  functionOf =
    fn:
    let
      isFunction = lib.isFunction fn;
    in
    if isUnknown isFunction || isFunction then fn else import fn;

  # What is not known has no `override` to add, and an unknown keeps its origin.
  overridable =
    f: args:
    let
      result = f args;
    in
    if isUnknown result then result else lib.makeOverridable f args;

  # True only if the name is certainly there. (`?` of an open set may be unknown.)
  has =
    scope: name:
    let
      present = scope ? ${name};
    in
    !isUnknown present && present;

  autoArgs =
    scope: f: given:
    let
      formals = builtins.removeAttrs (lib.functionArgs f) (builtins.attrNames given);
      wanted = lib.filterAttrs (name: hasDefault: !hasDefault || has scope name) formals;
    in
    builtins.mapAttrs (name: _: scope.${name}) wanted;

  callWith =
    scope: fn: given:
    let
      f = functionOf fn;
    in
    if isUnknown f then
      f given
    else if isUnknown given then
      overridable f (autoArgs scope f { } // given)
    else
      overridable f (autoArgs scope f given // given);
in
{
  callPackageWith = callWith;

  # The members of the resulting set are overridable, each by itself.
  callPackagesWith =
    scope: fn: given:
    let
      f = functionOf fn;
      args = autoArgs scope f given // given;
      results = f args;
      overridable = name: _: lib.makeOverridable (newArgs: (f newArgs).${name}) args;
    in
    if isUnknown f || isUnknown results then f given else builtins.mapAttrs overridable results;
}
