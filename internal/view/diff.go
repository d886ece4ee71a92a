package view

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
	"github.com/nixplan/nixplan/plan/diff"
)

// DiffFormats are the formats of changes.
var DiffFormats = []Format{Text, JSON, Markdown, HTML}

// Diff writes what a change would do.
func Diff(w io.Writer, c *diff.Changes, o Options) error {
	switch o.Format {
	case JSON:
		return text.WriteJSON(w, c)
	case Markdown:
		_, err := io.WriteString(w, diffMarkdown(c))
		return err
	case HTML:
		return writeDiffPage(w, c, o.Overview)
	}
	if o.Width <= 0 {
		o.Width = 100
	}
	h := &human{Options: o, style: text.NewStyle(o.Color)}
	h.diff(c)
	_, err := io.WriteString(w, h.String())
	return err
}

// diffMarks stand before what changes; they are told apart without colour.
var diffMarks = map[diff.Change]string{
	diff.Added: "+", diff.Removed: "-", diff.Moved: ">", diff.Changed: "~",
	diff.Activated: "+", diff.Deactivated: "-", diff.Doubtful: "?",
	diff.New: "+", diff.Fixed: "-",
}

// diffSections are the parts that jobs are shown in.
var diffSections = []struct {
	reach diff.Reach
	title string
}{
	{diff.Runs, "Deployments that change"},
	{diff.MayRun, "Deployments that may change"},
	{diff.Idle, "Changes to jobs that run for none of the refs looked at"},
}

// topicLabels name topics in a few letters.
var topicLabels = map[diff.Topic]string{
	diff.EffectName: "effect", diff.UserSetup: "setup script", diff.Condition: "when", diff.FileOrder: "file order",
	diff.FileContent: "content", diff.NetworkArgument: "network arg", diff.StateFile: "state file", diff.Derivation: "drv",
}

func topicLabel(t diff.Topic) string {
	if label, ok := topicLabels[t]; ok {
		return label
	}
	return string(t)
}

// diffValues are what a fact was and is, as words; either may be empty.
func diffValues(f *diff.Fact) (name, before, after string) {
	before, after = f.Before, f.After
	switch f.Topic {
	case diff.FileContent, diff.ScriptText:
		before, after = "", "" // shown as a diff
	case diff.State:
		word := func(s string) string {
			switch s {
			case "absent":
				return "does not exist"
			case "failed":
				return "cannot be evaluated"
			}
			return s
		}
		before, after = word(before), word(after)
	case diff.NetworkFile:
		// Most files are network files; that goes without saying.
		plain := func(s string) string {
			if s == string(plan.NetworkFile) && f.Change != diff.Changed {
				return ""
			}
			return s
		}
		before, after = plain(before), plain(after)
	case diff.Machine:
		if f.Change == diff.Changed {
			word := func(s string) string {
				if s == "" {
					return "no target"
				}
				return s
			}
			before, after = word(before), word(after)
		}
	}
	if f.Change == diff.Moved {
		return "", f.Before, f.After // the name is what it is now
	}
	return f.Name, before, after
}

// forRefs says for which refs something holds, where that is not all of those
// for which the job exists.
func forRefs(c *diff.Changes, job *diff.Job, refs []string) string {
	if len(refs) == len(job.Refs) {
		return ""
	}
	return refTitles(c, refs)
}

// refTitles names refs by the groups they make up.
func refTitles(c *diff.Changes, refs []string) string {
	var titles []string
	for _, g := range c.Refs {
		if g.OnlyIn == "" && len(g.Refs) > 0 && slices.Contains(refs, g.Refs[0]) {
			titles = append(titles, text.Line(g.Title))
		}
	}
	return strings.Join(titles, ", ")
}

// diffKind is a job's kind and name.
func diffKind(job *diff.Job) string {
	kind := text.Line(string(job.Kind))
	if job.Name != "" && job.Name != job.Path {
		kind += " " + strconv.Quote(text.Line(job.Name))
	}
	return kind
}

// activeFor says for which refs a job runs after the change.
func activeFor(c *diff.Changes, job *diff.Job) string {
	switch {
	case job.Change == diff.Removed:
		return ""
	case len(job.Active) == 0 && comparedRefs(c) == 1:
		return "not active for " + refTitles(c, job.Refs)
	case len(job.Active) == 0:
		return "active for none of the refs"
	case len(job.Active) == len(job.Refs) && len(job.Refs) == comparedRefs(c) && comparedRefs(c) > 1:
		return "active for every ref"
	}
	return "active for " + refTitles(c, job.Active)
}

func comparedRefs(c *diff.Changes) (n int) {
	for _, g := range c.Refs {
		if g.OnlyIn == "" {
			n += len(g.Refs)
		}
	}
	return n
}

