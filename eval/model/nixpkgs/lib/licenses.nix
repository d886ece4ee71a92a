# lib.licenses: common licenses, by the names that nixpkgs has for them. The set is open: nixpkgs
# knows many more.
{ lib }:
let
  inherit (builtins) elem mapAttrs;

  # From a name in nixpkgs to the id at spdx.org and the full name.
  spdx = {
    afl3 = [ "AFL-3.0" "Academic Free License v3.0" ];
    agpl3Only = [ "AGPL-3.0-only" "GNU Affero General Public License v3.0 only" ];
    agpl3Plus = [ "AGPL-3.0-or-later" "GNU Affero General Public License v3.0 or later" ];
    artistic2 = [ "Artistic-2.0" "Artistic License 2.0" ];
    asl20 = [ "Apache-2.0" "Apache License 2.0" ];
    boost = [ "BSL-1.0" "Boost Software License 1.0" ];
    bsd0 = [ "0BSD" "BSD Zero Clause License" ];
    bsd2 = [ "BSD-2-Clause" ''BSD 2-clause "Simplified" License'' ];
    bsd3 = [ "BSD-3-Clause" ''BSD 3-clause "New" or "Revised" License'' ];
    cc-by-30 = [ "CC-BY-3.0" "Creative Commons Attribution 3.0" ];
    cc-by-40 = [ "CC-BY-4.0" "Creative Commons Attribution 4.0" ];
    cc-by-sa-40 = [ "CC-BY-SA-4.0" "Creative Commons Attribution Share Alike 4.0" ];
    cc0 = [ "CC0-1.0" "Creative Commons Zero v1.0 Universal" ];
    epl20 = [ "EPL-2.0" "Eclipse Public License 2.0" ];
    eupl11 = [ "EUPL-1.1" "European Union Public License 1.1" ];
    eupl12 = [ "EUPL-1.2" "European Union Public License 1.2" ];
    gpl2Only = [ "GPL-2.0-only" "GNU General Public License v2.0 only" ];
    gpl2Plus = [ "GPL-2.0-or-later" "GNU General Public License v2.0 or later" ];
    gpl3Only = [ "GPL-3.0-only" "GNU General Public License v3.0 only" ];
    gpl3Plus = [ "GPL-3.0-or-later" "GNU General Public License v3.0 or later" ];
    isc = [ "ISC" "ISC License" ];
    lgpl21Only = [ "LGPL-2.1-only" "GNU Lesser General Public License v2.1 only" ];
    lgpl21Plus = [ "LGPL-2.1-or-later" "GNU Lesser General Public License v2.1 or later" ];
    lgpl3Only = [ "LGPL-3.0-only" "GNU Lesser General Public License v3.0 only" ];
    lgpl3Plus = [ "LGPL-3.0-or-later" "GNU Lesser General Public License v3.0 or later" ];
    llvm-exception = [ "LLVM-exception" "LLVM Exception" ];
    mit = [ "MIT" "MIT License" ];
    mpl20 = [ "MPL-2.0" "Mozilla Public License 2.0" ];
    ofl = [ "OFL-1.1" "SIL Open Font License 1.1" ];
    postgresql = [ "PostgreSQL" "PostgreSQL License" ];
    unlicense = [ "Unlicense" "The Unlicense" ];
    wtfpl = [ "WTFPL" "Do What The F*ck You Want To Public License" ];
    zlib = [ "Zlib" "zlib License" ];
  };

  # Names that say neither "only" nor "or later", and what nobody should choose any more.
  outdated = {
    agpl3 = [ "AGPL-3.0" "GNU Affero General Public License v3.0" ];
    apsl20 = [ "APSL-2.0" "Apple Public Source License 2.0" ];
    gpl2 = [ "GPL-2.0" "GNU General Public License v2.0" ];
    gpl3 = [ "GPL-3.0" "GNU General Public License v3.0" ];
    lgpl21 = [ "LGPL-2.1" "GNU Lesser General Public License v2.1" ];
    lgpl3 = [ "LGPL-3.0" "GNU Lesser General Public License v3.0" ];
  };

  license =
    {
      shortName,
      free ? true,
      deprecated ? false,
      redistributable ? free,
      ...
    }@facts:
    facts
    // {
      licenseType = "simple";
      inherit deprecated free redistributable;
      ${if facts ? spdxId then "url" else null} = "https://spdx.org/licenses/${facts.spdxId}.html";
    };
  listed =
    deprecated:
    mapAttrs (
      shortName: entry:
      license {
        inherit deprecated shortName;
        spdxId = builtins.elemAt entry 0;
        fullName = builtins.elemAt entry 1;
      }
    );

  other = {
    free = license {
      shortName = "free";
      fullName = "Unspecified free software license";
    };
    publicDomain = license {
      shortName = "publicDomain";
      fullName = "Public Domain";
    };
    bsl11 = license {
      shortName = "bsl11";
      spdxId = "BUSL-1.1";
      fullName = "Business Source License 1.1";
      free = false;
      redistributable = true;
    };
    unfree = license {
      shortName = "unfree";
      fullName = "Unfree";
      free = false;
    };
    unfreeRedistributable = license {
      shortName = "unfreeRedistributable";
      fullName = "Unfree redistributable";
      free = false;
      redistributable = true;
    };
    unfreeRedistributableFirmware = license {
      shortName = "unfreeRedistributableFirmware";
      fullName = "Unfree redistributable firmware";
    };
  };

  operators = {
    AND = licenses: compound "AND" licenses;
    OR = licenses: compound "OR" licenses;
    WITH = license: exception: {
      licenseType = "exception";
      operator = "WITH";
      inherit license exception;
    };
    PLUS = license: {
      licenseType = "plus";
      operator = "+";
      inherit license;
    };
  };
  compound = operator: licenses: {
    licenseType = "compound";
    inherit operator licenses;
  };

  # Whether `holds` of a license expression. A permissive reading is content with one side of an OR
  # and wants both sides of an AND; the other reading is the opposite.
  evaluateProperty =
    holds: permissive:
    let
      inside = evaluateProperty holds permissive;
      any = if permissive then builtins.any else builtins.all;
      all = if permissive then builtins.all else builtins.any;
      by = {
        simple = holds;
        plus = expression: inside expression.license;
        exception = expression: inside expression.license && inside expression.exception;
        compound =
          expression:
          {
            OR = any;
            AND = all;
          }
          .${expression.operator} or (throw "lib.licenses: there is no operator ${expression.operator}")
            inside
            expression.licenses;
      };
    in
    expression:
    (by.${expression.licenseType} or (throw "lib.licenses: there is no license type ${expression.licenseType}"))
      expression;
  evaluateNamedProperty = name: evaluateProperty (license: license.${name});

  toSPDX =
    expression:
    let
      nested =
        inner:
        if elem inner.licenseType [ "compound" "exception" ] then "(${toSPDX inner})" else toSPDX inner;
      by = {
        simple = expression.spdxId or "LicenseRef-nixos-${expression.shortName}";
        plus = nested expression.license + expression.operator;
        exception = "${nested expression.license} ${expression.operator} ${nested expression.exception}";
        compound = builtins.concatStringsSep " ${expression.operator} " (map nested expression.licenses);
      };
    in
    by.${expression.licenseType} or (throw "lib.licenses: there is no license type ${expression.licenseType}");
in
__nixplan.open "lib.licenses" (
  listed false spdx
  // listed true outdated
  // other
  // operators
  // {
    inherit evaluateNamedProperty evaluateProperty toSPDX;
    isFree = evaluateNamedProperty "free" true;
    isRedistributable = evaluateNamedProperty "redistributable" true;
    containsLicenses = licenses: evaluateProperty (license: elem license licenses) false;
  }
)
