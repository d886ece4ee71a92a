// Package checks holds the pages that describe nixplan's rules.
package checks

import "embed"

// Pages has a page NPxxx.md for every rule.
//
//go:embed NP*.md
var Pages embed.FS
