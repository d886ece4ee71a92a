# The part of lib.customisation for cross compilation: scopes with one package set per pair of build
# and host platform, and renaming of those pairs.
{ lib }:
let
  inherit (builtins) listToAttrs map mapAttrs;

  upper = {
    buildBuild = "BuildBuild";
    buildHost = "BuildHost";
    buildTarget = "BuildTarget";
    hostHost = "HostHost";
    hostTarget = "HostTarget";
    targetTarget = "TargetTarget";
  };

  makeScopeWithSplicing' =
    {
      splicePackages,
      newScope,
    }@tools:
    {
      otherSplices,
      keep ? (_: { }),
      extra ? (_: { }),
      f,
    }:
    let
      plain = splicePackages {
        pkgsBuildBuild = otherSplices.selfBuildBuild;
        pkgsBuildHost = otherSplices.selfBuildHost;
        pkgsBuildTarget = otherSplices.selfBuildTarget;
        pkgsHostHost = otherSplices.selfHostHost;
        pkgsHostTarget = self;
        pkgsTargetTarget = otherSplices.selfTargetTarget;
      };
      spliced = extra plain // plain // keep self;
      self = f self // {
        newScope = scope: newScope (spliced // scope);
        callPackage = newScope spliced;
        overrideScope =
          extension:
          makeScopeWithSplicing' tools {
            inherit otherSplices keep extra;
            f = lib.fixedPoints.extends extension f;
          };
        packages = f;
      };
    in
    self;
in
{
  inherit makeScopeWithSplicing';
  makeScopeWithSplicing =
    splicePackages: newScope: otherSplices: keep: extra: f:
    makeScopeWithSplicing' { inherit splicePackages newScope; } { inherit otherSplices keep extra f; };

  renameCrossIndexFrom = prefix: set: mapAttrs (_: name: set.${prefix + name}) upper;
  renameCrossIndexTo =
    prefix: set:
    listToAttrs (
      map (index: {
        name = prefix + upper.${index};
        value = set.${index};
      }) (builtins.attrNames upper)
    );
  mapCrossIndex =
    f:
    {
      buildBuild,
      buildHost,
      buildTarget,
      hostHost,
      hostTarget,
      targetTarget,
    }@set:
    mapAttrs (_: f) set;
}
