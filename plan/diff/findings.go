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

// findings are told apart by their rule, their file, what they say and the words
// on their line: not by the line's number, which other changes move.
func (c *comparison) findings() {
	before, after := c.base.Findings, c.head.Findings
	if before == nil && after == nil {
		before = c.diagnostics(func(p *pair) *plan.Plan { return p.base })
		after = c.diagnostics(func(p *pair) *plan.Plan { return p.head })
	}
	left := map[string]int{}
	for i := range before {
		left[c.findingKey(&before[i], c.files.moved)]++
	}
	for i := range after {
		if k := c.findingKey(&after[i], nil); left[k] > 0 {
			left[k]--
		} else {
			c.out.Findings = append(c.out.Findings, Finding{New, after[i].Record, list(after[i].Attrs)})
		}
	}
	// Of several that read the same the last are taken for those that are gone.
	for i := len(before) - 1; i >= 0; i-- {
		if k := c.findingKey(&before[i], c.files.moved); left[k] > 0 {
			left[k]--
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
			if key := c.findingKey(&r, nil); !seen[key] {
				seen[key] = true
				out = append(out, r)
			}
		}
	}
	return out
}

// places are positions in a summary, "ci.nix:12:9".
var places = lazy.Regexp(`:[0-9]+:[0-9]+|\bline [0-9]+`)

func (c *comparison) findingKey(r *Report, moved map[string]string) string {
	file, words := "", ""
	if r.Place != nil {
		file, words = r.Place.File, r.Place.Text
		if to := moved[file]; to != "" {
			file = to
		}
	}
	return strings.Join([]string{
		r.ID, file, strings.Join(strings.Fields(words), " "), places().ReplaceAllString(r.Summary, ""), strings.Join(r.Attrs, " "),
	}, "\x00")
}
