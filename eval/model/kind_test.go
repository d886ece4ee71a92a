package model_test

import (
	"testing"

	"github.com/nixplan/nixplan/eval/model"
)

func TestKind(t *testing.T) {
	for _, test := range []struct{ url, kind, fork string }{
		{"https://github.com/NixOS/nixpkgs/archive/a6a3a368dda.tar.gz", "nixpkgs", ""},
		{"https://github.com/NixOS/nixpkgs-channels/archive/nixos-19.09.tar.gz", "nixpkgs", ""},
		{"git@github.com:NixOS/nixpkgs.git", "nixpkgs", ""},
		{"git+https://github.com/NixOS/nixpkgs?shallow=1&ref=nixos-unstable", "nixpkgs", ""},
		{"https://channels.nixos.org/nixos-24.05/nixexprs.tar.xz", "nixpkgs", ""},
		{"https://nixos.org/channels/nixos-19.03/nixexprs.tar.xz", "nixpkgs", ""},
		{"https://releases.nixos.org/nixpkgs/nixpkgs-24.05pre1/nixexprs.tar.xz", "nixpkgs", ""},
		{"github:NixOS/nixpkgs/nixos-unstable", "nixpkgs", ""},
		{"nixpkgs", "nixpkgs", ""},
		{"flake:nixpkgs/nixos-24.05", "nixpkgs", ""},
		{"https://github.com/acme/nixpkgs/archive/main.tar.gz", "nixpkgs", "acme/nixpkgs"},
		{"https://github.com/hercules-ci/hercules-ci-effects/archive/master.tar.gz", "hercules-ci-effects", ""},
		{"github:hercules-ci/flake-parts", "flake-parts", ""},
		{"https://github.com/edolstra/flake-compat", "flake-compat", ""},
		{"github:nix-systems/default", "nix-systems/default", ""},
		{"https://github.com/nix-systems/x86_64-linux", "nix-systems/x86_64-linux", ""},
		{"flake:systems", "nix-systems/default", ""},
		{"github:nix-systems/other", "", ""},
		{"github:acme/default", "", ""},
		{"https://github.com/acme/nixpkgs-overlay/archive/main.tar.gz", "", ""},
		{"https://example.com/nixpkgs", "", ""},
		{"https://git.example.com/ops/deploy-policy/archive/main.tar.gz", "", ""},
		{"/home/user/nixpkgs", "", ""},
		{"", "", ""},
	} {
		kind, fork := model.Kind(test.url)
		if kind != test.kind || fork != test.fork {
			t.Errorf("Kind(%q) = %q, %q; want %q, %q", test.url, kind, fork, test.kind, test.fork)
		}
	}
}
