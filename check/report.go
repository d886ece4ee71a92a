package check

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
)

// Report is what a check found.
type Report struct {
	// Root is the repository's absolute path, and Top that of the git work tree
	// around it, or Root where there is none. Files in places are named relative
	// to Root.
	Root, Top string
	// Refs are the full names of the refs that were looked at, sorted, but for
	// those that stand for any other.
	Refs []string
	// Cut says that there are more refs than were looked at.
	Cut bool
	// Findings are what counts, Suppressed what a comment allows.
	Findings, Suppressed []Finding
}

// Finding is something that is or would go wrong. Findings are ordered by file,
// line, column, id and summary.
type Finding struct {
	diag.Record
	// Attrs are the attribute paths it belongs to, sorted; none for the whole
	// file.
	Attrs []string `json:"attrs"`
	// Refs are the refs for which it holds, sorted; none when it does not depend
	// on the ref.
	Refs []string `json:"refs"`
	// Reason is why a suppressed finding is allowed, and By the comment that
	// says so.
	Reason string      `json:"reason,omitempty"`
	By     *diag.Place `json:"by,omitempty"`
}

// HasErrors reports whether a finding that counts is an error.
func (r *Report) HasErrors() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Severity == diag.Error.String() })
}

// AtLeast is the report without findings below a severity.
func (r *Report) AtLeast(least diag.Severity) *Report {
	out := *r
	out.Findings = slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return severityOf(f.Record) > least })
	return &out
}

// RelativeTo is the report with files named relative to a directory, given by
// its absolute path.
func (r *Report) RelativeTo(dir string) *Report {
	prefix, err := filepath.Rel(dir, r.Root)
	if err != nil || prefix == "." {
		return r
	}
	out := *r
	out.Findings, out.Suppressed = renamed(r.Findings, prefix), renamed(r.Suppressed, prefix)
	return &out
}

func renamed(findings []Finding, prefix string) []Finding {
	place := func(p *diag.Place) *diag.Place {
		if p == nil || strings.HasPrefix(p.File, "<") || filepath.IsAbs(p.File) {
			return p
		}
		copied := *p
		copied.File = filepath.ToSlash(filepath.Join(prefix, p.File))
		return &copied
	}
	remarks := func(list []diag.Remark) []diag.Remark {
		list = slices.Clone(list)
		for i := range list {
			list[i].Place = place(list[i].Place)
		}
		return list
	}
	out := slices.Clone(findings)
	for i := range out {
		f := &out[i]
		f.Place, f.By = place(f.Place), place(f.By)
		f.Related, f.Trace = remarks(f.Related), remarks(f.Trace)
		if f.Fix != nil {
			fix := diag.Change{Summary: f.Fix.Summary, Edits: slices.Clone(f.Fix.Edits)}
			for j := range fix.Edits {
				fix.Edits[j].Place = *place(&fix.Edits[j].Place)
			}
			f.Fix = &fix
		}
	}
	return out
}

// Join makes one report of those of several repositories, whose files are named
// relative to the same directory.
func Join(reports []*Report) *Report {
	if len(reports) == 1 {
		return reports[0]
	}
	out := &Report{}
	for _, r := range reports {
		out.Findings = append(out.Findings, r.Findings...)
		out.Suppressed = append(out.Suppressed, r.Suppressed...)
		out.Refs = append(out.Refs, r.Refs...)
		out.Cut = out.Cut || r.Cut
	}
	sortFindings(out.Findings)
	sortFindings(out.Suppressed)
	return out
}
