# nixpkgs' lib, as far as ci.nix files and networks use it: written for nixplan, evaluated when
# nixpkgs itself is out of reach. Every part is a file that is read when one of its names is first
# used. Most names are there twice, as lib.name and as lib.part.name.
#
# Functions behave as those of nixpkgs do, errors included; only the words of messages differ. No
# function warns that it is deprecated, since the model stands for any release. Names that nixpkgs
# has dropped are kept for projects that pin an old one.
let
  parts =
    self:
    let
      part = file: import file { lib = self; };
    in
    {
      trivial = part ./trivial.nix;
      fixedPoints = part ./fixed-points.nix;

      attrsets = part ./attrsets.nix;
      lists = part ./lists.nix;
      strings = part ./strings.nix;
      stringsWithDeps = part ./strings-with-deps.nix;
      versions = part ./versions.nix;

      customisation = part ./customisation.nix;
      derivations = part ./derivations.nix;
      fetchers = part ./fetchers.nix;
      meta = part ./meta.nix;

      modules = part ./modules.nix;
      options = part ./options.nix;
      types = part ./types.nix;

      systems = part ./systems;
      platforms = self.systems.doubles;
      licenses = part ./licenses.nix;
      sourceTypes = part ./source-types.nix;

      cli = part ./cli.nix;
      generators = part ./generators.nix;
      asserts = part ./asserts.nix;
      debug = part ./debug.nix;
      misc = part ./misc.nix;
      kernel = part ./kernel.nix;
      network = part ./network;
      flakes = part ./flakes.nix;

      filesystem = part ./filesystem.nix;
      fileset = part ./fileset;
      path = part ./path;
      sources = part ./sources.nix;

      # Known to exist, without content here.
      gvariant = __nixplan.open "lib.gvariant" { };
      maintainers = __nixplan.open "lib.maintainers" { };
      teams = __nixplan.open "lib.teams" { };
    };

  names =
    self:
    {
      inherit (builtins)
        fromJSON fromTOML getContext hasContext hashString parseDrvName placeholder toFile toJSON
        toString toXML tryEval
        ;
      convertHash = builtins.convertHash or (__nixplan.unknown "lib.convertHash");

      inherit (self.trivial)
        add and bitAnd bitNot bitOr bitXor boolToString boolToYesNo ceil checkListOfEnum compare concat
        const deepSeq defaultTo div flip floor fromHexString functionArgs genericClosure id importJSON
        importTOML inNixShell inPureEvalMode info isBool isFloat isFunction isInOldestRelease isInt
        lessThan mapNullable max mergeAttrs min mirrorFunctionArgs mod mul nixpkgsVersion
        oldestSupportedReleaseIsAtLeast "or" pathExists pipe readFile seq setFunctionArgs showWarnings
        splitByAndCompare sub throwIf throwIfNot toBaseDigits toFunction toHexString version warn
        warnIf warnIfNot xor
        ;
      inherit (self.fixedPoints)
        composeExtensions composeManyExtensions converge extends fix fix' makeExtensible
        makeExtensibleWithCustomName toExtension
        ;
      inherit (self.attrsets)
        attrByPath attrNames attrVals attrValues attrsToList cartesianProduct cartesianProductOfSets
        catAttrs chooseDevOutputs collect concatMapAttrs dontRecurseIntoAttrs filterAttrs
        filterAttrsRecursive foldAttrs foldlAttrs genAttrs genAttrs' getAttr getAttrFromPath getAttrs
        getBin getDev getFirstOutput getInclude getLib getMan getOutput getStatic hasAttr
        hasAttrByPath intersectAttrs isAttrs isDerivation listToAttrs mapAttrs mapAttrs'
        mapAttrsFlatten mapAttrsRecursive mapAttrsRecursiveCond mapAttrsToList mapAttrsToListRecursive
        mapAttrsToListRecursiveCond mapCartesianProduct matchAttrs mergeAttrsList nameValuePair
        optionalAttrs overrideExisting recurseIntoAttrs recursiveUpdate recursiveUpdateUntil
        removeAttrs setAttrByPath showAttrPath toDerivation updateManyAttrsByPath zip zipAttrs
        zipAttrsWith zipAttrsWithNames zipWithNames
        ;
      inherit (self.lists)
        all allUnique any compareLists concatAttrValues concatLists concatMap count crossLists drop
        dropEnd elem elemAt filter findFirst findSingle flatten fold foldl foldl' foldr forEach
        genList groupBy groupBy' head ifilter0 imap0 imap1 init intersectLists isList last length
        listDfs map mutuallyExclusive naturalSort optional optionals partition range remove
        replaceElemAt replicate reverseList singleton sort sortOn sublist subtractLists tail take
        takeEnd toList toposort unique uniqueStrings zipLists zipListsWith
        ;
      inherit (self.strings)
        addContextFrom appendContext cmakeBool cmakeFeature cmakeOptionType concatImapStrings
        concatImapStringsSep concatLines concatMapAttrsStringSep concatMapStrings concatMapStringsSep
        concatStrings concatStringsSep enableFeature enableFeatureAs escape escapeNixIdentifier
        escapeNixString escapeRegex escapeShellArg escapeShellArgs escapeURL escapeXML fileContents
        fixedWidthNumber fixedWidthString getName getVersion hasInfix hasPrefix hasSuffix intersperse
        isStorePath isString isStringLike isValidPosixName join lowerChars makeBinPath
        makeIncludePath makeLibraryPath makeSearchPath makeSearchPathOutput match mesonBool
        mesonEnable mesonOption nameFromURL optionalString removePrefix removeSuffix replaceString
        replaceStrings split splitString splitStringBy stringAsChars stringLength stringToCharacters
        substring toCamelCase toInt toIntBase10 toLower toSentenceCase toShellVar toShellVars toUpper
        trim trimWith typeOf unsafeDiscardStringContext upperChars versionAtLeast versionOlder
        withFeature withFeatureAs
        ;
      inherit (self.stringsWithDeps)
        fullDepEntry noDepEntry packEntry stringAfter textClosureList textClosureMap
        ;
      inherit (self.versions) compareVersions splitVersion;

      inherit (self.customisation)
        addPassthru callPackageWith callPackagesWith extendDerivation extendMkDerivation hydraJob
        makeOverridable makeScope makeScopeWithSplicing makeScopeWithSplicing' mapCrossIndex
        overrideDerivation renameCrossIndexFrom renameCrossIndexTo
        ;
      inherit (self.derivations)
        addDrvOutputDependencies lazyDerivation optionalDrvAttr unsafeDiscardOutputDependency
        warnOnInstantiate
        ;
      inherit (self.meta)
        addMetaAttrs appendToName dontDistribute getExe getExe' getLicenseFromSpdxId
        getLicenseFromSpdxIdOr hiPrio hiPrioSet licensesSpdx lowPrio lowPrioSet mapDerivationAttrset
        setName setPrio updateName
        ;

      inherit (self.filesystem)
        baseNameOf dirOf hashFile isPath packagesFromDirectoryRecursive pathIsDirectory
        pathIsRegularFile pathType readDir readFileType
        ;
      inherit (self.sources)
        canCleanSource cleanSource cleanSourceFilter cleanSourceWith commitIdFromGitRepo filterSource
        pathHasContext pathIsGitRepo repoRevToName revOrTag sourceByRegex sourceFilesBySuffices
        ;

      inherit (self.modules)
        applyModuleArgsIfFunction dischargeProperties doRename evalModules evalOptionValue
        filterOverrides fixMergeModules fixupOptionType mergeDefinitions mergeModules mergeModules'
        mergeOptionDecls mkAfter mkAliasAndWrapDefinitions mkAliasDefinitions mkAliasOptionModule
        mkAliasOptionModuleMD mkAssert mkBefore mkChangedOptionModule mkDefault mkDefinition
        mkDerivedConfig mkFixStrictness mkForce mkIf mkImageMediaOverride mkMerge
        mkMergedOptionModule mkOptionDefault mkOrder mkOverride mkRemovedOptionModule
        mkRenamedOptionModule mkRenamedOptionModuleWith mkVMOverride pushDownProperties
        setDefaultModuleLocation sortProperties unifyModuleSyntax
        ;
      inherit (self.options)
        getFiles getValues isOption literalExpression literalMD mergeDefaultOption mergeEqualOption
        mergeOneOption mergeUniqueOption mkEnableOption mkOption mkPackageOption
        mkSinkUndeclaredOptions optionAttrSetToDocList optionAttrSetToDocList' scrubOptionValue
        showFiles showOption showOptionWithDefLocs unknownModule
        ;
      inherit (self.types)
        defaultFunctor defaultTypeMerge isOptionType isType mkOptionType setType
        ;
      # Documentation texts of older releases.
      mdDoc = text: text;
      literalExample = self.options.literalExpression;
      literalDocBook = self.options.literalMD;

      inherit (self.asserts) assertMsg assertOneOf;
      inherit (self.debug)
        addErrorContext runTests testAllTrue trace traceFnSeqN traceIf traceSeq traceSeqN traceVal
        traceValFn traceValSeq traceValSeqFn traceValSeqN traceValSeqNFn unsafeGetAttrPos
        ;
      inherit (self.generators) mkLuaInline;
      inherit (self.misc)
        checkFlag checkReqs closePropagation condConcat defaultMerge defaultMergeArg fakeHash
        fakeSha256 fakeSha512 foldArgs getValue ifEnable imap innerClosePropagation
        innerModifySumArgs lazyGenericClosure maybeAttr maybeAttrNullable maybeEnv mergeAttrBy
        mergeAttrByFunc mergeAttrsByFuncDefaults mergeAttrsByFuncDefaultsClean
        mergeAttrsConcatenateValues mergeAttrsNoOverride mergeAttrsWithFunc modifySumArgs nixType nvs
        setAttr setAttrMerge uniqList uniqListExt
        ;
      inherit (self.network.ipv6) mkEUI64Suffix;
      inherit (self.flakes) flakeRefToString parseFlakeRef;
    };

  extensible =
    f:
    let
      self = f self // {
        # A changed lib, in which all parts see the changes.
        extend =
          extension:
          extensible (
            final:
            let
              prev = f final;
            in
            prev // extension final prev
          );
      };
    in
    self;
in
extensible (self: parts self // names self)
