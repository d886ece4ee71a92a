package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/lazy"
	"github.com/nixplan/nixplan/plan"
)

// Report is a finding of nixplan check.
type Report struct {
	diag.Record
	Attrs []string // attribute paths of the jobs; none for the whole file
}

// findings are told apart by their rule, what they say, their file and the words
// on their line: not by the line's number, which other changes move.
func (c *comparison) findings() {
	before, after := c.base.Findings, c.head.Findings
	if before == nil && after == nil {
		before = c.diagnostics(func(p *pair) *plan.Plan { return p.base })
		after = c.diagnostics(func(p *pair) *plan.Plan { return p.head })
	}
	// What is the same in all but the words of its line is the same finding, and so
	// is one in another file.
	for level := range 3 {
		before, after = c.unmet(before, after, level)
	}
	for i := range after {
		c.out.Findings = append(c.out.Findings, Finding{New, after[i].Record, list(after[i].Attrs)})
	}
	// Of what cannot be evaluated nobody knows whether it is in order.
	broken := c.fails(func(p *pair) *plan.Plan { return p.head }, func(p *pair) *plan.Plan { return p.base })
	for i := range before {
		if !broken || strings.HasPrefix(before[i].ID, "NP1") { // which is about evaluating
			c.out.Findings = append(c.out.Findings, Finding{Fixed, before[i].Record, list(before[i].Attrs)})
		}
	}
	slices.SortStableFunc(c.out.Findings, func(a, b Finding) int {
		return cmp.Or(
			boolCompare(a.Change != New, b.Change != New),
			severity(a.Severity)-severity(b.Severity), comparePlaces(a.Place, b.Place),
			cmp.Compare(a.ID, b.ID), cmp.Compare(a.Summary, b.Summary),
		)
	})
	for i := range c.out.Findings {
		f := &c.out.Findings[i]
		// Published lists are never null.
		f.Related = append([]diag.Remark{}, f.Related...)
		f.Trace = append([]diag.Remark{}, f.Trace...)
	}
}

// unmet are the findings of each side that the other does not have. Of several that
// read the same the first ones meet.
func (c *comparison) unmet(before, after []Report, level int) (gone, fresh []Report) {
	there := map[string]int{}
	for i := range before {
		there[c.findingKey(&before[i], c.files.moved, level)]++
	}
	met := map[string]int{}
	for i := range after {
		k := c.findingKey(&after[i], nil, level)
		if met[k] < there[k] {
			met[k]++
		} else {
			fresh = append(fresh, after[i])
		}
	}
	for i := range before {
		k := c.findingKey(&before[i], c.files.moved, level)
		if met[k] > 0 {
			met[k]--
		} else {
			gone = append(gone, before[i])
		}
	}
	return gone, fresh
}

func severity(s string) int {
	return slices.Index([]string{diag.Error.String(), diag.Warning.String(), diag.Note.String()}, s)
}

func comparePlaces(a, b *diag.Place) int {
	if a == nil || b == nil {
		return boolCompare(a == nil, b == nil)
	}
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// diagnostics are those of all refs, each once.
func (c *comparison) diagnostics(planOf func(*pair) *plan.Plan) []Report {
	var out []Report
	seen := map[string]bool{}
	for i := range c.pairs {
		p := planOf(&c.pairs[i])
		if p == nil {
			continue
		}
		for _, d := range p.Diagnostics {
			r := Report{Record: d.Record}
			if d.Attr != "" {
				r.Attrs = []string{d.Attr}
			}
			if key := c.findingKey(&r, nil, 0); !seen[key] {
				seen[key] = true
				out = append(out, r)
			}
		}
	}
	return out
}

// places are positions in a summary, "ci.nix:12:9".
var places = lazy.Regexp(`:[0-9]+:[0-9]+|\bline [0-9]+`)

// findingKey is what findings are the same by: at level 0 with file and words, at
// level 1 without the words, at level 2 without either.
func (c *comparison) findingKey(r *Report, moved map[string]string, level int) string {
	file, words := "", ""
	if r.Place != nil {
		file, words = r.Place.File, r.Place.Text
		if to := moved[file]; to != "" {
			file = to
		}
	}
	if level > 0 {
		words = ""
	}
	if level > 1 {
		file = ""
	}
	return strings.Join([]string{
		r.ID, file, strings.Join(strings.Fields(words), " "), places().ReplaceAllString(r.Summary, ""), strings.Join(r.Attrs, " "),
	}, "\x00")
}
