package eval

import "github.com/nixplan/nixplan/eval/value"

// A builtin is an entry of one of the tables below. Prim.Strict names the
// arguments the machine forces before the call; an unknown among them makes the
// result unknown without a call, which is right for all builtins that need to
// look at the argument. What lies inside lists and sets a builtin forces itself
// (args.go has the helpers); where such an element is unknown it gives an
// unknown result (undecided, joinUnknown) if that is useful, else the helpers
// end the evaluation of the attribute with an Undetermined error.
//
// Builtins that make a list or set from another handle unknown and open ones:
// the elements of an unknown list are Unknown.Elem.

// primTables are the builtins by group; each group is a file builtins_*.go. That they
// are made by functions keeps them out of what every start of the program does.
func primTables() [][]value.Prim {
	return [][]value.Prim{
		attrsPrims(), contextPrims(), controlPrims(), fetchPrims(), hashPrims(), importPrims(), jsonPrims(), listPrims(), numberPrims(), orderPrims(), regexPrims(),
		storePrims(), stringPrims(), tomlPrims(), typePrims(), versionPrims(), xmlPrims(),
	}
}

// bareNames are the builtins that are variables under their own name; all the
// others are variables with two underscores in front.
var bareNames = []string{"abort", "baseNameOf", "break", "derivation", "derivationStrict", "dirOf", "fetchGit", "fetchMercurial", "fetchTarball",
	"fetchTree", "fromTOML", "import", "isNull", "map", "placeholder", "removeAttrs", "scopedImport", "throw", "toString",
	"true", "false", "null"}

// experimental are builtins that Nix has only when it is told to. They are not
// in the set here either; selecting one says why.
var experimental = []string{"exec", "fetchClosure", "flakeRefToString", "importNative", "outputOf", "parseFlakeRef"}
