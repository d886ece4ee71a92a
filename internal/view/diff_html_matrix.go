package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
	"github.com/nixplan/nixplan/plan/diff"
)

// htmlMatrix is the table of jobs and refs.
type htmlMatrix struct {
	Columns [][]htmlRef // several refs, or words, in a column that is for all of them
	Rows    []htmlRow
	Legend  []string // the states that are there
	More    string
}

// htmlRef is a ref's name without its prefix, which Kind says.
type htmlRef struct{ Kind, Name string }

type htmlRow struct {
	htmlBadge
	Name, Was string
	Cells     []htmlCell
}

// htmlCell is a state, and what it was where that differs.
type htmlCell struct{ Before, After string }

// Differs reports whether an agent has something else to run.
func (c htmlCell) Differs() bool {
	idle := []string{"", string(plan.Inactive), string(plan.Absent)}
	return c.Before != "" && !(slices.Contains(idle, c.Before) && slices.Contains(idle, c.After))
}

// mostNamed is how many cells of a name the table has; the parts about the job and
// about the refs have all of it.
const mostNamed = 60

func htmlMatrixOf(o *diff.Overview) htmlMatrix {
	var m htmlMatrix
	columns := o.Columns[:min(len(o.Columns), mostColumns)]
	for _, c := range columns {
		var refs []htmlRef
		for _, title := range c.Titles {
			refs = append(refs, htmlRefOf(title))
		}
		if c.More > 0 {
			refs = append(refs, htmlRef{Name: fmt.Sprintf("and %d more", c.More)})
		}
		m.Columns = append(m.Columns, refs)
	}
	seen := map[string]bool{}
	for i := range o.Rows {
		if i == mostRows {
			break
		}
		row := &o.Rows[i]
		h := htmlRow{Name: clipMiddle(text.Line(row.Paths[0]), mostNamed), Was: clipMiddle(text.Line(row.Was), mostNamed)}
		if row.Change != "" {
			h.htmlBadge = htmlChange(row.Change)
		} else if row.Unknown {
			h.htmlBadge = htmlBadge{"doubtful", "?", "perhaps changed"}
		}
		if n := len(row.Paths); n > 1 {
			h.Name = fmt.Sprintf("%s and %d more alike", h.Name, n-1)
		}
		for k := range columns {
			cell := htmlCell{After: stateWord(row.Cells[k].After)}
			if before := stateWord(row.Cells[k].Before); before != cell.After {
				cell.Before = before
				seen[before] = true
			}
			seen[cell.After] = true
			h.Cells = append(h.Cells, cell)
		}
		m.Rows = append(m.Rows, h)
	}
	for _, state := range []plan.RefState{plan.Active, plan.Inactive, plan.Undetermined, plan.Failed, plan.Absent} {
		if seen[string(state)] {
			m.Legend = append(m.Legend, string(state))
		}
	}
	var more []string
	if n := len(o.Rows) - len(m.Rows); n > 0 {
		more = append(more, plural(n, "more row"))
	}
	if n := len(o.Columns) - len(columns); n > 0 {
		more = append(more, plural(n, "more column"))
	}
	if more != nil {
		m.More = "… and " + strings.Join(more, " and ") + "; nixplan refs shows them all."
	}
	return m
}

// stateWord is a state by one of the names that the page knows.
func stateWord(s plan.RefState) string {
	if slices.Contains([]plan.RefState{plan.Active, plan.Inactive, plan.Undetermined, plan.Failed}, s) {
		return string(s)
	}
	return string(plan.Absent)
}

func htmlRefOf(title string) htmlRef {
	title = text.Line(title)
	for prefix, kind := range map[string]string{"refs/heads/": "branch", "refs/tags/": "tag"} {
		if name, ok := strings.CutPrefix(title, prefix); ok && name != "" {
			return htmlRef{kind, clipMiddle(name, mostNamed)}
		}
	}
	return htmlRef{Name: clipMiddle(title, mostNamed)}
}
