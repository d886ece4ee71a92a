# lib.misc: old helpers that nixpkgs keeps for its own past; placeholders for hashes.
{ lib }:
let
  inherit (builtins)
    any elem filter foldl' head isAttrs isFunction isInt isList mapAttrs
    removeAttrs tail
    ;
  inherit (lib.attrsets) genAttrs;

  maybeAttr = name: fallback: set: set.${name} or fallback;
  setAttr = set: name: value: set // { ${name} = value; };
  setAttrMerge = name: fallback: set: f: setAttr set name (f (set.${name} or fallback));

  defaultMergeArg = old: new: if isAttrs new then new else new old;
  defaultMerge = old: new: old // defaultMergeArg old new;

  # A flag is on if it is "true", listed in `flags`, or an attribute with its value.
  checkFlag =
    set: name:
    if name == "true" || name == "false" then name == "true"
    else elem name (set.flags or [ ]) || (set.${name} or false);
  getValue =
    set: pairs: name:
    set.${name} or (
      if checkFlag set name then true
      else if pairs == [ ] then null
      else if head (head pairs) == name then head (tail (head pairs))
      else getValue set (tail pairs) name
    );
  checkReqs =
    set: pairs: requirements:
    builtins.all (
      requirement:
      checkFlag set (head requirement)
      -> builtins.all (
        name:
        let
          value = getValue set pairs name;
        in
        value != null && value != false
      ) (tail requirement)
    ) requirements;

  uniqListExt =
    {
      inputList,
      outputList ? [ ],
      getter ? (element: element),
      compare ? (left: right: left == right),
    }:
    foldl' (
      kept: element:
      if any (other: compare (getter other) (getter element)) kept then kept else kept ++ [ element ]
    ) outputList inputList;

  # Unlike a fold this gives its first elements before it has seen the last.
  uniqList =
    {
      inputList,
      acc ? [ ],
    }:
    if inputList == [ ] then
      [ ]
    else
      let
        first = head inputList;
        rest = tail inputList;
      in
      if elem first acc then uniqList { inputList = rest; inherit acc; }
      else [ first ] ++ uniqList { inputList = rest; acc = [ first ] ++ acc; };

  condConcat =
    text: pairs: holds:
    if pairs == [ ] then text
    else condConcat (if holds (head pairs) then text + head (tail pairs) else text) (tail (tail pairs)) holds;

  # genericClosure for keys that can only be compared for equality.
  lazyGenericClosure =
    { startSet, operator }:
    let
      walk =
        todo: keys: done:
        if todo == [ ] then done
        else
          let
            item = head todo;
          in
          if elem item.key keys then walk (tail todo) keys done
          else walk (tail todo ++ operator item) ([ item.key ] ++ keys) ([ item ] ++ done);
    in
    walk startSet [ ] [ ];

  # Collects arguments until one is null.
  innerModifySumArgs =
    f: extra: sum: next:
    if next == null then f sum next // extra else innerModifySumArgs f extra (sum // next);

  propagated = package: package.propagatedBuildInputs or [ ] ++ package.propagatedNativeBuildInputs or [ ];
  innerClosePropagation =
    done: todo:
    if todo == [ ] then done
    else
      let
        package = head todo;
        more = [ package ] ++ done;
      in
      if !(isAttrs package) then innerClosePropagation done (tail todo)
      else innerClosePropagation more (uniqList { inputList = propagated package ++ tail todo; acc = more; });
  closePropagationFast =
    packages:
    let
      items = list: map (val: { key = val.outPath; inherit val; }) (filter (package: package != null) list);
    in
    map (item: item.val) (
      builtins.genericClosure {
        startSet = items packages;
        operator = item: if isAttrs item.val then items (propagated item.val) else [ ];
      }
    );

  # What only the right side has is merged with itself.
  mergeAttrsWithFunc =
    f: left: right:
    left // mapAttrs (name: value: f (left.${name} or value) value) right;

  # How attributes with well-known names are merged by mergeAttrByFunc.
  mergeAttrBy =
    genAttrs [
      "nativeBuildInputs" "buildInputs" "propagatedBuildInputs" "configureFlags" "prePhases" "postAll"
      "patches"
    ] (_: left: right: left ++ right)
    // genAttrs [ "passthru" "meta" "cfg" "flags" ] (_: left: right: left // right)
    // genAttrs [ "preConfigure" "postInstall" ] (_: left: right: "${left}\n${right}");
  mergeAttrByFunc =
    left: right:
    let
      functions = {
        mergeAttrBy = a: b: a // b;
      } // left.mergeAttrBy or { } // right.mergeAttrBy or { };
      present = lib.attrsets.filterAttrs (name: _: left ? ${name} || right ? ${name}) functions;
      merge =
        name: f:
        if left ? ${name} && right ? ${name} then f left.${name} right.${name}
        else left.${name} or right.${name};
    in
    left // right // mapAttrs merge present;
  mergeAttrsByFuncDefaults = foldl' mergeAttrByFunc { inherit mergeAttrBy; };

  mergeAttrsNoOverride =
    {
      mergeLists ? [ "buildInputs" "propagatedBuildInputs" ],
      overrideSnd ? [ "buildPhase" ],
    }:
    left: right:
    let
      merge =
        name: value:
        if !(left ? ${name}) then value
        else if elem name mergeLists then value ++ left.${name}
        else if elem name overrideSnd then left.${name}
        else throw "lib.misc.mergeAttrsNoOverride: both sets have ${name}, and nothing says how to merge it";
    in
    left // mapAttrs merge right;

  # Arguments given little by little, with the function and what was given in `passthru`.
  foldArgs =
    merge: f: start: new:
    let
      args = merge start (defaultMergeArg start new);
      result = setAttrMerge "passthru" { } (f args) (
        passthru:
        passthru
        // {
          function = foldArgs merge f args;
          args = (passthru.passthru.args or { }) // new;
        }
      );
    in
    result // { override = result.passthru.function; };
