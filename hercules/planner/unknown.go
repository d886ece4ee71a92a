package planner

import (
	"strings"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
)

// unknown writes down that a field needs a value nobody has: which one, where it
// would come from, where the program got it, why it is not known, and what the
// user can do about it.
func (b *builder) unknown(field string, u *value.Unknown) plan.Unknown {
	needed := selected(u)
	root := u.Root()
	out := plan.Unknown{
		Field: field, Needs: needed.Origin, From: b.from(root), Reason: root.Reason,
		Position: b.position(needed.At), Provide: provide(root),
	}
	if out.Position == nil {
		out.Position = b.position(root.At)
	}
	return out
}

// Needed is what an unknown comes down to, and where the program gets it.
func (p *Planner) Needed(u *value.Unknown) (plan.Unknown, diag.Range) {
	b := &builder{Planner: p}
	at := selected(u).At
	if !at.Range().Valid() {
		at = u.Root().At
	}
	return b.unknown("", u), at.Range()
}

// selected is the last unknown that was only selected from the first one:
// `sources.deploy`, which is closer to what the program wants than `sources`,
// and says more than the whole condition made from it.
func selected(u *value.Unknown) *value.Unknown {
	var chain []*value.Unknown // u first
	for ; u != nil; u = u.Cause {
		chain = append(chain, u)
	}
	last := len(chain) - 1
	for last > 0 && isSelection(chain[last-1].Origin, chain[last].Origin) {
		last--
	}
	return chain[last]
}

// isSelection reports whether an origin is another one with an attribute's name
// behind it.
func isSelection(origin, from string) bool {
	name, ok := strings.CutPrefix(origin, from+".")
	return ok && name != "" && !strings.ContainsAny(name, " ()[]{}<>\"")
}

// from is the source a first unknown comes from: `<URL>/path` names it, and what
// is modelled of packages comes from nixpkgs.
func (b *builder) from(root *value.Unknown) string {
	name := "nixpkgs"
	if inside, ok := strings.CutPrefix(root.Origin, "<"); ok {
		name, _, ok = strings.Cut(inside, ">")
		if !ok {
			return ""
		}
	} else if root.Origin != "pkgs" && !strings.HasPrefix(root.Origin, "pkgs.") {
		return ""
	}
	for _, s := range b.ev.World().Sources() {
		if s.Kind == name || s.URL == name {
			return s.URL
		}
	}
	return ""
}

// provide says what supplies a value, where that is simple.
func provide(root *value.Unknown) string {
	switch {
	case strings.HasPrefix(root.Origin, "<") && strings.Contains(root.Reason, "search path"):
		name, _, _ := strings.Cut(root.Origin[1:], ">")
		return "pass -I " + name + "=PATH"
	case strings.HasSuffix(root.Origin, ".rev") && strings.Contains(root.Reason, "no commit"):
		return "commit the files"
	}
	return ""
}
