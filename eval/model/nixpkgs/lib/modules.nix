# The module system. The parts are loaded when one of their names is used.
{ lib }:
let
  part = file: import file { inherit lib; };
  properties = part ./modules/properties.nix;
  collecting = part ./modules/collect.nix;
  declarations = part ./modules/declarations.nix;
  definitions = part ./modules/definitions.nix;
  evaluation = part ./modules/eval.nix;
  opening = part ./modules/open-config.nix;
  renaming = part ./modules/rename.nix;
in
{
  inherit (properties)
    defaultOrderPriority
    defaultOverridePriority
    dischargeProperties
    filterOverrides
    filterOverrides'
    isOrdered
    mapDefinitionValue
    mkAfter
    mkAssert
    mkBefore
    mkDefault
    mkDefinition
    mkFixStrictness
    mkForce
    mkIf
    mkImageMediaOverride
    mkMerge
    mkOptionDefault
    mkOrder
    mkOverride
    mkVMOverride
    pushDownProperties
    sortProperties
    tagOf
    ;
  inherit (collecting)
    applyModuleArgs
    applyModuleArgsIfFunction
    collectModules
    gatherModules
    isVagueModule
    setDefaultModuleLocation
    unifyModuleSyntax
    ;
  inherit (declarations)
    fixupOptionType
    mergeModules
    mergeModules'
    mergeModulesOf
    mergeOptionDecls
    ;
  inherit (definitions)
    evalOptionValue
    mergeAttrDefinitionsWithPrio
    mergeDefinitions
    ;
  inherit (evaluation)
    evalModules
    similarNames
    ;
  inherit (opening) openConfig;
  inherit (renaming)
    doRename
    fixMergeModules
    importApply
    importJSON
    importTOML
    mkAliasAndWrapDefinitions
    mkAliasAndWrapDefsWithPriority
    mkAliasDefinitions
    mkAliasIfDef
    mkAliasOptionModule
    mkAliasOptionModuleMD
    mkChangedOptionModule
    mkDerivedConfig
    mkMergedOptionModule
    mkRemovedOptionModule
    mkRenamedOptionModule
    mkRenamedOptionModuleWith
    ;
}