in
{
  inherit
    checkFlag checkReqs closePropagationFast condConcat defaultMerge defaultMergeArg foldArgs getValue
    innerClosePropagation innerModifySumArgs lazyGenericClosure maybeAttr mergeAttrBy mergeAttrByFunc
    mergeAttrsByFuncDefaults mergeAttrsNoOverride mergeAttrsWithFunc setAttr setAttrMerge uniqList
    uniqListExt
    ;
  closePropagation = closePropagationFast;
  closePropagationSlow = packages: uniqList { inputList = innerClosePropagation [ ] packages; };
  imap = lib.lists.imap1;
  maybeAttrNullable = maybeAttr;
  maybeEnv =
    name: fallback:
    let
      value = builtins.getEnv name;
    in
    if value == "" then fallback else value;
  ifEnable =
    condition: value:
    if condition then value
    else if isList value then [ ]
    else if isAttrs value then { }
    else if builtins.isBool value then false
    else null;
  modifySumArgs = f: extra: innerModifySumArgs f extra { };
  nvs = name: value: { ${name} = value; };
  mergeAttrsConcatenateValues = mergeAttrsWithFunc (
    left: right: lib.lists.toList left ++ lib.lists.toList right
  );
  mergeAttrsByFuncDefaultsClean = sets: removeAttrs (mergeAttrsByFuncDefaults sets) [ "mergeAttrBy" ];
  nixType =
    value:
    if isAttrs value then (if value ? outPath then "derivation" else "attrs")
    else if isFunction value then "function"
    else if isList value then "list"
    else if builtins.isBool value then "bool"
    else if value == null then "null"
    else if isInt value then "int"
    else "string";

  fakeHash = "sha256-${lib.strings.replicate 43 "A"}=";
  fakeSha256 = lib.strings.replicate 64 "0";
  fakeSha512 = lib.strings.replicate 128 "0";
}
