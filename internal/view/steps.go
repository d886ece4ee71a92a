package view

import (
	"strconv"
	"strings"

	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

// stepTimes say when a step that depends on the run is taken.
var stepTimes = map[plan.StepWhen]string{
	plan.WhenStatePresent: "if there is a state", plan.WhenStateAbsent: "if there is no state yet", plan.WhenAnyway: "also after a failure",
	plan.WhenFailed: "only after a failure",
}

// failures say what a step's failure leads to.
var failures = map[plan.OnFailure]string{
	plan.Stop: "the job ends", plan.Continue: "a warning, and on", plan.SaveState: "the state is saved, and the job ends",
}

// steps writes what a job's steps do, one after the other.
func (h *human) steps(list []plan.Step) {
	for i, step := range list {
		title := strconv.Itoa(i+1) + ". " + text.Line(step.Title)
		if when := stepTimes[step.When]; when != "" {
			title += " (" + when + ")"
		}
		h.WriteString("\n    " + h.style.Bold(title) + "\n")
		var r rows
		if len(step.Argv) > 0 {
			r.add("runs", " ", commandLine(&step)...)
		}
		if step.Adds != "" {
			r.add("adds", " ", text.Line(step.Adds))
		}
		r.add("scripts", " ", lines(step.Scripts)...)
		r.add("reads", ", ", lines(step.Reads)...)
		r.add("writes", ", ", lines(step.Writes)...)
		r.add("failure", " ", failures[step.OnFailure])
		for _, u := range step.Needs {
			r.add("needs", " ", text.Line(u.Needs))
		}
		h.rows(r)
	}
}

// commandLine is what a step runs, as a shell would take it.
func commandLine(step *plan.Step) []string {
	var words []string
	for _, env := range step.Env {
		name, value, _ := strings.Cut(env, "=")
		words = append(words, text.Line(name)+"="+quoted([]string{value})[0])
	}
	words = append(words, quoted(step.Argv)...)
	if step.Stdin != "" {
		words = append(words, "<", quoted([]string{step.Stdin})[0])
	}
	if step.Stdout != "" {
		words = append(words, ">", quoted([]string{step.Stdout})[0])
	}
	return words
}

func lines(list []string) []string {
	out := make([]string, len(list))
	for i, item := range list {
		out[i] = text.Line(item)
	}
	return out
}
