# lib.sourceTypes: where a package's content comes from.
{ lib }:
lib.attrsets.genAttrs
  [ "fromSource" "binaryNativeCode" "binaryBytecode" "binaryFirmware" "obfuscatedCode" ]
  (name: {
    shortName = name;
    isSource = name == "fromSource";
  })
