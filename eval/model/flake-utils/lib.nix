# The functions of flake-utils.
let
  inherit (builtins)
    attrNames
    concatMap
    foldl'
    isAttrs
    listToAttrs
    mapAttrs
    ;
  inherit (__nixplan) isUnknown;

  defaultSystems = [
    "aarch64-darwin"
    "aarch64-linux"
    "x86_64-darwin"
    "x86_64-linux"
  ];

  allSystems = defaultSystems ++ [
    "aarch64-freebsd"
    "armv5tel-linux"
    "armv6l-linux"
    "armv7a-linux"
    "armv7l-linux"
    "i686-linux"
    "mipsel-linux"
    "powerpc64le-linux"
    "riscv64-linux"
    "x86_64-freebsd"
  ];

  byName =
    f: names:
    listToAttrs (
      map (name: {
        inherit name;
        value = f name;
      }) names
    );

  isDerivation = value: isAttrs value && value.type or null == "derivation";

  # hydraJobs have the system last.
  pushDown =
    system: before: jobs:
    mapAttrs (
      name: value:
      if !isAttrs value then
        value
      else if isDerivation value then
        before.${name} or { } // { ${system} = value; }
      else
        pushDown system (before.${name} or { }) value
    ) jobs;

  # f gives the outputs for one system: { packages = …; }. Merged: { packages.<system> = …; }.
  eachSystem =
    systems: f:
    let
      add =
        outputs: system:
        let
          own = f system;
          merge =
            name: value:
            if name == "hydraJobs" then
              outputs.hydraJobs or { } // pushDown system (outputs.hydraJobs or { }) value
            else
              outputs.${name} or { } // { ${system} = value; };
        in
        outputs // mapAttrs merge own;
    in
    if isUnknown systems then
      __nixplan.assume "a list of systems that is not known has the default systems" (eachSystem defaultSystems f)
    else
      foldl' add { } systems;

  eachSystemMap = systems: f: byName f systems;

  # A tree of derivations -> { "a/b" = derivation; }
  flattenTree =
    tree:
    let
      walk =
        prefix: set:
        concatMap (
          name:
          let
            value = set.${name};
            path = "${prefix}${name}";
          in
          if isUnknown value || isDerivation value then
            [
              {
                name = path;
                inherit value;
              }
            ]
          else if isAttrs value && value.recurseForDerivations or false == true then
            walk "${path}/" (removeAttrs value [ "recurseForDerivations" ])
          else
            [ ]
        ) (attrNames set);
    in
    listToAttrs (walk "" tree);
in
{
  inherit
    allSystems
    eachSystem
    eachSystemMap
    flattenTree
    ;
  inherit defaultSystems;
  systems = defaultSystems;
  system = byName (name: name) allSystems;
  eachDefaultSystem = eachSystem defaultSystems;
  eachDefaultSystemMap = eachSystemMap defaultSystems;
  eachDefaultSystemPassThrough = f: foldl' (outputs: system: outputs // f system) { } defaultSystems;
  eachSystemPassThrough = systems: f: foldl' (outputs: system: outputs // f system) { } systems;

  filterPackages =
    system: packages:
    listToAttrs (
      concatMap (
        name:
        let
          value = packages.${name};
          meta = value.meta or { };
          fits = !(meta.broken or false) && builtins.elem system (meta.hydraPlatforms or meta.platforms or allSystems);
        in
        if isUnknown value || isUnknown fits || fits then [ { inherit name value; } ] else [ ]
      ) (attrNames packages)
    );

  mkApp =
    {
      drv,
      name ? drv.pname or drv.name,
      exePath ? drv.passthru.exePath or "/bin/${name}",
    }:
    {
      type = "app";
      program = "${drv}${exePath}";
    };

  simpleFlake =
    {
      self,
      nixpkgs,
      name,
      overlay ? null,
      preOverlays ? [ ],
      config ? { },
      systems ? defaultSystems,
      shell ? null,
    }:
    eachSystem systems (
      system:
      let
        called = value: args: if builtins.isFunction value then value args else import value args;
        pkgs = import nixpkgs {
          inherit system config;
          overlays =
            (if builtins.isList preOverlays then preOverlays else preOverlays system)
            ++ (if overlay == null then [ ] else [ (if builtins.isFunction overlay then overlay else import overlay) ]);
        };
        packages = pkgs.${name} or { };
      in
      {
        legacyPackages = packages;
        packages = flattenTree (if isDerivation packages then { default = packages; } else packages);
      }
      // (if packages ? defaultPackage then { inherit (packages) defaultPackage; } else { })
      // (if packages ? checks then { checks = flattenTree packages.checks; } else { })
      // (if shell == null then { } else { devShell = called shell { inherit pkgs; }; })
    );
}
