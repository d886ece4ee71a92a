# Which nixpkgs release the model stands for. The source usually tells it: channel and release
# branches carry the number in their name. Otherwise a recent release is assumed, and said so.
let
  source = __nixplan.sourceOf ../.;
  asText = value: if builtins.isString value then value else "";
  nameOf = source: asText (source.ref or null) + " " + asText (source.url or null);
  numbered = builtins.match ".*(nixos|nixpkgs|release)-([0-9][0-9]\\.[0-9][0-9]).*" (nameOf source);
  recent = "26.05";
in
if source != null && numbered != null then
  builtins.elemAt numbered 1
else
  __nixplan.assume "lib.version is that of nixpkgs ${recent}" recent
