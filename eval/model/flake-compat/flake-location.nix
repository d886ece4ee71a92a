# Where a flake input comes from: the source of an entry of flake.lock, or of an input declared in flake.nix.
let
  inherit (builtins) elemAt match;
  inherit (__nixplan) source unknown;

  hosts = {
    github = "github.com";
    gitlab = "gitlab.com";
    sourcehut = "git.sr.ht";
  };

  # The address of a flake reference in its set form.
  address =
    ref:
    if hosts ? ${ref.type or ""} then
      "https://${ref.host or hosts.${ref.type}}/${ref.owner}/${ref.repo}"
    else if ref.type or "" == "indirect" then
      "flake:${ref.id}"
    else if ref.type or "" == "path" then
      "path:${ref.path}"
    else
      ref.url or (throw "a flake input of the type '${ref.type or "(none)"}' has no address");

  # The string form: what nixplan needs of it.
  parse =
    url:
    let
      forge = match "(github|gitlab|sourcehut):([^/?]+)/([^/?]+)(/([^?]*))?([?].*)?" url;
      part = elemAt forge;
    in
    if forge != null then
      {
        type = part 0;
        owner = part 1;
        repo = part 2;
      }
      // (if part 4 == null then { } else revOrRef (part 4))
    else if match "(path:)?[./].*" url != null then
      {
        type = "path";
        path = elemAt (match "(path:)?(.*)" url) 1;
      }
    else if match "[a-zA-Z0-9_-]+(/.*)?" url != null then
      {
        type = "indirect";
        id = elemAt (match "([^/]*).*" url) 0;
      }
    else
      { inherit url; };

  revOrRef = text: if match "[0-9a-f]{40}" text != null then { rev = text; } else { ref = text; };

  # An input of this name is a nixpkgs wherever it comes from; in a lock file, names have numbers.
  likeNixpkgs = name: if match "nixpkgs(-lib)?(_[0-9]+)?" name != null then "nixpkgs" else null;

  # Relative paths lie in the source of the flake that names them.
  relativeTo =
    parent: name: ref: facts:
    if ref.type or "" == "path" && builtins.substring 0 1 (ref.path or "/") != "/" then
      parent // { outPath = parent.outPath + "/${ref.path}"; }
    else
      info name ref facts;

  info =
    name: ref: facts:
    let
      rev = ref.rev or null;
    in
    {
      outPath = source {
        url = address ref;
        inherit rev;
        ref = ref.ref or null;
        hash = ref.narHash or null;
        submodules = ref.submodules or false;
        like = likeNixpkgs name;
      };
      lastModified = unknown "the date of ${address ref}";
      lastModifiedDate = unknown "the date of ${address ref}";
    }
    // facts
    // (
      if rev == null then
        { }
      else
        {
          inherit rev;
          shortRev = builtins.substring 0 7 rev;
        }
    );
in
{
  # Both take the source of the flake that has the input, and the input's name.
  locked =
    parent: name: ref:
    relativeTo parent name ref (builtins.intersectAttrs { lastModified = null; narHash = null; revCount = null; } ref);
  declared =
    parent: name: input:
    relativeTo parent name (
      if input ? url then parse input.url // builtins.intersectAttrs { rev = null; ref = null; } input else input
    ) { };
}
