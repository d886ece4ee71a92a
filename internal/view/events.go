package view

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/nixplan/nixplan/executor"
	"github.com/nixplan/nixplan/internal/text"
)

// EventOptions say how the events of a run are shown.
type EventOptions struct {
	Color bool
	// Live keeps a line for each running job at the bottom of the terminal, Width
	// columns wide, as far as its Height lets it; that is nil or 0 when not known.
	Live   bool
	Width  func() int
	Height func() int
}

// JSONEvents writes each event as a line of JSON. The first line gives the version
// of the form.
func JSONEvents(w io.Writer) func(executor.Event) {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	first := true
	return func(e executor.Event) {
		if first {
			first = false
			encoder.Encode(map[string]string{"type": "version", "format_version": executor.EventVersion})
		}
		encoder.Encode(e) // a run goes on when nobody reads any more
	}
}

// TextEvents writes events for people: "time job step | text", a line each, and the
// table of results at the end.
func TextEvents(w io.Writer, o EventOptions) func(executor.Event) {
	t := &eventText{style: text.NewStyle(o.Color)}
	if o.Live {
		live := newLive(w, t, o)
		return live.event
	}
	return func(e executor.Event) { io.WriteString(w, t.lines(e)) }
}

// eventText words events.
type eventText struct {
	style text.Style
}

// lines is an event as lines, "" when it says nothing.
func (t *eventText) lines(e executor.Event) string {
	switch e.Type {
	case executor.RunStarted:
		return fmt.Sprintf("run %s\n", e.Run)
	case executor.RunEnded:
		return t.result(e.Result)
	case executor.StepStarted:
		what := text.Line(e.Text)
		if e.Saving {
			what = "saving the state: " + what
		}
		return t.line(e, t.style.Dim("· "+what))
	case executor.StepEnded:
		switch e.Status {
		case executor.Succeeded:
			return ""
		case executor.Interrupted:
			return t.line(e, t.style.Yellow(text.Line(e.Text)))
		}
		return t.line(e, t.style.Red("failed: "+text.Line(e.Text)))
	case executor.Output:
		return t.line(e, text.Line(e.Text))
	case executor.Notice:
		return t.line(e, t.style.Cyan(text.Line(e.Text)))
	case executor.Warning:
		return t.line(e, t.style.Yellow("warning: "+text.Line(e.Text)))
	case executor.JobEnded:
		return t.line(e, t.status(e.Status)+" in "+duration(e.Seconds))
	}
	return ""
}

func (t *eventText) line(e executor.Event, what string) string {
	at := t.style.Dim(e.Time.Local().Format("15:04:05"))
	where := text.Line(e.Job)
	if e.Step != "" {
		where += " " + e.Step
	}
	if where == "" {
		where = "nixplan"
	}
	return at + " " + t.style.Bold(where) + " | " + what + "\n"
}

func (t *eventText) status(s executor.Status) string {
	switch s {
	case executor.Succeeded:
		return t.style.Green(string(s))
	case executor.Failed:
		return t.style.Red(string(s))
	}
	return t.style.Yellow(string(s))
}

// duration is a time in seconds as people read it.
func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// states say what became of a deployment's state.
var states = map[executor.StateResult]string{
	executor.StateNone: "unchanged", executor.StateStored: "stored", executor.StateKept: "NOT STORED, kept on disk",
}

// result is the table at the end: a line for each job, and below it its machines.
func (t *eventText) result(r *executor.Result) string {
	var b strings.Builder
	widths := [3]int{}
	cells := make([][3]string, len(r.Jobs))
	for i, job := range r.Jobs {
		cells[i] = [3]string{text.Line(job.Job), string(job.Status), "state " + states[job.State]}
		for c, cell := range cells[i] {
			widths[c] = max(widths[c], text.Width(cell))
		}
	}
	b.WriteString("\n")
	for i, job := range r.Jobs {
		c := cells[i]
		fmt.Fprintf(&b, "%s%s%s%s%s%s%s\n", t.style.Bold(c[0]), pad(c[0], widths[0])+gap, t.status(job.Status), pad(c[1], widths[1])+gap, c[2], pad(c[2], widths[2])+gap, duration(job.Seconds))
		if job.Message != "" {
			where := ""
			if job.Step != "" {
				where = job.Step + ": "
			}
			fmt.Fprintf(&b, "    %s%s\n", where, text.Line(job.Message))
		}
		for line := range strings.Lines(text.Printable(job.Help)) {
			fmt.Fprintf(&b, "    %s\n", strings.TrimSuffix(line, "\n"))
		}
		if job.Status == executor.Skipped || job.Status == executor.Blocked {
			continue
		}
		for _, m := range job.Machines {
			fmt.Fprintf(&b, "    %s  %s", text.Line(m.Name), m.Outcome)
			if m.Message != "" {
				fmt.Fprintf(&b, ": %s", text.Line(m.Message))
			}
			b.WriteString("\n")
		}
	}
	fmt.Fprintf(&b, "\nlogs in %s\n", text.Line(r.Logs))
	if len(r.Next) > 0 {
		fmt.Fprintf(&b, "to carry on: %s\n", text.Line(text.ShellLine(r.Next)))
	}
	return b.String()
}

func pad(s string, width int) string { return strings.Repeat(" ", max(0, width-text.Width(s))) }
