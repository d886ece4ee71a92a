# The package set: a fixpoint of what nixplan models of nixpkgs and of the overlays. It is open: a package that is not
# modelled is an unknown. Each group of functions is in a file of its own, read when one of its names is used.
{
  lib,
  hostSystem,
  buildSystem,
  config,
  overlays,
  crossOverlays,
  allArguments,
  again,
  path,
}:

let
  inherit (__nixplan) assume isOpen isUnknown lacking openOwn sourceOf;

  base =
    final:
    let
      scope = import ./scope.nix { inherit lib; };
      stdenvs = import ./stdenv.nix {
        inherit lib hostSystem buildSystem;
        pkgs = final;
      };
      builders = import ./builders.nix { inherit lib; pkgs = final; };
      writers = import ./write-files.nix { inherit lib; pkgs = final; };
      fetchers = import ./fetchers.nix { inherit lib; pkgs = final; };
      filters = import ./source-filters.nix { inherit lib; };
      nixos = import ./nixos.nix { inherit lib; pkgs = final; };
    in
    openOwn "pkgs" {
      _type = "pkgs";
      inherit lib overlays path;
      inherit (stdenvs)
        system
        stdenv
        stdenvNoCC
        stdenvNoLibs
        clangStdenv
        gccStdenv
        hostPlatform
        buildPlatform
        targetPlatform
        ;

      config = import ./config.nix { inherit lib config; pkgs = final; };

      callPackage = scope.callPackageWith final;
      callPackages = scope.callPackagesWith final;
      newScope = extra: scope.callPackageWith (final // extra);

      # Package sets made from this one.
      pkgs = final;
      __splicedPackages = final;
      buildPackages = final;
      pkgsBuildBuild = final;
      pkgsBuildHost = final;
      pkgsBuildTarget = final;
      pkgsHostHost = final;
      pkgsHostTarget = final;
      targetPackages = final;
      pkgsCross = openOwn "pkgs.pkgsCross" (builtins.mapAttrs (name: crossSystem: again { inherit crossSystem; }) lib.systems.examples);
      appendOverlays = extra: if extra == [ ] then final else again { overlays = overlays ++ extra; };
      extend = overlay: again { overlays = overlays ++ [ overlay ]; };

      inherit (lib)
        recurseIntoAttrs
        dontRecurseIntoAttrs
        makeOverridable
        dontDistribute
        ;
      # A function of one's own overlays that wants the old name.
      stdenvAdapters = openOwn "pkgs.stdenvAdapters" { };

      inherit (builders)
        runCommand
        runCommandLocal
        runCommandCC
        runCommandNoCC
        runCommandWith
        mkShell
        mkShellNoCC
        symlinkJoin
        buildEnv
        linkFarm
        linkFarmFromDrvs
        applyPatches
        substitute
        substituteAll
        replaceVars
        replaceVarsWith
        makeSetupHook
        emptyFile
        emptyDirectory
        srcOnly
        ;

      inherit (writers)
        writeText
        writeTextDir
        writeTextFile
        writeScript
        writeScriptBin
        writeShellScript
        writeShellScriptBin
        writeShellApplication
        writeReferencesToFile
        writeDirectReferencesToFile
        writeClosure
        concatText
        concatScript
        formats
        ;

      inherit (fetchers)
        fetchurl
        fetchzip
        fetchtarball
        fetchgit
        fetchgitLocal
        fetchpatch
        fetchpatch2
        fetchFromGitHub
        fetchFromGitLab
        fetchFromGitea
        fetchFromForgejo
        fetchFromCodeberg
        fetchFromBitbucket
        fetchFromSourcehut
        fetchFromGitiles
        fetchFromRepoOrCz
        fetchFromSavannah
        ;

      inherit (filters) nix-gitignore;

      inherit (nixos) nixos nixosTest testers nixosTests;
    };

  # `whole` says that all of what was added is known.
  overlayed =
    prev: overlay: final:
    let
      before = prev final;
      result = overlay final before.pkgs;
    in
    if isUnknown overlay || isUnknown result then
      {
        pkgs = assume "an overlay that cannot be evaluated here only adds or changes packages" before.pkgs;
        whole = false;
      }
    else
      {
        pkgs = before.pkgs // __nixplan.known result;
        whole = before.whole && !isOpen result;
      };

  checked =
    what: value:
    if isUnknown value then
      assume "overlays that cannot be evaluated here only add or change packages" [ ]
    else if !builtins.isList value then
      throw "nixpkgs: `${what}` must be a list"
    else
      map (
        overlay:
        if isUnknown overlay || lib.isFunction overlay then overlay else throw "nixpkgs: every element of `${what}` must be a function"
      ) value;

  # A package set that is surely that of nixpkgs with overlays that are surely all.
  whole =
    allArguments
    && !isUnknown overlays
    && !isUnknown crossOverlays
    && !isUnknown config
    && builtins.isAttrs config
    && !isOpen config
    && !(config ? packageOverrides)
    && isOriginal (sourceOf path);

  # Not one that the model itself takes for a package set that is not known.
  isOriginal =
    source:
    source != null
    && source.url != null
    && (
      builtins.match "https://github.com/[Nn]ix[Oo][Ss]/nixpkgs(-channels)?/archive/.*" source.url != null
      || builtins.match "https://(channels|releases)\\.nixos\\.org/.*" source.url != null
      || builtins.match "https://github.com/[Nn]ix[Oo][Ss]/nixpkgs(\\.git)?" source.url != null && source.rev != null
    );

  applied = builtins.foldl' overlayed (final: { pkgs = base final; inherit whole; }) (
    checked "overlays" overlays ++ checked "crossOverlays" crossOverlays
  ) final;

  final = if applied.whole then lacking [ "effects" "hci-effects" ] applied.pkgs else applied.pkgs;
in
final
