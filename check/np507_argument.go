package check

import "github.com/nixplan/nixplan/internal/diag"

// The model's functions and the planner find it.
var argument = &Rule{
	ID: diag.IDArgument, Name: "argument",
	Summary: "An effect's argument is missing or of the wrong type.",
}
