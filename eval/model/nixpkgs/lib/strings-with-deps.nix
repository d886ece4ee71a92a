# lib.stringsWithDeps: texts with dependencies between them, as NixOS activation scripts are.
{ lib }:
let
  inherit (builtins) head isAttrs tail;

  # The texts in an order where each comes after its dependencies. An entry is a text with `deps`, or
  # the name of one that is taken only once.
  closure =
    known: done: todo:
    if todo == [ ] then
      { inherit done; texts = [ ]; }
    else
      let
        entry = head todo;
        below = closure known done entry.deps;
        others = closure known below.done (tail todo);
      in
      if isAttrs entry then
        {
          inherit (others) done;
          texts = below.texts ++ [ entry.text ] ++ others.texts;
        }
      else if done ? ${entry} then
        closure known done (tail todo)
      else
        closure known (done // { ${entry} = true; }) ([ known.${entry} ] ++ tail todo);

  textClosureList = known: entries: (closure known { } entries).texts;
in
{
  inherit textClosureList;
  textClosureMap =
    f: known: entries:
    builtins.concatStringsSep "\n" (map f (textClosureList known entries));
  noDepEntry = text: { inherit text; deps = [ ]; };
  fullDepEntry = text: deps: { inherit text deps; };
  packEntry = deps: { inherit deps; text = ""; };
  stringAfter = deps: text: { inherit text deps; };
}
