# lib.trivial: combinators, Booleans, numbers, warnings, functions with declared arguments.
{ lib }:
let
  # Terminal colour as the installed Nix writes it for warnings.
  escape = builtins.fromJSON ''"\u001b"'';

  warn =
    builtins.warn or (
      message: value:
      assert builtins.isString message;
      builtins.trace "${escape}[1;35mevaluation warning:${escape}[0m ${message}" value
    );
  keep = value: value;

  isFunction =
    f: builtins.isFunction f || (f ? __functor && builtins.isFunction (f.__functor f));

  functionArgs =
    f:
    if !(f ? __functor) then builtins.functionArgs f
    else f.__functionArgs or (builtins.functionArgs (f.__functor f));

  setFunctionArgs = f: formals: {
    __functor = _: f;
    __functionArgs = formals;
  };

  toBaseDigits =
    base: number:
    let
      digits =
        rest: tail:
        let
          more = rest / base;
          all = [ (rest - more * base) ] ++ tail;
        in
        if more == 0 then all else digits more all;
    in
    assert builtins.isInt base && builtins.isInt number;
    assert base >= 2 && number >= 0;
    digits number [ ];

  inherit (import ./version.nix) release;
  versionSuffix = (import ./version.nix).suffix;
  version = release + versionSuffix;

  # The releases that nixpkgs still maintained when this was written, as year * 100 + month.
  oldestSupportedRelease = 2511;
  oldestSupportedReleaseIsAtLeast = wanted: oldestSupportedRelease >= wanted;
in
{
  inherit (builtins)
    add bitAnd bitOr bitXor ceil deepSeq div floor genericClosure isBool isFloat isInt lessThan mul
    pathExists readFile seq sub
    ;
  inherit
    functionArgs isFunction oldestSupportedRelease oldestSupportedReleaseIsAtLeast release
    setFunctionArgs toBaseDigits version versionSuffix warn
    ;

  id = keep;
  const = value: _: value;
  flip = f: second: first: f first second;
  pipe = builtins.foldl' (value: step: step value);
  concat = left: right: left ++ right;
  mergeAttrs = left: right: left // right;

  and = left: right: left && right;
  "or" = left: right: left || right;
  xor = left: right: if left then !right else right || false;
  boolToString = condition: if condition then "true" else "false";
  boolToYesNo = condition: if condition then "yes" else "no";

  defaultTo = fallback: value: if value == null then fallback else value;
  mapNullable = f: value: if value == null then null else f value;

  bitNot = number: -1 - number;
  min = left: right: if left < right then left else right;
  max = left: right: if left > right then left else right;
  # The remainder has the sign of the dividend, because division truncates towards zero.
  mod = dividend: divisor: dividend - divisor * (builtins.div dividend divisor);
  compare = left: right: if left < right then -1 else if left > right then 1 else 0;
  # Orders what satisfies `first` before what does not; equals go to one of two comparisons.
  splitByAndCompare =
    first: bothDo: neitherDoes: left: right:
    if first left then (if first right then bothDo left right else -1)
    else if first right then 1
    else neitherDoes left right;

  # TOML is the only reader of hexadecimal numbers that the language has.
  fromHexString =
    text: (builtins.fromTOML "v=0x${lib.strings.removePrefix "0x" (lib.strings.toLower text)}").v;
  toHexString =
    number:
    builtins.concatStringsSep "" (
      map (digit: builtins.substring digit 1 "0123456789ABCDEF") (toBaseDigits 16 number)
    );

  importJSON = file: builtins.fromJSON (builtins.readFile file);
  importTOML = file: builtins.fromTOML (builtins.readFile file);

  info = message: builtins.trace "INFO: ${message}";
  warnIf = condition: message: if condition then warn message else keep;
  warnIfNot = condition: message: if condition then keep else warn message;
  throwIf = condition: message: if condition then throw message else keep;
  throwIfNot = condition: message: if condition then keep else throw message;
  showWarnings = messages: value: lib.lists.foldr warn value messages;

  checkListOfEnum =
    what: valid: given:
    let
      show = values: builtins.concatStringsSep ", " (map toString values);
      wrong = builtins.filter (value: !(builtins.elem value valid)) given;
    in
    if wrong == [ ] then keep
    else throw "${what}: ${show wrong} is not among the valid values ${show valid}";

  mirrorFunctionArgs =
    model:
    let
      formals = functionArgs model;
    in
    f: setFunctionArgs f formals;
  toFunction = value: if isFunction value then value else (_: value);

  codeName = "nixplan";
  nixpkgsVersion = version;
  isInOldestRelease = oldestSupportedReleaseIsAtLeast;
  revisionWithDefault =
    fallback:
    let
      source = __nixplan.sourceOf ../.;
      rev = source.rev or null;
    in
    if source == null || rev == null then fallback else rev;
  inNixShell = builtins.getEnv "IN_NIX_SHELL" != "";
  inPureEvalMode = !(builtins ? currentSystem);
}
