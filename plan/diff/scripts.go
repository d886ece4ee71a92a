package diff

import (
	"slices"
)

// scriptIndex is whether scripts are compared at all.
type scriptIndex struct{ base, head map[string]map[string]string }

func (c *comparison) scripts() scriptIndex {
	if c.base.Scripts == nil || c.head.Scripts == nil {
		return scriptIndex{}
	}
	return scriptIndex{c.base.Scripts, c.head.Scripts}
}

// compareScripts notes the scripts of a job that differ, and reports them.
func (c *comparison) compareScripts(m matched, s scriptIndex) []change {
	before, after := s.base[m.base.key.path], s.head[m.head.key.path]
	var names []string
	for name := range before {
		names = append(names, name)
	}
	for name := range after {
		names = append(names, name)
	}
	slices.Sort(names)
	var out []change
	for _, name := range slices.Compact(names) {
		old, had := before[name]
		young, has := after[name]
		what := Changed
		switch {
		case had && has && c.alike(old, young):
			continue
		case !had:
			what = Added
		case !has:
			what = Removed
		}
		out = append(out, change{fact: fact{topic: ScriptText, name: name}, what: what})
		c.out.Scripts = append(c.out.Scripts, Script{Job: m.head.key.path, Name: name, Change: what, Diff: textDiff(old, young)})
	}
	return out
}

// alike reports whether two texts differ by no more than the commits they name
// that are evaluated.
func (c *comparison) alike(a, b string) bool {
	return a == b || len(c.pairs) > 0 && c.pairs[0].base != nil && c.pairs[0].head != nil && c.pairs[0].same(a, b)
}
