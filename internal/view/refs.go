package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

// RefFormats are the formats of a table of refs, WhyFormats those of why.
var (
	RefFormats = []Format{Text, JSON, Markdown}
	WhyFormats = []Format{Text, JSON}
)

// Refs writes a table of jobs and refs.
func Refs(w io.Writer, t *plan.RefTable, o Options) error {
	switch o.Format {
	case JSON:
		return text.WriteJSON(w, t)
	case Markdown:
		return writeRefsMarkdown(w, t)
	}
	if o.Width <= 0 {
		o.Width = 100
	}
	h := &human{Options: o, style: text.NewStyle(o.Color)}
	h.refs(t)
	_, err := io.WriteString(w, h.String())
	return err
}

// refColumn is a column as it is shown: one of the table's, or several alike.
type refColumn struct {
	title, note string
	index       int // of the first of them
}

// mostAlike is up to how many branches, or tags, that behave alike have a column
// each.
const mostAlike = 3

// refColumns puts branches, and tags, together that behave alike and are many.
func refColumns(t *plan.RefTable) []refColumn {
	alike := map[string][]int{} // by origin and states
	key := func(i int) string {
		var b strings.Builder
		b.WriteString(string(t.Refs[i].Origin))
		for _, job := range t.Jobs {
			b.WriteString(" " + string(job.States[i]))
		}
		return b.String()
	}
	for i := range t.Refs {
		alike[key(i)] = append(alike[key(i)], i)
	}
	var out []refColumn
	for i := range t.Refs {
		c := &t.Refs[i]
		same := alike[key(i)]
		if c.Origin != plan.BranchRef && c.Origin != plan.TagRef || len(same) <= mostAlike {
			out = append(out, refColumn{text.Line(c.Name), originNote(c), i})
			continue
		}
		if same[0] != i {
			continue
		}
		noun := "branches"
		if c.Origin == plan.TagRef {
			noun = "tags"
		}
		out = append(out, refColumn{
			fmt.Sprintf("%d %s alike", len(same), noun),
			text.Line(t.Refs[same[0]].Name) + " … " + text.Line(t.Refs[same[len(same)-1]].Name), i,
		})
	}
	return out
}

// originNote says why a ref is in the table, where that is not plain.
func originNote(c *plan.RefColumn) string {
	switch c.Origin {
	case plan.DefaultRef, plan.CurrentRef:
		return string(c.Origin)
	case plan.NamedRef:
		if c.Exists {
			return "named by the program"
		}
		return "named by the program, does not exist here"
	case plan.PatternRefs:
		return "tried as " + text.Line(c.Example)
	}
	return ""
}

// stateSymbol marks a state; an absent job has nothing an agent would see.
func (h *human) stateSymbol(state plan.RefState) string {
	switch state {
	case plan.Absent:
		return h.style.Dim("·")
	case plan.Failed:
		return h.style.Red("✗")
	}
	return h.symbol(state)
}

const legend = "● active  ○ inactive  ◌ undetermined  · absent  ✗ fails"

// refs writes the refs with a number each, and the jobs in as many blocks as the
// width takes.
func (h *human) refs(t *plan.RefTable) {
	columns := refColumns(t)
	h.WriteString(h.style.Bold(text.Line(t.Repository.Name)))
	if t.Entry.Path != "" {
		h.WriteString(" · " + text.Line(t.Entry.Path))
	}
	fmt.Fprintf(h, " · %s · %s tried\n", plural(len(t.Jobs), "job"), plural(t.Evaluations, "ref"))
	if len(t.Jobs) > 0 {
		h.refLegend(columns)
		h.refMatrix(t, columns)
		h.WriteString("\n  " + h.style.Dim(legend) + "\n")
	}
	for _, job := range t.Jobs {
		h.refJob(&job)
	}
	for _, path := range t.Unnamed {
		where := "at the top"
		if path != "" {
			where = "below " + text.Line(path)
		}
		h.WriteString("\n" + h.style.Yellow("◌") + " there are or may be more jobs " + where + ", whose names are not known (nixplan plan says why)\n")
	}
	if t.Cut {
		h.WriteString("\n" + h.style.Yellow("not every ref that may matter was tried") + "\n")
	}
	h.diagnostics(t.Diagnostics)
}

