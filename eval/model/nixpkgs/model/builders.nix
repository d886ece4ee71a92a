# Builders that make one derivation from a few arguments.
{ lib, pkgs }:

let
  inherit (__nixplan) isUnknown;
  inherit (pkgs) stdenv stdenvNoCC;

  runCommandWith =
    {
      name,
      stdenv ? stdenvNoCC,
      runLocal ? false,
      derivationArgs ? { },
    }:
    buildCommand:
    stdenv.mkDerivation (
      {
        enableParallelBuilding = true;
        inherit buildCommand name;
        passAsFile = [ "buildCommand" ] ++ (derivationArgs.passAsFile or [ ]);
      }
      // lib.optionalAttrs runLocal {
        preferLocalBuild = true;
        allowSubstitutes = false;
      }
      // builtins.removeAttrs derivationArgs [ "passAsFile" ]
    );

  runCommandIn =
    chosen: runLocal: name: derivationArgs:
    runCommandWith {
      inherit name runLocal derivationArgs;
      stdenv = chosen;
    };

  runCommand = runCommandIn stdenvNoCC false;

  # Facts of a builder's arguments, kept as attributes of the derivation under their own names.
  simple =
    name: buildCommand: attrs:
    stdenvNoCC.mkDerivation (
      {
        inherit name buildCommand;
        preferLocalBuild = true;
        allowSubstitutes = false;
      }
      // attrs
    );

  mkShellIn =
    chosen:
    {
      name ? "nix-shell",
      packages ? [ ],
      inputsFrom ? [ ],
      buildInputs ? [ ],
      nativeBuildInputs ? [ ],
      propagatedBuildInputs ? [ ],
      propagatedNativeBuildInputs ? [ ],
      shellHook ? "",
      ...
    }@args:
    chosen.mkDerivation (
      builtins.removeAttrs args [
        "packages"
        "inputsFrom"
      ]
      // {
        inherit name buildInputs shellHook;
        nativeBuildInputs = packages ++ nativeBuildInputs;
        inherit propagatedBuildInputs propagatedNativeBuildInputs;
        phases = [ "buildPhase" ];
        preferLocalBuild = true;
        passthru = args.passthru or { } // {
          inherit inputsFrom;
        };
      }
    );

  # `linkFarm name { path = target; }` and the older `linkFarm name [ { name; path; } ]`.
  linkFarm =
    name: entries:
    let
      named =
        if builtins.isList entries && !isUnknown entries then
          builtins.listToAttrs (
            map (entry: {
              inherit (entry) name;
              value = entry.path;
            }) entries
          )
        else
          entries;
    in
    simple name "" { passthru.entries = named; };

  substituteWith = args: simple (args.name or (baseName args.src)) "" (builtins.removeAttrs args [ "name" ]);

  baseName = path: if isUnknown path then "source" else baseNameOf (toString path);
in
{
  inherit runCommand runCommandWith linkFarm;
  runCommandLocal = runCommandIn stdenvNoCC true;
  runCommandNoCC = runCommand;
  runCommandCC = runCommandIn stdenv false;

  mkShell = lib.makeOverridable (mkShellIn stdenv);
  mkShellNoCC = lib.makeOverridable (mkShellIn stdenvNoCC);

  symlinkJoin =
    {
      name ? if args ? pname && args ? version then "${args.pname}-${args.version}" else throw "symlinkJoin: pass `name`, or `pname` and `version`",
      paths,
      stripPrefix ? "",
      postBuild ? "",
      meta ? { },
      passthru ? { },
      ...
    }@args:
    simple name "" (
      builtins.removeAttrs args [
        "name"
        "stripPrefix"
      ]
    );

  buildEnv = lib.makeOverridable (
    {
      name ? if args ? pname && args ? version then "${args.pname}-${args.version}" else throw "buildEnv: pass `name`, or `pname` and `version`",
      paths,
      pathsToLink ? [ "/" ],
      meta ? { },
      passthru ? { },
      ...
    }@args:
    simple name "" {
      inherit meta pathsToLink;
      passthru = {
        inherit paths;
      } // passthru;
    }
  );

  linkFarmFromDrvs =
    name: drvs:
    linkFarm name (
      map (drv: {
        inherit (drv) name;
        path = drv;
      }) drvs
    );

  applyPatches =
    {
      src,
      name ? (if builtins.isAttrs src && src ? name then src.name else baseName src) + "-patched",
      patches ? [ ],
      postPatch ? "",
      ...
    }@args:
    stdenvNoCC.mkDerivation (
      args
      // {
        inherit name patches postPatch;
        phases = "unpackPhase patchPhase installPhase";
      }
    );

  substitute = substituteWith;
  substituteAll = substituteWith;
  replaceVars =
    src: replacements:
    simple (baseName src) "" {
      inherit src;
      passthru.replacements = replacements;
    };
  replaceVarsWith =
    { src, replacements, ... }@args:
    simple (args.name or (baseName src)) "" (
      builtins.removeAttrs args [
        "name"
        "replacements"
      ]
      // {
        passthru.replacements = replacements;
      }
    );

  makeSetupHook =
    {
      name ? throw "makeSetupHook: pass `name`",
      ...
    }@args:
    script:
    simple name "" (
      builtins.removeAttrs args [
        "name"
        "substitutions"
      ]
      // {
        inherit script;
      }
    );

  srcOnly =
    args:
    stdenvNoCC.mkDerivation {
      name = "${args.name or "unnamed"}-source";
      inherit (args) src;
    };

  emptyFile = simple "empty-file" "touch $out" { };
  emptyDirectory = simple "empty-directory" "mkdir $out" { };
}
