# lib.meta: package metadata, priorities, platforms, the main program.
{ lib }:
let
  inherit (builtins) any isString mapAttrs;
  inherit (lib.attrsets) isDerivation;

  addMetaAttrs =
    added: package:
    if package ? overrideAttrs then
      package.overrideAttrs (old: { meta = (old.meta or { }) // added; })
    else
      package // { meta = (package.meta or { }) // added; };
  setPrio = priority: addMetaAttrs { inherit priority; };
  lowPrio = setPrio 10;
  hiPrio = setPrio (-10);

  updateName = f: package: package // { name = f package.name; };
  mapDerivationAttrset = f: mapAttrs (_: value: if isDerivation value then f value else value);

  # A pattern is a system name, a set to be matched by the whole platform, or one to be matched by
  # its parsed form.
  platformMatch =
    platform: pattern:
    if isString pattern then
      platform ? system && platform.system == pattern
    else
      lib.attrsets.matchAttrs (if pattern ? parsed then pattern else { parsed = pattern; }) platform;

  licensesSpdx =
    let
      known = lib.attrsets.filterAttrs (_: license: license ? spdxId) (__nixplan.known lib.licenses);
    in
    lib.attrsets.mapAttrs' (_: license: lib.attrsets.nameValuePair license.spdxId license) known;
  getLicenseFromSpdxIdOr =
    let
      byLowerCase = lib.attrsets.mapAttrs' (
        id: license: lib.attrsets.nameValuePair (lib.strings.toLower id) license
      ) licensesSpdx;
    in
    id: fallback: byLowerCase.${lib.strings.toLower id} or fallback;

  getExe' =
    package: program:
    if !(isDerivation package) then
      throw "lib.meta.getExe': a derivation is wanted, but this has the type ${builtins.typeOf package}"
    else if !(isString program) then
      throw "lib.meta.getExe': the program's name has the type ${builtins.typeOf program}, not string"
    else if builtins.match ".*/.*" program != null then
      throw "lib.meta.getExe': \"${program}\" has a slash, but it must be the name of a program"
    else
      "${lib.attrsets.getBin package}/bin/${program}";
in
{
  inherit
    addMetaAttrs getExe' getLicenseFromSpdxIdOr hiPrio licensesSpdx lowPrio mapDerivationAttrset
    platformMatch setPrio updateName
    ;
  defaultPriority = 5;
  dontDistribute = addMetaAttrs { hydraPlatforms = [ ]; };
  setName = name: package: package // { inherit name; };
  appendToName =
    suffix:
    updateName (
      name:
      let
        parsed = builtins.parseDrvName name;
      in
      "${parsed.name}-${suffix}-${parsed.version}"
    );
  lowPrioSet = mapDerivationAttrset lowPrio;
  hiPrioSet = mapDerivationAttrset hiPrio;
  availableOn =
    platform: package:
    let
      listed = any (platformMatch platform);
    in
    (package ? meta.platforms -> listed package.meta.platforms)
    && (package ? meta.badPlatforms -> !(listed package.meta.badPlatforms));
  getLicenseFromSpdxId =
    id:
    getLicenseFromSpdxIdOr id (
      lib.trivial.warn "lib.meta.getLicenseFromSpdxId: ${id} is not known" {
        shortName = id;
        spdxId = id;
      }
    );
  getExe =
    package:
    getExe' package (
      package.meta.mainProgram or (
        lib.trivial.warn
          "lib.meta.getExe: ${package.meta.name or package.pname or package.name} does not say its main program (meta.mainProgram); its own name is taken"
          (lib.strings.getName package)
      )
    );
  cpeFullVersionWithVendor = vendor: version: {
    inherit vendor version;
    update = "*";
  };
}
