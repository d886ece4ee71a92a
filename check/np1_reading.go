package check

import "github.com/nixplan/nixplan/internal/diag"

// What reading and evaluating the program finds by itself.
var (
	syntax = &Rule{
		ID: diag.IDSyntax, Name: "syntax",
		Summary: "The text is not Nix.",
	}
	scope = &Rule{
		ID: diag.IDScope, Name: "scope",
		Summary: "A variable is not defined, or something is defined twice.",
	}
	evaluation = &Rule{
		ID: diag.IDEvaluation, Name: "evaluation",
		Summary: "An attribute fails to evaluate.",
	}
	entry = &Rule{
		ID: diag.IDEntry, Name: "entry-file",
		Summary: "There is no file that an agent would evaluate, or there are two.",
	}
)
