# lib.fixedPoints: least fixed points of set functions, and overlays ("extensions") on them.
# An extension is `final: prev: { … }`; `final` is the finished set, `prev` the one extended.
{ lib }:
let
  fix =
    f:
    let
      result = f result;
    in
    result;

  # fix, but the result remembers its function, so that it can be fixed again.
  fix' =
    f:
    let
      result = f result // { __unfix__ = f; };
    in
    result;

  converge =
    f: value:
    let
      next = f value;
    in
    if next == value then value else converge f next;

  extends =
    extension: f: final:
    let
      prev = f final;
    in
    prev // extension final prev;

  composeExtensions =
    first: second: final: prev:
    let
      added = first final prev;
    in
    added // second final (prev // added);

  makeExtensibleWithCustomName =
    name: f:
    fix' (
      final: f final // { ${name} = extension: makeExtensibleWithCustomName name (extends extension f); }
    );
in
{
  inherit composeExtensions converge extends fix fix' makeExtensibleWithCustomName;

  composeManyExtensions = lib.lists.foldr composeExtensions (_: _: { });
  makeExtensible = makeExtensibleWithCustomName "extend";

  # Accepts a set, `prev: set` and `final: prev: set`.
  toExtension =
    value:
    if !(lib.trivial.isFunction value) then
      _: _: value
    else
      final: prev:
      let
        once = value prev;
      in
      if lib.trivial.isFunction once then value final prev else once;
}
