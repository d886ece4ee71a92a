package effect

import (
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval"
)

// readDerivation reads a .drv file.
func readDerivation(path string) (*eval.Recipe, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return eval.DerivationFile{Path: path, Text: string(text)}.Recipe()
}

// inputs are what a derivation is built from, in the form that realise takes.
func inputs(drv *eval.Recipe) []string {
	var list []string
	for _, path := range slices.Sorted(maps.Keys(drv.Inputs)) {
		list = append(list, path+"!"+strings.Join(drv.Inputs[path], ","))
	}
	return list
}
