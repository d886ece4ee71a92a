// Package lazy puts work off that most runs do not need.
package lazy

import (
	"regexp"
	"sync"
)

// Regexp is a regular expression that is compiled when it is first used. Compiling
// those of all packages when the program starts took each run a twentieth of the
// time of its start.
func Regexp(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
