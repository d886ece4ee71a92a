# A flake with its inputs, from flake.lock (versions 5 to 7) or, without one, from what flake.nix says. An input whose
# files are neither here nor modelled has unknown outputs.
{
  root ? null,
  source ? null,
  self ? { },
  lock ? null,
}:

let
  inherit (builtins)
    intersectAttrs
    isAttrs
    isList
    mapAttrs
    ;
  inherit (__nixplan) foreign isUnknown openForeign;

  isOpen = set: !isUnknown set && isUnknown (set ? "");

  location = import ./flake-location.nix;

  possible = condition: isUnknown condition || condition;
  sure = condition: !isUnknown condition && condition;

  rootInfo = {
    lastModified = 0;
    lastModifiedDate = "19700101000000";
  }
  // (
    if root != null then
      { outPath = "${root}"; }
    else if source != null then
      { outPath = source; }
    else
      { }
  )
  // self;

  # What the flake is called where its outputs are unknown.
  rootName = if source == null then "self" else (__nixplan.sourceOf source).url or "self";

  lockPath = rootInfo.outPath + "/flake.lock";

  lockFile =
    if lock != null then
      lock
    else if sure (builtins.pathExists lockPath) then
      builtins.fromJSON (builtins.readFile lockPath)
    else
      null;

  # Outputs that modules often add to: how many levels of sets above what they add.
  growing = {
    apps = 2;
    checks = 2;
    darwinConfigurations = 1;
    devShells = 2;
    homeConfigurations = 1;
    legacyPackages = 2;
    nixosConfigurations = 1;
    packages = 2;
  };
  openAt =
    level: name: set:
    if isUnknown set || !isAttrs set then
      set
    else if level == 1 then
      openForeign name set
    else
      mapAttrs (below: openAt (level - 1) "${name}.${below}") set;

  # A flake from the source it is in, the directory in it, and its inputs.
  flakeOf =
    {
      name,
      sourceInfo,
      outPath ? sourceInfo.outPath,
      inputs,
    }:
    let
      file = outPath + "/flake.nix";
      # A file that is surely missing is an error that `import` describes.
      flake = import file;
      # Outputs that may be more than is known are so for the flake itself; to others it has those that are known.
      all = flake.outputs (inputs flake // { self = if isOpen all then openForeign name (result // grown) else result; });
      grown = mapAttrs (output: openAt growing.${output} "${name}.${output}") (intersectAttrs growing outputs);
      outputs = if isOpen all then __nixplan.known all else all;
      result =
        outputs
        // sourceInfo
        // {
          inherit outPath outputs sourceInfo;
          inputs = inputs flake;
          _type = "flake";
        };
      beyondReach = openForeign name (
        sourceInfo
        // {
          inherit outPath sourceInfo;
          inputs = foreign "${name}.inputs";
          outputs = foreign "${name}.outputs";
          _type = "flake";
        }
      );
    in
    if isUnknown flake then beyondReach else result;

  ### With a lock file ###

  inherit (lockFile) nodes;

  # An input is a node's key, or the path of another input from the root ("follows").
  keyOf = input: if isList input then follow lockFile.root input else input;
  follow = builtins.foldl' (key: name: keyOf nodes.${key}.inputs.${name});

  lockedInfo = key: node: location.locked sources.${follow lockFile.root (node.parent or [ ])} key node.locked;

  sources = mapAttrs (key: node: if key == lockFile.root then rootInfo else lockedInfo key node) nodes;

  lockedFlakes = mapAttrs (
    key: node:
    let
      sourceInfo = sources.${key};
      directory = if key == lockFile.root then "" else node.locked.dir or "";
    in
    if node.flake or true then
      flakeOf {
        name = if key == lockFile.root then rootName else "inputs.${key}";
        inherit sourceInfo;
        outPath = if directory == "" then sourceInfo.outPath else sourceInfo.outPath + "/${directory}";
        inputs = _: mapAttrs (_: input: lockedFlakes.${keyOf input}) (node.inputs or { });
      }
    else
      sourceInfo
  ) nodes;

  ### Without ###

  unlocked =
    name: sourceInfo:
    flakeOf {
      inherit name sourceInfo;
      inputs =
        flake:
        let
          # Arguments of `outputs` that `inputs` does not have are looked up in the registry.
          implicit = mapAttrs (id: _: { url = "flake:${id}"; }) (removeAttrs (builtins.functionArgs flake.outputs) [ "self" ]);
          declared = implicit // flake.inputs or { };
          all = mapAttrs (unlockedInput sourceInfo all) declared;
        in
        all;
    };

  unlockedInput =
    parent: all: name: input:
    if input ? follows then
      builtins.foldl' (flake: step: if flake == null then all.${step} else flake.inputs.${step}) null (
        builtins.filter (part: !isList part && part != "") (builtins.split "/" input.follows)
      )
    else
      let
        sourceInfo = location.declared parent name input;
      in
      if possible (input.flake or true) then unlocked "inputs.${name}" sourceInfo else sourceInfo;
in
if lockFile == null || isUnknown lockFile then
  unlocked rootName rootInfo
else if lockFile.version >= 5 && lockFile.version <= 7 then
  lockedFlakes.${lockFile.root}
else
  throw "flake.lock has version ${toString lockFile.version}; versions 5 to 7 are supported"
