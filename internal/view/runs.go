package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/nixplan/nixplan/executor"
	"github.com/nixplan/nixplan/executor/journal"
	"github.com/nixplan/nixplan/internal/text"
)

// Runs lists runs, a line each, and what to do about those that are not over.
func Runs(w io.Writer, list []*executor.Summary, o Options) error {
	t := &eventText{style: text.NewStyle(o.Color)}
	var b strings.Builder
	if len(list) == 0 {
		b.WriteString("no runs\n")
	}
	for _, s := range list {
		if s.Problem != "" {
			fmt.Fprintf(&b, "%s   %s\n", s.ID, t.style.Red(text.Line(s.Problem)))
			continue
		}
		var jobs []string
		for _, job := range s.Jobs {
			jobs = append(jobs, text.Line(job.Path))
		}
		fmt.Fprintf(&b, "%s   %s   %s   %s\n", t.style.Bold(s.ID), t.status(executor.Status(s.Status)), text.Line(s.Ref), strings.Join(jobs, " "))
		if s.Unsaved {
			fmt.Fprintf(&b, "    %s nixplan apply --resume %s\n", t.style.Red("has a state that is not stored:"), s.ID)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Run shows what a run did, step by step.
func Run(w io.Writer, h *executor.History, o Options) error {
	t := &eventText{style: text.NewStyle(o.Color)}
	var b strings.Builder
	fmt.Fprintf(&b, "run %s   %s\n", t.style.Bold(h.ID), t.status(executor.Status(h.Status)))
	fmt.Fprintf(&b, "    repository %s\n    ref        %s\n    state in   %s\n", text.Line(h.Repository), text.Line(h.Ref), text.Line(h.Place))
	for _, job := range h.Jobs {
		fmt.Fprintf(&b, "\n%s   %s\n", t.style.Bold(text.Line(job.Path)), t.status(executor.Status(job.Status)))
		for _, line := range t.records(job.Path, h.Records) {
			b.WriteString("    " + line + "\n")
		}
		if job.Message != "" {
			fmt.Fprintf(&b, "    %s\n", text.Line(job.Message))
		}
		fmt.Fprintf(&b, "    logs in %s\n", text.Line(job.Logs))
	}
	for _, record := range h.Records {
		if record.Type == journal.Kept && h.Unsaved {
			fmt.Fprintf(&b, "\nthe newest state is in %s\n", text.Line(record.File))
		}
	}
	if h.Unsaved {
		fmt.Fprintf(&b, "\n%s nixplan apply --resume %s\n", t.style.Red("a state is not stored:"), h.ID)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// records are the steps of a job, a line each.
func (t *eventText) records(job string, records []journal.Record) []string {
	var lines []string
	started := map[string]journal.Record{}
	flush := func() {
		for _, r := range started {
			lines = append(lines, fmt.Sprintf("%s %s %s", r.Time.Local().Format("15:04:05"), r.Step, t.style.Yellow("did not end")))
		}
		clear(started)
	}
	for _, r := range records {
		if r.Type == journal.RunResumed {
			flush()
			lines = append(lines, fmt.Sprintf("%s resumed", r.Time.Local().Format("15:04:05")))
		}
		if r.Job != job {
			continue
		}
		switch r.Type {
		case journal.StepStarted:
			started[r.Step] = r
		case journal.StepEnded:
			begun := started[r.Step]
			delete(started, r.Step)
			line := fmt.Sprintf("%s %s %s", begun.Time.Local().Format("15:04:05"), r.Step, duration(r.Time.Sub(begun.Time).Seconds()))
			if r.Status != journal.Succeeded {
				line += " " + t.status(executor.Status(r.Status))
			}
			lines = append(lines, line)
		case journal.Kept:
			lines = append(lines, "         the state is kept in "+text.Line(r.File))
		}
	}
	flush()
	return lines
}
