// Package model holds the Nix code that stands in for well-known sources when
// nixplan runs offline: nixpkgs' lib and package set, hercules-ci-effects,
// flake-compat, flake-parts and flake-utils. The directories mirror the layout
// of the real repositories, as users import files by path. Files are parsed
// when a program imports them.
package model

import (
	"embed"
	"io/fs"
	"regexp"
)

//go:embed *.nix nixpkgs hercules-ci-effects flake-compat flake-parts flake-utils
var files embed.FS

// Files are the modelled files of a kind of source, nil when there are none.
func Files(kind string) fs.FS {
	switch kind {
	case "nixpkgs", "hercules-ci-effects", "flake-compat", "flake-parts", "flake-utils":
		sub, err := fs.Sub(files, kind)
		if err != nil {
			return nil
		}
		return sub
	}
	return nil
}

// Own are the files of the model that belong to no source: assumed.nix,
// call-flake.nix.
func Own() fs.FS { return files }

var kinds = []struct {
	kind    string
	pattern *regexp.Regexp
}{
	{"nixpkgs", regexp.MustCompile(`(?i)github(\.com)?[/:]nixos/nixpkgs(-channels)?(\.git)?([/?#].*)?$|(channels|releases)\.nixos\.org/|//nixos\.org/channels/`)},
	{"nixpkgs", regexp.MustCompile(`(?i)^(flake:)?nixpkgs(/.*)?$`)},
	{"hercules-ci-effects", regexp.MustCompile(`(?i)[/:]hercules-ci/hercules-ci-effects(\.git)?([/?#].*)?$|^(flake:)?hercules-ci-effects(/.*)?$`)},
	{"flake-compat", regexp.MustCompile(`(?i)[/:](edolstra|nix-community|lix-project|hercules-ci)/flake-compat(\.git)?([/?#].*)?$|^(flake:)?flake-compat(/.*)?$`)},
	{"flake-parts", regexp.MustCompile(`(?i)[/:]hercules-ci/flake-parts(\.git)?([/?#].*)?$|^(flake:)?flake-parts(/.*)?$`)},
	{"flake-utils", regexp.MustCompile(`(?i)[/:]numtide/flake-utils(\.git)?([/?#].*)?$|^(flake:)?flake-utils(/.*)?$`)},
	{"nixpkgs", regexp.MustCompile(`(?i)[/:]nix-community/nixpkgs\.lib(\.git)?([/?#].*)?$`)},
}

// Kind recognises a source by its URL or flake reference; "" when it is none
// that is modelled. Forks under other owners are not recognised: what is
// modelled is the original.
func Kind(url string) string {
	for _, k := range kinds {
		if k.pattern.MatchString(url) {
			return k.kind
		}
	}
	return ""
}
