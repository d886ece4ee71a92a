package value

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
)

// TestInternTogether interns the same names in several goroutines, each in an order of
// its own: they must agree, while the table grows.
func TestInternTogether(t *testing.T) {
	const goroutines, names = 8, 20_000
	var found [goroutines][names]Symbol
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			for _, i := range rand.Perm(names) {
				name := "together-" + strconv.Itoa(i)
				found[g][i] = Intern(name)
				if got := found[g][i].String(); got != name {
					t.Errorf("%q is called %q", name, got)
				}
				if s, ok := Lookup(name); !ok || s != found[g][i] {
					t.Errorf("%q is %d and %d", name, found[g][i], s)
				}
			}
		})
	}
	all.Wait()
	distinct := map[Symbol]bool{}
	for i, s := range found[0] {
		distinct[s] = true
		for g := range goroutines {
			if found[g][i] != s {
				t.Fatalf("name %d is %d for one and %d for another", i, s, found[g][i])
			}
		}
	}
	if len(distinct) != names {
		t.Errorf("%d names have %d symbols", names, len(distinct))
	}
	if s, ok := Lookup("together-"); ok {
		t.Errorf("a name nobody interned is %d", s)
	}
}
