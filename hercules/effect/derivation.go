package effect

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/nix-community/go-nix/pkg/derivation"
)

// readDerivation reads a .drv file.
func readDerivation(path string) (*derivation.Derivation, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	drv, err := derivation.ReadDerivation(f)
	if drv == nil {
		return nil, fmt.Errorf("%s cannot be read: %w", path, err)
	}
	// A derivation that was read is checked as well; that fails with a store other
	// than /nix/store, and Nix wrote it.
	return drv, nil
}

// inputs are what a derivation is built from, in the form that realise takes.
func inputs(drv *derivation.Derivation) []string {
	var list []string
	for _, path := range slices.Sorted(maps.Keys(drv.InputDerivations)) {
		list = append(list, path+"!"+strings.Join(drv.InputDerivations[path], ","))
	}
	return list
}
