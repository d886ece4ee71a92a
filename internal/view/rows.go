package view

import (
	"strings"

	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

// row is a label and what stands behind it: either items that share lines, or
// pairs in two columns, each on a line.
type row struct {
	label string
	items []string
	sep   string
	pairs [][2]string
}

type rows []row

// add appends a row of items, unless there are none.
func (r *rows) add(label, sep string, items ...string) {
	if len(items) > 0 {
		*r = append(*r, row{label: label, items: items, sep: sep})
	}
}

// lines lays the row out in lines of at most width cells.
func (r row) lines(width int) []string {
	var lines []string
	if r.pairs == nil {
		for _, line := range text.WrapItems(r.items, r.sep, width) {
			lines = append(lines, fit(line, width)...) // one item may be too long
		}
		return lines
	}
	column := 0
	for _, pair := range r.pairs {
		if pair[1] != "" {
			column = max(column, text.Width(pair[0]))
		}
	}
	for _, pair := range r.pairs {
		line := pair[0]
		switch {
		case pair[1] == "":
		case column+len(gap)+text.Width(pair[1]) <= width:
			line = text.Pad(line, column) + gap + pair[1]
		case text.Width(line)+len(gap)+text.Width(pair[1]) <= width:
			line += gap + pair[1]
		default:
			lines = append(lines, fit(line, width)...)
			line = pair[1]
		}
		lines = append(lines, fit(line, width)...)
	}
	return lines
}

// fit wraps a line that is too long, with its indentation, and leaves the spaces
// of others alone.
func fit(line string, width int) []string {
	if text.Width(line) <= width {
		return []string{line}
	}
	return text.Wrap(line, width)
}

// jobRows are the facts of a job in the order in which people ask for them:
// why, what, with which files, machines and secrets, and how.
func jobRows(job *plan.Job) rows {
	var r rows
	r.condition(job.Condition, job.State, job.Position)
	r.trigger(job.Trigger)
	if job.Action != nil {
		r.add("action", " ", append([]string{text.Line(job.Action.Name) + "  "}, quoted(job.Action.Argv)...)...)
	}
	if job.Src != "" && job.Src != "." {
		r.add("src", " ", text.Line(job.Src))
	}
	r.files("network", "", job, plan.NetworkFile)
	r.machines(job)
	if job.Prebuild {
		r.files("prebuild", "+ ", job, plan.PrebuildOnlyFile)
	}
	r.files("deploy", "+ ", job, plan.DeployOnlyFile)
	r.problems(job)
	r.add("args", "  ", networkArgs(job.NetworkArgs)...)
	r.add("secrets", "  ", secrets(job.Secrets)...)
	var names []string
	for _, file := range job.StateFiles {
		names = append(names, text.Line(file.Name))
	}
	r.add("state", "  ", names...)
	var facts []string
	for _, fact := range job.Facts {
		facts = append(facts, text.Line(fact.Name)+" = "+text.Line(fact.Value))
	}
	r.add("facts", "  ", facts...)
	if job.DrvPath != "" {
		r.add("drv", " ", text.Line(job.DrvPath))
	}
	r.add("steps", " · ", steps(job.Steps)...)
	r.unknowns("", job.Unknowns)
	return r
}

// condition tells why a job is in its state: each comparison, and, unless it
// simply holds, its result and the values that led to it. A job without
// comparisons is shown with the place of its definition.
func (r *rows) condition(condition plan.Condition, state plan.State, defined *plan.Position) {
	var pairs [][2]string
	for i, term := range condition.Terms {
		pair := [2]string{text.Line(term.Expression), place(term.Position)}
		// One expression can compare several times, as lib.elem does.
		if i == 0 || pair != [2]string{text.Line(condition.Terms[i-1].Expression), place(condition.Terms[i-1].Position)} {
			pairs = append(pairs, pair)
		}
		if term.Result != "true" || state != plan.Active {
			pairs = append(pairs, [2]string{"  " + result(term)})
		}
	}
	if condition.Elsewhere != "" {
		pairs = append(pairs, [2]string{elsewhere(condition.Elsewhere), place(defined)})
	} else if pairs == nil && len(condition.Needs) == 0 {
		switch state {
		case plan.Active:
			pairs = append(pairs, [2]string{"always", place(defined)})
		case plan.Inactive:
			pairs = append(pairs, [2]string{"never", place(defined)})
		}
	} else if condition.Never {
		pairs = append(pairs, [2]string{"never: its own condition is false for every ref", place(defined)})
	}
	if pairs != nil {
		*r = append(*r, row{label: "when", pairs: pairs})
	}
	r.unknowns("needs", condition.Needs)
}

// elsewhere says why a scheduled job is inactive.
func elsewhere(branch string) string {
	return "not here: it is scheduled, and schedules are those of " + text.Line(branch) + " alone"
}

// result is a comparison's outcome: `false: src.ref is "refs/heads/main"`.
func result(term plan.Term) string {
	var values []string
	for _, operand := range term.Operands {
		switch operand.Value {
		case operand.Expression: // a literal
		case "":
			values = append(values, text.Line(operand.Expression)+" is unknown")
		default:
			values = append(values, text.Line(operand.Expression)+" is "+text.Line(operand.Value))
		}
	}
	outcome := text.Line(term.Result)
	if outcome == "" {
		outcome = "undetermined"
	}
	if len(values) == 0 {
		return outcome
	}
	return outcome + ": " + strings.Join(values, ", ")
}

// unknowns says of each missing value where it would come from, where it is
// needed and how to supply it. With an empty label it names the affected field.
func (r *rows) unknowns(label string, unknowns []plan.Unknown) {
	for _, u := range unknowns {
		rowLabel, value := label, text.Line(u.Needs)
		if rowLabel == "" {
			rowLabel, value = "unknown", text.Line(u.Field)+": needs "+value
		}
		if u.From != "" && !strings.Contains(u.Needs, u.From) {
			value += ", from " + text.Line(u.From)
		}
		if at := place(u.Position); at != "" {
			value += ", at " + at
		}
		if u.Reason != "" {
			value += " (" + text.Line(u.Reason) + ")"
		}
		pairs := [][2]string{{value}}
		if u.Provide != "" {
			pairs = append(pairs, [2]string{"→ " + text.Line(u.Provide)})
		}
		*r = append(*r, row{label: rowLabel, pairs: pairs})
	}
}

// trigger is silent for the ordinary push of a legacy entry file.
func (r *rows) trigger(trigger plan.Trigger) {
	switch {
	case trigger.Kind == plan.Schedule:
		r.add("schedule", " ", strings.TrimSpace(text.Line(trigger.Name)+" "+trigger.When.String()))
	case trigger.Name != "":
		r.add("onPush", " ", text.Line(trigger.Name))
	}
}

// files lists the files of a role. Without any, only the prebuild row is worth
// showing, because it says that there is a prebuild.
func (r *rows) files(label, prefix string, job *plan.Job, role plan.FileRole) {
	var names []string
	for _, file := range job.Files {
		if file.Role == role {
			names = append(names, prefix+text.Line(file.Path))
		}
	}
	if len(names) == 0 && role == plan.PrebuildOnlyFile {
		names = []string{"the network, for every ref"}
	}
	r.add(label, "  ", names...)
}

// machines shows the network's machines with what is known of their targets.
func (r *rows) machines(job *plan.Job) {
	var names []string
	for _, machine := range job.Machines {
		name := text.Line(machine.Name)
		target := strings.TrimSpace(text.Line(machine.TargetEnv) + " " + text.Line(machine.TargetHost))
		if target != "" {
			name += " (" + target + ")"
		}
		names = append(names, name)
	}
	r.add("machines", ", ", names...)
}

// problems lists what keeps a file from being read in a deployment.
func (r *rows) problems(job *plan.Job) {
	is := func(flag *bool, value bool) bool { return flag != nil && *flag == value }
	for _, file := range job.Files {
		problem := file.Error
		switch {
		case is(file.Exists, false):
			problem = "does not exist"
		case is(file.Tracked, false):
			problem = "is not tracked by git, so an agent does not have it"
		case is(file.Included, false) && problem == "":
			problem = "is left out by the filter of src"
		}
		if problem != "" {
			r.add("problem", " ", append([]string{text.Line(file.Path) + ":"}, strings.Fields(text.Line(problem))...)...)
		}
	}
}

func networkArgs(args []plan.NetworkArg) []string {
	var items []string
	for _, arg := range args {
		value := text.Line(arg.JSON)
		switch {
		case arg.Hidden:
			value = plan.NotShown
		case value == "":
			value = "unknown"
		}
		items = append(items, text.Line(arg.Name)+" = "+value)
	}
	return items
}

func secrets(secrets []plan.Secret) []string {
	var items []string
	for _, secret := range secrets {
		source := text.Line(secret.Source)
		if secret.Type == "GitToken" {
			source = "git token"
		}
		items = append(items, text.Line(secret.Name)+" ← "+source)
	}
	return items
}

// steps are the steps' names. Of two neighbours that exclude each other the
// second is put in brackets: "import · modify (or create)".
func steps(list []plan.Step) []string {
	var items []string
	for i, step := range list {
		if step.When == plan.WhenStateAbsent && i > 0 && list[i-1].When == plan.WhenStatePresent {
			items[len(items)-1] += " (or " + text.Line(step.ID) + ")"
			continue
		}
		items = append(items, text.Line(step.ID))
	}
	return items
}

// quoted are the words of a command line as a shell takes them.
func quoted(argv []string) []string {
	words := make([]string, len(argv))
	for i, word := range argv {
		words[i] = text.Line(text.ShellWord(word))
	}
	return words
}