func (h *human) refLegend(columns []refColumn) {
	h.WriteByte('\n')
	width := 0
	for _, c := range columns {
		width = max(width, text.Width(c.title))
	}
	for i, c := range columns {
		line := fmt.Sprintf("%4d  ", i+1)
		if c.note == "" {
			h.WriteString(line + c.title + "\n")
			continue
		}
		if 6+width+len(gap)+text.Width(c.note) <= h.Width {
			h.WriteString(line + text.Pad(c.title, width) + gap + h.style.Dim(c.note) + "\n")
			continue
		}
		h.WriteString(line + c.title + "\n")
		for _, part := range text.Wrap(c.note, max(20, h.Width-8)) {
			h.WriteString("        " + h.style.Dim(part) + "\n")
		}
	}
}

func (h *human) refMatrix(t *plan.RefTable, columns []refColumn) {
	const cell = 4
	names := 0
	for _, job := range t.Jobs {
		names = max(names, text.Width(text.Line(job.Path)))
	}
	names = min(names, max(12, h.Width/2))
	perBlock := max(1, (h.Width-2-names)/cell)
	for from := 0; from < len(columns); from += perBlock {
		block := columns[from:min(from+perBlock, len(columns))]
		line := "\n  " + strings.Repeat(" ", names)
		for i := range block {
			line += fmt.Sprintf("%*d", cell, from+i+1)
		}
		h.WriteString(line + "\n")
		for _, job := range t.Jobs {
			h.WriteString("  " + h.style.Bold(text.Pad(text.Clip(text.Line(job.Path), names), names)))
			for _, c := range block {
				h.WriteString(strings.Repeat(" ", cell-1) + h.stateSymbol(job.States[c.index]))
			}
			h.WriteByte('\n')
		}
	}
}

// refJob describes for which refs a job is what.
func (h *human) refJob(job *plan.RefJob) {
	title := "\n" + h.style.Bold(text.Line(job.Path)) + gap + text.Line(string(job.Kind))
	if at := place(job.Position); at != "" {
		title += gap + h.style.Dim(at)
	}
	h.WriteString(title + "\n")
	var r rows
	if job.Undetermined == nil || len(job.Active.Any)+len(job.Active.Refs) > 0 {
		r.add("active", " ", strings.Fields(text.Line(job.Active.Text))...)
	}
	if job.Undetermined != nil {
		r.add("unknown", " ", strings.Fields(text.Line(job.Undetermined.Text))...)
	}
	if len(job.DependsOn) > 0 {
		r.add("also", " ", strings.Fields("a fork may be planned differently: depends on "+strings.Join(job.DependsOn, ", "))...)
	}
	if job.Trigger.Kind == plan.Schedule {
		r.trigger(job.Trigger)
	}
	h.rows(r)
}

// writeRefsMarkdown writes the table with a row for each ref: jobs are fewer.
func writeRefsMarkdown(w io.Writer, t *plan.RefTable) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s: %s\n\n", markdown(text.Line(t.Repository.Name)), plural(len(t.Jobs), "job"))
	if len(t.Jobs) > 0 {
		b.WriteString("| job | active for |\n|---|---|\n")
		for _, job := range t.Jobs {
			row := "| " + codeSpan(job.Path) + " | " + markdown(text.Line(job.Active.Text))
			if u := job.Undetermined; u != nil {
				row += "<br>undetermined: " + markdown(text.Line(u.Text))
			}
			b.WriteString(row + " |\n")
		}
		b.WriteString("\n| ref |")
		rule := "|---|"
		for _, job := range t.Jobs {
			b.WriteString(" " + codeSpan(job.Path) + " |")
			rule += ":---:|"
		}
		b.WriteString("\n" + rule + "\n")
		for n, c := range refColumns(t) {
			row := "| " + markdown(c.title)
			if c.note != "" {
				row += " (" + markdown(c.note) + ")"
			}
			row += " |"
			for _, job := range t.Jobs {
				row += " " + (&human{}).stateSymbol(job.States[c.index]) + " |"
			}
			if b.Len()+len(row) > maxMarkdown {
				fmt.Fprintf(&b, "\n… and %d more\n", len(refColumns(t))-n)
				break
			}
			b.WriteString(row + "\n")
		}
		b.WriteString("\n" + legend + "\n")
	}
	if len(t.Unnamed) > 0 {
		b.WriteString("\nThere may be more jobs, whose names are not known.\n")
	}
	if t.Cut {
		b.WriteString("\nNot every ref that may matter was tried.\n")
	}
	for i, d := range t.Diagnostics {
		if i == 0 {
			b.WriteString("\n| | where | what |\n|---|---|---|\n")
		}
		if row := markdownRow(d.Record, ""); b.Len()+len(row) <= maxMarkdown {
			b.WriteString(row)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
