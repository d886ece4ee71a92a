# lib.filesystem: reading directories while evaluating.
{ lib }:
let
  inherit (builtins)
    attrNames concatLists filter match pathExists readDir
    ;
  inherit (lib.strings) hasSuffix removeSuffix;

  pathType = builtins.readFileType;
  isType = type: path: pathExists path && pathType path == type;
  pathIsDirectory = isType "directory";

  listFilesRecursive =
    directory:
    concatLists (
      lib.attrsets.mapAttrsToList (
        name: type:
        if type == "directory" then listFilesRecursive (directory + "/${name}") else [ (directory + "/${name}") ]
      ) (readDir directory)
    );

  # A directory with a package.nix is a package; other directories become nested sets, and the .nix
  # files in them packages.
  packagesFromDirectoryRecursive =
    {
      callPackage,
      directory,
      newScope ? null,
    }@args:
    let
      packageFile = directory + "/package.nix";
      entry =
        tools: name: type:
        let
          path = directory + "/${name}";
        in
        if type == "directory" then
          { ${name} = packagesFromDirectoryRecursive (args // tools // { directory = path; }); }
        else if type != "regular" then
          throw "lib.filesystem.packagesFromDirectoryRecursive: ${toString path} is neither a file nor a directory, but a ${type}"
        else if hasSuffix ".nix" name then
          { ${removeSuffix ".nix" name} = tools.callPackage path { }; }
        else
          { };
      entries = tools: lib.attrsets.concatMapAttrs (entry tools) (readDir directory);
    in
    if pathExists packageFile then
      callPackage packageFile { }
    else if args ? newScope then
      lib.attrsets.recurseIntoAttrs (
        lib.customisation.makeScope newScope (self: entries { inherit (self) callPackage newScope; })
      )
    else
      entries { inherit callPackage; };
in
{
  inherit (builtins)
    baseNameOf dirOf hashFile isPath readDir readFileType
    ;
  inherit listFilesRecursive packagesFromDirectoryRecursive pathIsDirectory pathType;
  pathIsRegularFile = isType "regular";

  # Subdirectories that hold a Cabal file of their own name.
  haskellPathsInDir =
    root:
    lib.attrsets.filterAttrs (name: path: pathExists (path + "/${name}.cabal")) (
      builtins.mapAttrs (name: _: root + "/${name}") (readDir root)
    );

  # The nearest directory upwards with an entry that matches `pattern`, and the groups of the matches.
  locateDominatingFile =
    pattern: file:
    let
      search =
        path:
        let
          matches = filter (found: found != null) (map (match pattern) (attrNames (readDir path)));
        in
        if matches != [ ] then { inherit path matches; }
        else if toString path == "/" then null
        else search (dirOf path);
      isDirectory =
        toString file == "/" || (readDir (dirOf file)).${baseNameOf file} or null == "directory";
    in
    search (if isDirectory then file else dirOf file);

  resolveDefaultNix =
    value:
    if pathIsDirectory value then value + "/default.nix"
    else if builtins.isString value && hasSuffix "/" value then value + "default.nix"
    else value;
}
