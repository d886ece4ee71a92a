# Strings and paths.
{ lib }:
let
  inherit (builtins)
    concatStringsSep
    isAttrs
    isPath
    isString
    match
    substring
    toJSON
    ;
  inherit (lib.options) getValues mergeEqualOption;
  inherit (lib.types)
    addCheck
    defaultFunctor
    mkOptionType
    optionDescriptionPhrase
    ;

  text =
    name: description: check: rest:
    mkOptionType (
      {
        inherit name description check;
        descriptionClass = "noun";
        merge = mergeEqualOption;
      }
      // rest
    );

  # Payloads merge only when they are the same.
  sameOnly = a: b: if a == b then a else null;

  matches = pattern: x: isString x && match pattern x != null;

  strMatching =
    pattern:
    text "strMatching ${lib.strings.escapeNixString pattern}" "string matching the pattern ${pattern}"
      (matches pattern)
      {
        functor = defaultFunctor "strMatching" // {
          type = payload: strMatching payload.pattern;
          payload = { inherit pattern; };
          binOp = sameOnly;
        };
      };

  # Definitions are joined, with separator between them.
  separatedString =
    separator:
    text "separatedString" "strings concatenated with ${toJSON separator}" isString {
      merge = _: defs: concatStringsSep separator (getValues defs);
      functor = defaultFunctor "separatedString" // {
        type = payload: separatedString payload.sep;
        payload = {
          sep = separator;
        };
        binOp = sameOnly;
      };
    };

  stringLike = x: isString x || isPath x || (isAttrs x && (x ? outPath || x ? __toString));

  # inStore, absolute: true, false, or null for either.
  pathWith =
    {
      inStore ? null,
      absolute ? null,
    }:
    let
      # "" is no store path; the context does not matter for where it lies.
      inTheStore =
        x:
        lib.path.hasStorePathPrefix (if isPath x then x else /. + builtins.unsafeDiscardStringContext x);
      isAbsolute = x: substring 0 1 (toString x) == "/";
      # A true path would be copied to the store by whoever uses the value.
      shape = if inStore == false then isString else stringLike;
      wording =
        (if absolute == null then "" else if absolute then "absolute " else "relative ")
        + "path"
        + (if inStore == null then "" else if inStore then " in the Nix store" else " not in the Nix store");
    in
    if inStore == true && absolute == false then
      throw "pathWith: a path in the store is absolute, so `inStore = true' and `absolute = false' exclude each other"
    else
      text "path" wording
        (
          x:
          shape x
          && (inStore == null || inStore == inTheStore x)
          && (absolute == null || absolute == isAbsolute x)
        )
        {
          functor = defaultFunctor "path" // {
            type = pathWith;
            payload = { inherit inStore absolute; };
            binOp = sameOnly;
          };
        };

  str = text "str" "string" isString { };
in
{
  inherit
    pathWith
    separatedString
    str
    strMatching
    ;

  # The old name of str; joins its definitions.
  string = separatedString "" // { name = "string"; };

  nonEmptyStr = text "nonEmptyStr" "non-empty string" (
    x: isString x && match "[ \t\n]*" x == null
  ) { };

  # One newline at the end is allowed, and cut off.
  singleLineStr =
    text "singleLineStr" "(optionally newline-terminated) single-line string" (matches "[^\n\r]*\n?")
      { merge = loc: defs: lib.removeSuffix "\n" (mergeEqualOption loc defs); };

  lines = separatedString "\n";
  commas = separatedString ",";
  envVar = separatedString ":";

  # A field of /etc/passwd.
  passwdEntry =
    entryType:
    addCheck entryType (x: match "[^:\n]*" x != null)
    // {
      name = "passwdEntry ${entryType.name}";
      description = "${
        optionDescriptionPhrase (class: class == "noun") entryType
      }, not containing newlines or colons";
      descriptionClass = "nonRestrictiveClause";
    };

  path = pathWith { absolute = true; };
  pathInStore = pathWith { inStore = true; };
  externalPath = pathWith {
    absolute = true;
    inStore = false;
  };
}
