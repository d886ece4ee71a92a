package check

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
)

// collector gathers findings: it merges those that differ in their refs only,
// rates them as the configuration says, sets aside those that are allowed, and
// puts them in order.
type collector struct {
	repo  *Repository
	found []*Finding
	seen  map[findingKey]*Finding
}

type findingKey struct {
	id, summary        string
	file               string
	line, column, last int
}

func (c *collector) add(d *diag.Diagnostic, attr string, refs []string) {
	c.record(d.Record(), attr, refs)
}

func (c *collector) record(r diag.Record, attr string, refs []string) {
	r = c.repo.doubt(r)
	key := findingKey{id: r.ID, summary: r.Summary}
	if p := r.Place; p != nil {
		key.file, key.line, key.column, key.last = p.File, p.Line, p.Column, p.EndColumn
	}
	f := c.seen[key]
	if f == nil {
		if c.seen == nil {
			c.seen = map[findingKey]*Finding{}
		}
		f = &Finding{Record: r, Attrs: []string{}, Refs: []string{}} // in JSON lists, be they empty
		c.seen[key] = f
		c.found = append(c.found, f)
	}
	if severityOf(r) < severityOf(f.Record) { // for this ref it is certain
		f.Severity = r.Severity
	}
	if attr != "" {
		f.Attrs = insert(f.Attrs, attr)
	}
	for _, ref := range refs {
		f.Refs = insert(f.Refs, ref)
	}
}

// insert adds a text to a sorted list that does not have it yet.
func insert(list []string, text string) []string {
	i, found := slices.BinarySearch(list, text)
	if found {
		return list
	}
	return slices.Insert(list, i, text)
}

// finish gives the findings that count and those that a comment allows.
func (c *collector) finish() (findings, suppressed []Finding) {
	allowances := c.repo.allowances()
	for _, f := range c.found {
		if a := allowances.allow(f); a != nil {
			f.Reason, f.By = diag.WithoutCredentials(a.reason), a.at.Place()
			suppressed = append(suppressed, f.withoutCredentials())
			continue
		}
		findings = append(findings, *f)
	}
	for _, d := range allowances.problems() {
		findings = append(findings, Finding{Record: d.Record()})
	}
	return c.rate(findings), sortFindings(suppressed)
}

// rate applies the configuration's severities and exclusions.
func (c *collector) rate(findings []Finding) []Finding {
	out := []Finding{} // in JSON a list, be it empty
	for _, f := range findings {
		if f.Place != nil && c.repo.Config.Excluded(f.Place.File) {
			continue
		}
		severity, report := c.repo.Config.Severity(f.ID, severityOf(f.Record))
		if !report {
			continue
		}
		f.Severity = severity.String()
		if which := c.which(&f); which != "" {
			f.Detail = strings.TrimSpace(f.Detail + "\n" + which)
		}
		out = append(out, f.withoutCredentials())
	}
	return sortFindings(out)
}

// withoutCredentials is the finding with nothing to hide in the names of refs and
// jobs, which a program may take from anywhere. The record's own texts have
// nothing to hide.
func (f *Finding) withoutCredentials() Finding {
	out := *f
	out.Detail = diag.WithoutCredentials(f.Detail)
	out.Attrs, out.Refs = slices.Clone(f.Attrs), slices.Clone(f.Refs)
	for _, names := range [][]string{out.Attrs, out.Refs} {
		for i := range names {
			names[i] = diag.WithoutCredentials(names[i])
		}
	}
	return out
}

// which says what a finding holds for, where its place does not tell: the jobs,
// if there are several, and the refs, if these are not all.
func (c *collector) which(f *Finding) string {
	var parts []string
	if len(f.Attrs) > 1 {
		parts = append(parts, enumerate(f.Attrs))
	}
	if refs := describeRefs(f.Refs, len(c.repo.Survey.Readings)); refs != "" {
		parts = append(parts, refs)
	}
	if parts == nil {
		return ""
	}
	return "This is so for " + strings.Join(parts, ", on ") + "."
}

func severityOf(r diag.Record) diag.Severity {
	for _, s := range []diag.Severity{diag.Error, diag.Warning} {
		if r.Severity == s.String() {
			return s
		}
	}
	return diag.Note
}

func sortFindings(list []Finding) []Finding {
	slices.SortStableFunc(list, func(a, b Finding) int {
		var x, y diag.Place
		if a.Place != nil {
			x = *a.Place
		}
		if b.Place != nil {
			y = *b.Place
		}
		return cmp.Or(
			cmp.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column),
			cmp.Compare(a.ID, b.ID), cmp.Compare(a.Summary, b.Summary),
		)
	})
	return list
}
