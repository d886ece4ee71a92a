# The part of lib.strings that writes options for configure scripts, CMake and Meson. The assertions
# catch swapped arguments and packages given instead of their names.
{ lib }:
let
  inherit (builtins) elem isBool isString;
  inherit (lib.strings) toUpper;

  dashD =
    name: value:
    assert isString name && isString value;
    "-D${name}=${value}";

  cmakeTypes = [ "BOOL" "FILEPATH" "PATH" "STRING" "INTERNAL" "LIST" ];
  cmakeOptionType =
    type: name: value:
    assert elem (toUpper type) cmakeTypes;
    assert isString name && isString value;
    "-D${name}:${toUpper type}=${value}";

  choice =
    yes: no: condition: name:
    assert isString name;
    "--${if condition then yes else no}-${name}";
  valued = option: condition: name: value: option condition name + (if condition then "=${value}" else "");

  enableFeature =
    condition: name:
    assert isBool condition;
    choice "enable" "disable" condition name;
  withFeature = choice "with" "without";
in
{
  inherit cmakeOptionType enableFeature withFeature;
  cmakeBool =
    name: value:
    assert isBool value;
    cmakeOptionType "BOOL" name (if value then "TRUE" else "FALSE");
  cmakeFeature = cmakeOptionType "STRING";
  mesonOption = dashD;
  mesonBool =
    name: value:
    assert isBool value;
    dashD name (lib.trivial.boolToString value);
  mesonEnable =
    name: value:
    assert isBool value;
    dashD name (if value then "enabled" else "disabled");
  enableFeatureAs = valued enableFeature;
  withFeatureAs = valued withFeature;
}
