package text

import (
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// longestTyped is how many bytes a word may have to be compared: nobody types
// longer ones by hand.
const longestTyped = 100

// Similar are those of names that word is probably a slip for, the closest
// first: few letters differ, or word is how the name begins. Dashes in front, as
// flags have, do not count.
func Similar(word string, names []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	typed := strings.TrimLeft(word, "-")
	if len(typed) > longestTyped {
		return nil
	}
	var near []candidate
	for _, name := range names {
		bare := strings.TrimLeft(name, "-")
		if len(bare) > longestTyped {
			continue
		}
		distance := levenshtein.Distance(typed, bare, nil)
		if distance <= max(1, len(bare)/3) || len(typed) > 1 && strings.HasPrefix(bare, typed) {
			near = append(near, candidate{name, distance})
		}
	}
	slices.SortFunc(near, func(a, b candidate) int {
		if a.distance != b.distance {
			return a.distance - b.distance
		}
		return strings.Compare(a.name, b.name)
	})
	similar := make([]string, len(near))
	for i, c := range near {
		similar[i] = c.name
	}
	return similar
}
