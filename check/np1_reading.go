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
	misplaced = &Rule{
		ID: diag.IDMisplaced, Name: "misplaced-effect",
		Summary: "An effect is not below effects, where alone herculesCI may have them.",
	}
	arguments = &Rule{
		ID: diag.IDArguments, Name: "required-argument",
		Summary: "A function requires an argument that an agent does not pass.",
	}
	schedule = &Rule{
		ID: diag.IDSchedule, Name: "schedule",
		Summary: "A schedule has a time that does not exist.",
	}
)
