# The part of lib.sources that reads a .git directory: which commit is checked out.
{ lib }:
let
  inherit (builtins)
    elemAt filter head isString match readFile split
    ;
  inherit (lib.filesystem) pathIsRegularFile;
  inherit (lib.strings) fileContents hasPrefix removePrefix removeSuffix;

  # An absolute path as it is, another one below `base`.
  below =
    base: path:
    if hasPrefix "/" path then path
    else if hasPrefix "/" base then "${base}/${path}"
    else "/${base}/${path}";

  # { value = commit; } or { error = text; } for `ref` ("HEAD" or a full ref name) in the directory `git`.
  resolve =
    ref: git:
    if pathIsRegularFile git then
      linked ref git
    else if pathIsRegularFile (git + "/${ref}") then
      let
        text = fileContents (git + "/${ref}");
        symbolic = match "ref: (.*)" text;
      in
      if symbolic == null then { value = text; } else resolve (head symbolic) git
    else if pathIsRegularFile (git + "/packed-refs") then
      packed ref (git + "/packed-refs")
    else
      { error = "${toString git} is not a Git directory"; };

  # Work trees and submodules have a file that names the directory, which may share refs with another.
  linked =
    ref: file:
    let
      pointer = match "gitdir: (.*)" (fileContents file);
      own = below (toString (dirOf file)) (head pointer);
      shared = if pathIsRegularFile "${own}/commondir" then fileContents "${own}/commondir" else own;
      common = below own (removeSuffix "/" shared);
    in
    if pointer == null then
      { error = "${toString file} does not name a Git directory"; }
    else
      resolve (removePrefix "${common}/" "${own}/${ref}") common;

  packed =
    ref: file:
    let
      commitOf = line: match "([a-z0-9]+) ${ref}" line;
      lines = filter (line: isString line && commitOf line != null) (split "\n" (readFile file));
    in
    if lines == [ ] then
      { error = "${ref} is not in ${toString file}"; }
    else
      { value = elemAt (commitOf (head lines)) 0; };
in
{
  pathIsGitRepo = path: resolve "HEAD" path ? value;
  commitIdFromGitRepo =
    path:
    let
      result = resolve "HEAD" path;
    in
    result.value or (throw result.error);
}
