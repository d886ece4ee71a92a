package check

import (
	"slices"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/internal/diag"
)

var unseenJob = &Rule{
	ID: diag.IDUnseen, Name: "unseen-job",
	Severity: diag.Warning,
	Summary:  "An effect lies where an agent does not look.",
	run:      checkUnseenJob,
}

func checkUnseenJob(p *pass) {
	for i, reading := range p.Survey.Readings {
		if reading.Evaluation == nil || i > 0 && reading.Origin != planner.AnyOtherBranch {
			continue // two refs tell what a file holds
		}
		seen := p.seenEffects(reading)
		for _, h := range reading.Evaluation.Handlers {
			s := &search{repo: p.Repository, seen: seen}
			for _, skipped := range h.Skipped {
				s.skipped = skipped
				s.path = slices.Concat(h.Path, skipped.Path)
				s.look(skipped.Value, s.path, userRange(skipped.At.Range()), 0)
			}
			for _, found := range s.found {
				p.reportAt(found, "", nil)
			}
		}
	}
}

// seenEffects are the effects that an agent finds somewhere, by their names.
func (p *pass) seenEffects(reading *planner.Reading) map[string]bool {
	names := map[string]bool{}
	for _, effect := range reading.Effects {
		names[effect.Job.EffectName] = true
	}
	return names
}

// A search looks for effects in what an agent skipped.
type search struct {
	repo    *Repository
	seen    map[string]bool // effects to say nothing about
	skipped hercules.Skipped
	path    []string
	visits  int
	found   []diag.Diagnostic
}

// How much is looked at, and how deep: what an agent does not evaluate may be
// anything.
const (
	mostSkipped    = 500
	deepestSkipped = 4
)

func (s *search) look(v value.Value, path []string, at diag.Range, depth int) {
	if s.visits++; s.visits > mostSkipped || depth > deepestSkipped || !at.Valid() {
		return
	}
	v = s.repo.force(v)
	switch v.Kind() {
	case value.List:
		for _, elem := range v.List() {
			s.look(elem, path, at, depth+1)
		}
		return
	case value.AttrSet:
	default:
		return
	}
	if facts := s.attr(v, "__nixplan"); facts.Kind() == value.AttrSet {
		if effect := s.attr(facts, "effect"); effect.Kind() == value.AttrSet {
			v = effect // of runIf
		}
	}
	if kind := s.attr(v, "type"); kind.Kind() == value.String && kind.Str() == "derivation" {
		if is := s.attr(v, "isEffect"); is.Kind() == value.Bool && is.Bool() {
			s.effect(v, path, at)
		}
		return
	}
	for _, attr := range v.Attrs().ByName() {
		place := userRange(attr.Pos.Span().Range())
		if !place.Valid() && s.skipped.Why == hercules.HasType && attr.Name.String() == "content" {
			place = at // of mkIf and its like
		}
		s.look(attr.Value, append(slices.Clip(path), attr.Name.String()), place, depth+1)
	}
}

func (s *search) attr(v value.Value, name string) value.Value {
	if a := v.Attrs().Lookup(name); a != nil {
		return s.repo.force(a.Value)
	}
	return value.Value{}
}

func (s *search) effect(v value.Value, path []string, at diag.Range) {
	name := s.attr(v, "name")
	if name.Kind() != value.String || s.seen[name.Str()] {
		return // it is run from elsewhere
	}
	inside := hercules.JoinPath(s.path)
	d := diag.Diagnostic{Range: at, Summary: hercules.JoinPath(path) + " never runs: "}
	switch s.skipped.Why {
	case hercules.NotAsked:
		d.Summary += "an agent does not look into " + inside
		d.Help = "add recurseForDerivations = true to " + inside + ", or wrap it in lib.recurseIntoAttrs"
	case hercules.HasType:
		d.Summary += "an agent does not look into sets that have _type, as " + inside + " does"
		d.Help = "functions such as mkIf are for modules; write runIf, or if … then … else { }"
	case hercules.IsList:
		d.Summary += "an agent does not look into lists, and " + inside + " is one"
		d.Help = "make it a set"
	case hercules.TooDeep:
		d.Summary += "it lies deeper than an agent looks, which is 10 attributes"
		d.Help = "move it up"
	}
	if whole := userRange(s.skipped.At.Range()); whole != at {
		d.Related = []diag.Related{{Range: whole, Message: inside + " is here"}}
	}
	s.found = append(s.found, d)
}
