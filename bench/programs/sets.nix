# Sets made from lists, mapped, filtered by name and looked up.
let
  names = builtins.genList (n: "name-${toString n}") 40000;
  set = builtins.listToAttrs (
    map (name: {
      inherit name;
      value = {
        inherit name;
        length = builtins.stringLength name;
      };
    }) names
  );
  lengths = builtins.mapAttrs (name: value: value.length) set;
in
builtins.foldl' (sum: name: sum + lengths.${name}) 0 (builtins.attrNames (removeAttrs lengths [ "name-7" ]))
