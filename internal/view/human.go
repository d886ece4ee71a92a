package view

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

// gap stands between columns.
const gap = "   "

// human renders a plan for a terminal of a given width. Text that comes from
// the repository is made harmless by text.Line before it is written.
type human struct {
	strings.Builder
	Options
	style text.Style
}

func writeHuman(w io.Writer, p *plan.Plan, o Options) error {
	if o.Width <= 0 {
		o.Width = 100
	}
	h := &human{Options: o, style: text.NewStyle(o.Color)}
	h.header(p)
	h.jobs(p)
	if o.All {
		h.builds(p.Builds)
		h.pins(p.Pins)
	} else if n := len(p.Builds); n > 0 {
		h.WriteString("\n" + h.style.Dim(plural(n, "build")+" besides (--all shows them)") + "\n")
	}
	h.assumptions(p.Assumptions)
	h.diagnostics(p.Diagnostics)
	_, err := io.WriteString(w, h.String())
	return err
}

// header is the one line that sums the plan up.
func (h *human) header(p *plan.Plan) {
	parts := []string{h.style.Bold(text.Line(p.Repository.Name) + " @ " + text.Line(p.Ref))}
	if p.Entry.Path != "" {
		parts = append(parts, text.Line(p.Entry.Path))
	}
	parts = append(parts, h.count(p))
	errors := 0
	for _, d := range p.Diagnostics {
		if d.Severity == diag.Error.String() {
			errors++
		}
	}
	if errors > 0 {
		parts = append(parts, h.style.Red(plural(errors, "error")))
	}
	if p.Repository.Dirty {
		parts = append(parts, h.style.Yellow("uncommitted changes"))
	}
	h.WriteString(strings.Join(parts, " · ") + "\n")
}

func (h *human) count(p *plan.Plan) string {
	if len(p.Jobs)+len(p.SomeJobs) == 0 {
		return "no jobs"
	}
	counts := map[plan.State]int{}
	for _, job := range p.Jobs {
		counts[job.State]++
	}
	var states []string
	for _, state := range []plan.State{plan.Active, plan.Inactive, plan.Undetermined} {
		if counts[state] > 0 {
			states = append(states, fmt.Sprintf("%d %s", counts[state], state))
		}
	}
	if len(p.SomeJobs) > 0 {
		states = append(states, "more whose names are unknown")
	}
	return plural(len(p.Jobs), "job") + ": " + strings.Join(states, ", ")
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// symbol marks a state; it can be told apart without colour.
func (h *human) symbol(state plan.State) string {
	switch state {
	case plan.Active:
		return h.style.Green("●")
	case plan.Inactive:
		return h.style.Dim("○")
	default:
		return h.style.Yellow("◌")
	}
}

func (h *human) state(state plan.State) string {
	switch state {
	case plan.Active:
		return h.style.Green(string(state))
	case plan.Inactive:
		return h.style.Dim(string(state))
	default:
		return h.style.Yellow(string(state))
	}
}

// jobs writes every job as a title and its facts. The titles of all jobs have
// common columns where these fit the width.
func (h *human) jobs(p *plan.Plan) {
	paths, kinds := 0, 0
	for _, job := range p.Jobs {
		paths = max(paths, text.Width(text.Line(job.Path)))
		kinds = max(kinds, text.Width(jobKind(&job)))
	}
	if 2+paths+kinds+2*len(gap)+len(plan.Undetermined) > h.Width {
		paths, kinds = 0, 0
	}
	for i := range p.Jobs {
		job := &p.Jobs[i]
		h.WriteString("\n" + h.symbol(job.State) + " " +
			h.style.Bold(text.Pad(text.Line(job.Path), paths)) + gap +
			text.Pad(jobKind(job), kinds) + gap + h.state(job.State) + "\n")
		h.rows(jobRows(job))
		if h.Steps {
			h.steps(job.Steps)
		}
	}
	for i := range p.SomeJobs {
		some := &p.SomeJobs[i]
		path := "…"
		if some.Path != "" {
			path = text.Line(some.Path) + ".…"
		}
		title := "jobs whose names are unknown"
		if some.Kind != "" {
			title = text.Line(string(some.Kind)) + " " + title
		}
		h.WriteString("\n" + h.symbol(some.State) + " " + h.style.Bold(path) + gap + title + gap + h.state(some.State) + "\n")
		var rows rows
		rows.condition(some.Condition, some.State, some.Position)
		rows.unknowns("names", some.Needs)
		h.rows(rows)
	}
}

func jobKind(job *plan.Job) string {
	kind := text.Line(string(job.Kind))
	switch {
	case job.Deployment != "":
		return kind + ` "` + text.Line(job.Deployment) + `"`
	case job.EffectName != "" && job.EffectName != job.Path:
		return kind + ` "` + text.Line(job.EffectName) + `"`
	}
	return kind
}

// rows writes labelled rows; a row that is too long goes on below its start.
func (h *human) rows(rows rows) {
	const indent, labels = 4, 9
	room := max(20, h.Width-indent-labels-2)
	for _, row := range rows {
		label := row.label
		for _, line := range row.lines(room) {
			h.WriteString(strings.Repeat(" ", indent) + h.style.Cyan(text.Pad(label, labels)) + "  " + strings.TrimRight(line, " ") + "\n")
			label = ""
		}
	}
}

// table writes rows of cells in columns, each as wide as its widest cell. The
// last column of a row that is too long is left to the terminal to break.
func (h *human) table(title string, cells [][]string) {
	if len(cells) == 0 {
		return
	}
	h.WriteString("\n" + h.style.Bold(title) + "\n")
	var widths []int
	for _, row := range cells {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], text.Width(cell))
		}
	}
	for _, row := range cells {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(text.Pad(cell, widths[i]) + gap)
		}
		h.WriteString("  " + strings.TrimRight(line.String(), " ") + "\n")
	}
}

