# { release; suffix; }: which nixpkgs the model stands for. The source usually tells it: channels and
# release branches carry the number in their name. Otherwise a recent release is assumed, and said so.
let
  source = __nixplan.sourceOf ../.;
  asText = value: if builtins.isString value then value else "";
  name = "${asText (source.ref or null)} ${asText (source.url or null)}";
  at = builtins.elemAt;

  number = "(nixos|nixpkgs|release)-([0-9][0-9]\\.[0-9][0-9])";
  # Releases of a channel say which commit they are: nixos-23.11.7609.5c2ec3a5c2ee/nixexprs.tar.xz.
  channel = builtins.match ".*${number}([^/]*)/nixexprs\\.tar\\..*" name;
  branch = builtins.match ".*${number}.*" name;

  recent = "26.05";
  fromGit = "pre-git";
in
if source != null && channel != null then
  {
    release = at channel 1;
    suffix =
      if at channel 2 != "" then at channel 2
      else __nixplan.assume "lib.version is ${at channel 1}.0, as the channel does not say the rest" ".0";
  }
else if source != null && branch != null then
  {
    release = at branch 1;
    suffix = fromGit;
  }
else
  {
    release = __nixplan.assume "lib.version is that of nixpkgs ${recent}" recent;
    suffix = fromGit;
  }
