# Builders of text files and scripts. The text stays an attribute of the derivation, so it can be read in the plan.
{ lib, pkgs }:

let
  inherit (pkgs) stdenvNoCC;

  writeTextFile =
    {
      name ? if args ? pname && args ? version then "${args.pname}-${args.version}" else throw "writeTextFile: pass `name`, or `pname` and `version`",
      text,
      executable ? false,
      destination ? "",
      checkPhase ? "",
      meta ? { },
      passthru ? { },
      allowSubstitutes ? false,
      preferLocalBuild ? true,
      derivationArgs ? { },
    }@args:
    stdenvNoCC.mkDerivation (
      {
        inherit
          name
          text
          executable
          destination
          checkPhase
          allowSubstitutes
          preferLocalBuild
          passthru
          ;
        passAsFile = [ "text" ];
        enableParallelBuilding = true;
        meta = lib.optionalAttrs (executable && destination != "" && lib.hasPrefix "/bin/" destination) {
          mainProgram = lib.removePrefix "/bin/" destination;
        } // meta;
      }
      // derivationArgs
    );

  program =
    shebang: name: text:
    writeTextFile {
      inherit name;
      executable = true;
      destination = "/bin/${name}";
      text = shebang + text;
      meta.mainProgram = name;
    };

  script =
    shebang: name: text:
    writeTextFile {
      inherit name;
      executable = true;
      text = shebang + text;
    };

  bashLine = "#!${pkgs.runtimeShell}\n";

  references =
    name: path:
    stdenvNoCC.mkDerivation {
      inherit name;
      exportReferencesGraph = [
        "graph"
        path
      ];
    };

  concatenation =
    extra: nameOrArgs: files:
    stdenvNoCC.mkDerivation (
      (if builtins.isAttrs nameOrArgs then nameOrArgs else { name = nameOrArgs; })
      // extra
      // {
        inherit files;
      }
    );

  # A format is a type of settings with a generator of the file.
  format =
    {
      type,
      toText ? null,
    }:
    {
      inherit type;
      generate =
        name: value:
        if toText == null then
          stdenvNoCC.mkDerivation {
            inherit name;
            value = builtins.toJSON value;
            passAsFile = [ "value" ];
          }
        else
          writeTextFile {
            inherit name;
            text = toText value;
          };
    };

  valueType =
    types:
    with types;
    nullOr (oneOf [
      bool
      int
      float
      str
      path
      (attrsOf anything)
      (listOf anything)
    ]);
in
{
  inherit writeTextFile;
  writeText = name: text: writeTextFile { inherit name text; };
  writeTextDir =
    path: text:
    writeTextFile {
      inherit text;
      name = baseNameOf path;
      destination = "/${path}";
    };
  writeScript = script "";
  writeScriptBin = program "";
  writeShellScript = script bashLine;
  writeShellScriptBin = program bashLine;

  writeShellApplication =
    {
      name,
      text,
      runtimeInputs ? [ ],
      runtimeEnv ? null,
      inheritPath ? true,
      meta ? { },
      passthru ? { },
      checkPhase ? null,
      excludeShellChecks ? [ ],
      extraShellCheckFlags ? [ ],
      bashOptions ? [
        "errexit"
        "nounset"
        "pipefail"
      ],
      derivationArgs ? { },
    }:
    writeTextFile {
      inherit name passthru derivationArgs;
      executable = true;
      destination = "/bin/${name}";
      text =
        bashLine
        + lib.concatMapStrings (option: "set -o ${option}\n") bashOptions
        + lib.optionalString (runtimeEnv != null) (
          lib.concatStrings (lib.mapAttrsToList (key: value: "${lib.toShellVar key value}\nexport ${key}\n") runtimeEnv)
        )
        + lib.optionalString (runtimeInputs != [ ]) (
          "\nexport PATH=\"${lib.makeBinPath runtimeInputs}${lib.optionalString inheritPath ":$PATH"}\"\n"
        )
        + "\n"
        + text
        + "\n";
      meta = {
        mainProgram = name;
      } // meta;
    };

  writeReferencesToFile = references "references";
  writeDirectReferencesToFile = references "direct-references";
  writeClosure =
    paths:
    stdenvNoCC.mkDerivation {
      name = "runtime-deps";
      inherit paths;
    };

  concatText = concatenation { };
  concatScript = concatenation { executable = true; };

  formats = __nixplan.open "pkgs.formats" {
    json =
      { }:
      format {
        type = valueType lib.types;
        toText = builtins.toJSON;
      };
    yaml = { }: format { type = valueType lib.types; };
    toml = { }: format { type = valueType lib.types; };
    ini =
      {
        listsAsDuplicateKeys ? false,
        listToValue ? null,
        ...
      }@args:
      format {
        type = lib.types.attrsOf (lib.types.attrsOf (valueType lib.types));
        toText = lib.generators.toINI (builtins.intersectAttrs { listsAsDuplicateKeys = null; } args);
      };
    keyValue =
      args:
      format {
        type = lib.types.attrsOf (valueType lib.types);
        toText = lib.generators.toKeyValue args;
      };
  };
}
