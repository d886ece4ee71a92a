package check

import "github.com/nixplan/nixplan/internal/diag"

// The planner finds it, which needs the arguments as JSON.
var notJSON = &Rule{
	ID: diag.IDNetworkArgs, Name: "not-json",
	Summary: "An argument for a network cannot be written as JSON, which is how runNixOps passes it.",
}