// diffSummary counts what changes: "1 job added, 2 changed (1 reaches a
// deployment) · 1 pin changed".
func diffSummary(c *diff.Changes) string {
	if c.Empty() {
		if len(c.Unknown) > 0 {
			return "nothing changes as far as is known"
		}
		return "nothing changes"
	}
	n := c.Counts
	list := func(noun string, parts ...any) string { // pairs of a number and a word
		var out []string
		for i := 0; i < len(parts); i += 2 {
			if count := parts[i].(int); count > 0 {
				if out == nil {
					out = append(out, plural(count, noun)+" "+parts[i+1].(string))
				} else {
					out = append(out, fmt.Sprintf("%d %s", count, parts[i+1]))
				}
			}
		}
		return strings.Join(out, ", ")
	}
	jobs := list("job", n.JobsAdded, "added", n.JobsRemoved, "removed", n.JobsMoved, "moved", n.JobsChanged, "changed")
	if n.Reaching > 0 {
		verb := "reach"
		if n.Reaching == 1 {
			verb = "reaches"
		}
		jobs += fmt.Sprintf(" (%d %s a deployment)", n.Reaching, verb)
	}
	parts := []string{
		jobs,
		list("job", n.Activated, "activated", n.Deactivated, "deactivated", n.Undetermined, "undetermined now"),
		list("machine", n.MachinesAdded, "added", n.MachinesRemoved, "removed", n.MachinesChanged, "retargeted"),
		list("file", n.Files, "changed"), list("script", n.Scripts, "changed"), list("pin", n.Pins, "changed"),
	}
	if n.FindingsNew > 0 {
		parts = append(parts, plural(n.FindingsNew, "new finding"))
	}
	if n.FindingsFixed > 0 {
		parts = append(parts, plural(n.FindingsFixed, "finding")+" fixed")
	}
	if c.Entry != nil {
		parts = append(parts, "another entry file")
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// shortRev is as much of a revision as people look at.
const shortRev = 12

func revisionTitle(r diff.Revision) string {
	name, commit := revisionParts(r)
	if commit == "" {
		return name
	}
	return strings.TrimSpace(name + " (" + commit + ")")
}

// revisionParts are the name of a side, and its commit where that is not its name.
func revisionParts(r diff.Revision) (name, commit string) {
	name = text.Line(r.Name)
	rev := text.Line(r.Rev)
	switch {
	case rev == name && len(rev) > shortRev && !r.Dirty && strings.Trim(rev, "0123456789abcdef") == "":
		return rev[:shortRev], ""
	case rev == "" || strings.HasPrefix(rev, name) && name != "":
		return text.Clip(name, 40), ""
	}
	commit = text.Line(rev[:min(len(rev), shortRev)])
	if r.Dirty {
		commit += " with uncommitted changes"
	}
	return name, commit
}

// pinValues are what tells the two states of a pin apart.
func pinValues(p *diff.Pin) (before, after string) {
	rev := func(p *plan.Pin) string { return p.Rev[:min(len(p.Rev), shortRev)] }
	one := func(p *plan.Pin) string {
		if p == nil {
			return ""
		}
		if p.Rev == "" || strings.Contains(p.URL, p.Rev) {
			return p.URL
		}
		return p.URL + " at " + rev(p)
	}
	a, b := p.Before, p.After
	switch {
	case a == nil || b == nil:
		return one(a), one(b)
	case a.Rev != "" && b.Rev != "" && a.Rev != b.Rev && p.Compare != "":
		return rev(a), rev(b)
	case a.URL == b.URL && a.Rev == b.Rev:
		return "hash " + a.Hash, "hash " + b.Hash
	}
	return one(a), one(b)
}

// fileNote says what a file is for.
func fileNote(f *diff.File) string {
	var roles []string
	for _, role := range f.Roles {
		roles = append(roles, text.Line(role))
	}
	note := strings.Join(roles, ", ")
	if len(f.Jobs) > 0 {
		note += " of " + names(f.Jobs)
	}
	return note
}

// names lists the first of many.
func names(list []string) string {
	const most = 6
	var out []string
	for i, name := range list {
		if i == most {
			return strings.Join(out, ", ") + fmt.Sprintf(" and %d more", len(list)-most)
		}
		out = append(out, text.Line(name))
	}
	return strings.Join(out, ", ")
}

// lineCounts is "+3 -1", or why there is no more to say.
func lineCounts(d *diff.Diff) string {
	switch {
	case d == nil:
		return ""
	case d.Note != "":
		return text.Line(d.Note)
	}
	return fmt.Sprintf("+%d -%d", d.Added, d.Removed)
}

// diffLine is a line of a diff as it is shown. Of a file with CRLF endings only
// lines that change show theirs, which may be what changes.
func diffLine(line string) string {
	if line[0] == ' ' {
		line = strings.TrimSuffix(line, "\r")
	}
	return text.Printable(line)
}

// stepNames lists the steps that change. What changes in them follows from the
// facts, so that only JSON has it.
func stepNames(job *diff.Job) string {
	var parts []string
	for _, change := range []diff.Change{diff.Changed, diff.Added, diff.Removed} {
		var ids []string
		for i := range job.Steps {
			id := text.Line(job.Steps[i].ID)
			if job.Steps[i].Change == change && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		if ids != nil {
			parts = append(parts, strings.Join(ids, ", ")+" "+string(change))
		}
	}
	return strings.Join(parts, "; ")
}
