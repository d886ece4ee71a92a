# Booleans and numbers.
{ lib }:
let
  inherit (builtins)
    any
    isBool
    isFloat
    isInt
    toJSON
    ;
  inherit (lib.options) mergeEqualOption;
  inherit (lib.types) addCheck either mkOptionType;

  scalar =
    name: description: check:
    mkOptionType {
      inherit name description check;
      descriptionClass = "noun";
      merge = mergeEqualOption;
    };

  bool = scalar "bool" "boolean" isBool;
  int = scalar "int" "signed integer" isInt;
  float = scalar "float" "floating point number" isFloat;
  number = either int float;

  # base, restricted: the name and description replace those of base.
  restrict =
    base: check: overrides:
    addCheck base check // overrides;

  clause = description: {
    inherit description;
    descriptionClass = "nonRestrictiveClause";
  };

  within = low: high: x: x >= low && x <= high;
  both = low: high: "${toJSON low} and ${toJSON high} (both inclusive)";
  ordered = name: low: high: type:
    if low <= high then type else throw "${name}.between: ${toJSON low} is greater than ${toJSON high}";

  between =
    low: high:
    ordered "ints" low high (
      restrict int (within low high) {
        name = "intBetween";
        description = "integer between ${both low high}";
      }
    );

  # An integer of so many bits. There is no 64-bit unsigned type: Nix's integers
  # have 64 bits with the sign.
  sized =
    name: bits: adjective: low: high:
    between low high
    // {
      name = name + bits;
      description = "${bits} bit ${adjective} integer; between ${both low high}";
    };
  unsigned = bits: sized "unsignedInt" bits "unsigned" 0;
  signed = bits: sized "signedInt" bits "signed";
in
{
  inherit
    bool
    float
    int
    number
    ;

  # true when one definition is.
  boolByOr =
    scalar "boolByOr" "boolean (merged using or)" isBool
    // {
      merge = _: any (def: def.value);
    };

  ints = {
    inherit between;
    unsigned = restrict int (x: x >= 0) (
      { name = "unsignedInt"; } // clause "unsigned integer, meaning >=0"
    );
    positive = restrict int (x: x > 0) (
      { name = "positiveInt"; } // clause "positive integer, meaning >0"
    );
    u8 = unsigned "8" 255;
    u16 = unsigned "16" 65535;
    u32 = unsigned "32" 4294967295;
    s8 = signed "8" (-128) 127;
    s16 = signed "16" (-32768) 32767;
    s32 = signed "32" (-2147483648) 2147483647;
  };
  port = unsigned "16" 65535;

  numbers = {
    between =
      low: high:
      ordered "numbers" low high (
        restrict number (within low high) {
          name = "numberBetween";
          description = "integer or floating point number between ${both low high}";
        }
      );
    nonnegative = restrict number (x: x >= 0) (
      { name = "numberNonnegative"; }
      // clause "nonnegative integer or floating point number, meaning >=0"
    );
    positive = restrict number (x: x > 0) (
      { name = "numberPositive"; } // clause "positive integer or floating point number, meaning >0"
    );
  };
}
