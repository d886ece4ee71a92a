// Package model holds the Nix code that stands in for well-known sources when
// nixplan runs offline: nixpkgs' lib and package set, hercules-ci-effects,
// flake-compat, flake-parts, flake-utils and the lists of nix-systems. The
// directories mirror the layout of the real repositories, as users import files
// by path. Files are parsed when a program imports them.
package model

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
)

//go:embed *.nix nixpkgs hercules-ci-effects flake-compat flake-parts flake-utils nix-systems
var files embed.FS

// Files are the modelled files of a kind of source, nil when there are none.
func Files(kind string) fs.FS {
	switch kind {
	case "nixpkgs", "hercules-ci-effects", "flake-compat", "flake-parts", "flake-utils":
	default:
		if !isSystems(kind) {
			return nil
		}
	}
	sub, err := fs.Sub(files, kind)
	if err != nil {
		return nil
	}
	return sub
}

// isSystems reports whether a source is a modelled list of systems: those of the
// owner nix-systems have one repository each, "nix-systems/default" and others.
func isSystems(kind string) bool {
	if !strings.HasPrefix(kind, "nix-systems/") {
		return false
	}
	_, err := fs.Stat(files, kind+"/default.nix")
	return err == nil
}

// Own are the files of the model that belong to no source: assumed.nix,
// call-flake.nix.
func Own() fs.FS { return files }

// repositories are the modelled repositories and who they belong to; the first
// owner is the original's.
var repositories = map[string]struct {
	kind   string
	owners []string
}{
	"flake-compat":        {"flake-compat", []string{"edolstra", "nix-community", "lix-project", "hercules-ci"}},
	"flake-parts":         {"flake-parts", []string{"hercules-ci"}},
	"flake-utils":         {"flake-utils", []string{"numtide"}},
	"hercules-ci-effects": {"hercules-ci-effects", []string{"hercules-ci"}},
	"nixpkgs":             {"nixpkgs", []string{"nixos"}},
	"nixpkgs-channels":    {"nixpkgs", []string{"nixos"}},
	"nixpkgs.lib":         {"nixpkgs", []string{"nix-community"}},
}

// Kind recognises a source by its URL, flake reference or search path name; ""
// when it is none that is modelled. A fork of a modelled repository, one of its
// name under another owner, is taken for the original: fork is then
// "owner/name", for the plan to say so.
func Kind(url string) (kind, fork string) {
	if strings.HasPrefix(url, "/") || strings.HasPrefix(url, ".") {
		return "", ""
	}
	path := strings.ToLower(url)
	path, _, _ = strings.Cut(path, "?")
	path, _, _ = strings.Cut(path, "#")
	if scheme, rest, ok := strings.Cut(path, "://"); ok && scheme != "file" {
		path = rest
	} else if scheme, rest, ok := strings.Cut(path, ":"); ok {
		switch scheme {
		case "flake":
			path = rest
		case "github", "gitlab", "sourcehut":
			path = scheme + "/" + rest
		default: // user@host:owner/name
			path = scheme + "/" + rest
		}
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch host := parts[0]; {
	case host == "channels.nixos.org", host == "releases.nixos.org", host == "nixos.org" && len(parts) > 1 && parts[1] == "channels":
		return "nixpkgs", ""
	}
	if r, ok := repositories[parts[0]]; ok { // a name of the flake registry or of the search path
		return r.kind, ""
	}
	if parts[0] == "systems" { // the registry's name
		return "nix-systems/default", ""
	}
	if len(parts) < 3 {
		return "", ""
	}
	owner, name := parts[1], strings.TrimSuffix(parts[2], ".git")
	if systems := owner + "/" + name; isSystems(systems) {
		return systems, ""
	}
	r, ok := repositories[name]
	switch {
	case !ok:
		return "", ""
	case slices.Contains(r.owners, owner):
		return r.kind, ""
	default:
		return r.kind, owner + "/" + name
	}
}

// Original is "owner/name" of the repository that a kind models.
func Original(kind string) string { return repositories[kind].owners[0] + "/" + kind }