func (h *human) builds(builds []plan.Build) {
	var cells [][]string
	for _, build := range builds {
		note := ""
		switch {
		case build.IgnoreFailure:
			note = "failure ignored"
		case build.RequireFailure:
			note = "failure required"
		case build.Assumed:
			note = "unknown, taken for a derivation"
		case build.Job != "":
			note = "of " + text.Line(build.Job)
		}
		cells = append(cells, []string{
			text.Line(build.Path), string(build.Kind), text.Line(build.Name), note, place(build.Position), drv(&build),
		})
	}
	h.table("builds", cells)
}

// drv is a build's derivation, or why it is not known.
func drv(build *plan.Build) string {
	u := build.Unknown
	switch {
	case build.DrvPath != "" || u == nil:
		return text.Line(build.DrvPath)
	case u.Reason == "":
		return "drv needs " + text.Line(u.Needs)
	}
	return "drv needs " + text.Line(u.Needs) + " (" + text.Line(u.Reason) + ")"
}

func (h *human) pins(pins []plan.Pin) {
	var cells [][]string
	for _, pin := range pins {
		cells = append(cells, []string{
			text.Line(cmp.Or(pin.Name, pin.Kind)), text.Line(pin.URL), text.Clip(text.Line(pin.Rev), 12), place(pin.Position),
		})
	}
	h.table("pins", cells)
}

func (h *human) assumptions(assumptions []plan.Assumption) {
	if len(assumptions) == 0 {
		return
	}
	h.WriteString("\n" + h.style.Bold("assumed") + "\n")
	column := 0
	for _, a := range assumptions {
		column = max(column, text.Width(text.Line(a.Text)))
	}
	for _, a := range assumptions {
		line, at := text.Line(a.Text), place(a.Position)
		switch {
		case at == "":
		case 2+column+len(gap)+len(at) <= h.Width:
			line = text.Pad(line, column) + gap + at
		default:
			line += ", at " + at
		}
		indent := "  "
		for _, part := range fit(line, h.Width-2) {
			h.WriteString(indent + part + "\n")
			indent = "    "
		}
	}
}

func (h *human) diagnostics(diagnostics []plan.Diagnostic) {
	if len(diagnostics) == 0 {
		return
	}
	records := make([]diag.Record, len(diagnostics))
	for i, d := range diagnostics {
		records[i] = d.Record
		if d.Attr != "" {
			records[i].Summary = "in " + d.Attr + ": " + d.Summary
		}
	}
	h.WriteByte('\n')
	// A strings.Builder does not fail.
	_ = diag.WriteText(h, records, diag.TextOptions{Width: h.Width, Style: h.style, Trace: h.Trace})
}

// place is "file:line:column", or "".
func place(p *plan.Position) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("%s:%d:%d", text.Line(p.File), p.Line, p.Column)
}
