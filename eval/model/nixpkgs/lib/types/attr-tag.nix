# attrTag: one of several named alternatives, { <tag> = value; }.
{ lib }:
let
  inherit (builtins)
    addErrorContext
    attrNames
    concatStringsSep
    head
    intersectAttrs
    isAttrs
    length
    map
    mapAttrs
    unsafeGetAttrPos
    ;
  inherit (lib.strings) escapeNixIdentifier;
  inherit (lib.modules) evalOptionValue mergeOptionDecls;
  inherit (lib.options) getFiles showFiles showOption;
  inherit (lib.types) defaultFunctor mkOptionType;

  # An alternative with the place it was written at.
  checkTag =
    tags: name: option:
    let
      position = unsafeGetAttrPos name tags;
      known = f: if position == null then [ ] else [ (f position) ];
      tag = option._type or null;
      shown = escapeNixIdentifier name;
    in
    addErrorContext "in the alternative ${shown} of an attrTag:" (
      if tag != "option" then
        throw "each alternative of an attrTag must be an option, but ${shown} is ${
          if tag == "option-type" then
            "a type: write `mkOption { type = …; }' around it"
          else if tag == null then
            "none"
          else
            "of type ${tag}"
        }"
      else
        option
        // {
          declarations = option.declarations or (known (p: p.file));
          declarationPositions = option.declarationPositions or (known (p: p));
        }
    );

  # Both declarations of one alternative.
  mergeTag =
    name: a: b:
    let
      declare = options: {
        inherit options;
        _file = "<attrTag>";
        pos = null;
      };
    in
    mergeOptionDecls [ name ] [ (declare a) (declare b) ]
    // {
      declarations = a.declarations ++ b.declarations;
      declarationPositions = a.declarationPositions ++ b.declarationPositions;
    };

  tagOf = def: head (attrNames def.value);
in
{
  attrTag =
    given:
    let
      tags = mapAttrs (checkTag given) given;
      choices = concatStringsSep ", " (map escapeNixIdentifier (attrNames tags));
    in
    mkOptionType {
      name = "attrTag";
      description = "attribute-tagged union with choices: ${choices}";
      descriptionClass = "noun";
      check = x: isAttrs x && length (attrNames x) == 1 && tags ? ${head (attrNames x)};
      merge =
        loc: defs:
        let
          tag = tagOf (head defs);
          valueOf =
            def:
            if length (attrNames def.value) != 1 || tagOf def != tag then
              throw "`${showOption loc}' is defined both as ${tag} and as ${tagOf def}, in ${showFiles (getFiles defs)}"
            else
              {
                inherit (def) file;
                value = def.value.${tag};
              };
        in
        if tags ? ${tag} then
          { ${tag} = (evalOptionValue (loc ++ [ tag ]) tags.${tag} (map valueOf defs)).value; }
        else
          throw "`${showOption loc}' is defined as ${escapeNixIdentifier tag} in ${showFiles (getFiles defs)}, but the choices are ${choices}";
      getSubOptions = prefix: mapAttrs (name: option: option // { loc = prefix ++ [ name ]; }) tags;
      nestedTypes = tags;
      functor = defaultFunctor "attrTag" // {
        type = payload: lib.types.attrTag payload.tags;
        payload = { inherit tags; };
        binOp = a: b: {
          tags =
            a.tags // b.tags // mapAttrs (name: mergeTag name a.tags.${name}) (intersectAttrs a.tags b.tags);
        };
      };
    };
}
