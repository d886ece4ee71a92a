# lib.sources: source trees with filters. A filtered source is a set that remembers the original tree
# and its filter, so that filters compose, and so that a plan can tell which files it keeps.
# Globs are in sources-globs.nix, Git directories in sources-git.nix, names in sources-names.nix.
{ lib }:
let
  inherit (builtins) any elem isString match;
  inherit (lib.strings) hasPrefix hasSuffix removePrefix;
  part = file: import file { inherit lib; };
  globs = part ./sources-globs.nix;
  git = part ./sources-git.nix;
  names = part ./sources-names.nix;

  describe =
    source:
    if !(__nixplan.isUnknown source) && source ? _isLibCleanSourceWith then
      source
    else
      {
        origSrc = source;
        filter = _: _: true;
        name = "source";
      };

  filtered =
    {
      origSrc,
      filter,
      name,
    }:
    {
      _isLibCleanSourceWith = true;
      inherit origSrc filter name;
      outPath = builtins.path {
        path = origSrc;
        inherit filter name;
      };
    };

  cleanSourceWith =
    {
      src,
      filter ? (_: _: true),
      name ? null,
    }:
    let
      source = describe src;
    in
    filtered {
      inherit (source) origSrc;
      name = if name == null then source.name else name;
      filter = path: type: filter path type && source.filter path type;
    };

  # What version control, editors, compilers and nix-build leave behind.
  leftover =
    name: type:
    name == ".git"
    || type == "directory" && elem name [ ".svn" "CVS" ".hg" ".jj" ".pijul" "_darcs" ]
    || hasSuffix "~" name
    || match "\\.(.*\\.)?sw[a-z]" name != null
    || hasSuffix ".o" name
    || hasSuffix ".so" name
    || type == "symlink" && hasPrefix "result" name
    || type == "unknown";
  cleanSourceFilter = path: type: !(leftover (baseNameOf path) type);
in
{
  inherit (builtins) filterSource;
  inherit (git) commitIdFromGitRepo pathIsGitRepo;
  inherit (names) repoRevToName revOrTag shortRev urlToName;
  inherit (globs) sourceByGlobs;
  inherit cleanSourceFilter cleanSourceWith;

  cleanSource =
    src:
    cleanSourceWith {
      inherit src;
      filter = cleanSourceFilter;
    };

  # Keeps what matches one of the regexes, relative to the tree. Directories have to match as well.
  sourceByRegex =
    src: regexes:
    let
      root = toString (describe src).origSrc + "/";
    in
    cleanSourceWith {
      inherit src;
      filter =
        path: _:
        let
          relative = removePrefix root (toString path);
        in
        any (regex: match regex relative != null) regexes;
    };

  sourceFilesBySuffices =
    src: suffixes:
    cleanSourceWith {
      inherit src;
      filter = path: type: type == "directory" || any (suffix: hasSuffix suffix (baseNameOf path)) suffixes;
    };

  trace =
    src:
    let
      source = describe src;
    in
    filtered {
      inherit (source) origSrc name;
      filter =
        path: type:
        let
          kept = source.filter path type;
        in
        builtins.trace "${source.name}.filter ${path} = ${lib.trivial.boolToString kept}" kept;
    }
    // {
      satisfiesSubpathInvariant = src.satisfiesSubpathInvariant or false;
    };

  pathHasContext = builtins.hasContext;
  canCleanSource = src: src ? _isLibCleanSourceWith || !(builtins.hasContext (toString src));

  # These belong to lib.filesystem since 2022.
  inherit (lib.filesystem) pathIsDirectory pathIsRegularFile pathType;
}
