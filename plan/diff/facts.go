package diff

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

// fact is what is compared of a job: a value under a topic and a name. Two jobs
// differ by the facts that only one has, and by those whose values differ.
type fact struct {
	topic Topic
	name  string
	value string
}

// topics are in the order in which people ask for them.
var topics = []Topic{
	State, Kind, EffectName, Deployment, Action, Condition, Schedule, Source, Prebuild, UserSetup,
	NetworkFile, FileOrder, FileContent, Machine, NetworkArgument, Argument, Secret, StateFile, ScriptText, Unknown, Derivation,
}

func (t Topic) order() int { return slices.Index(topics, t) }

// absent is the state of a job that does not exist for a ref.
const absent = "absent"

// nothing is the value of what has a name and nothing else to say.
const nothing = ""

// factsOf are a job's facts but for its state.
func factsOf(job *plan.Job) []fact {
	var out []fact
	add := func(topic Topic, name, value string) { out = append(out, fact{topic, name, value}) }
	some := func(topic Topic, value string) {
		if value != "" {
			add(topic, "", value)
		}
	}
	add(Kind, "", string(job.Kind))
	if job.Deployment == "" { // or the one follows from the other
		some(EffectName, job.EffectName)
	}
	some(Deployment, job.Deployment)
	if job.Action != nil {
		some(Action, job.Action.Name+": "+commandLine(job.Action.Argv))
	}
	some(Condition, conditionText(&job.Condition))
	if job.Trigger.Kind == plan.Schedule {
		some(Schedule, job.Trigger.When.String())
	}
	some(Source, job.Src)
	add(Prebuild, "", strconv.FormatBool(job.Prebuild))
	add(UserSetup, "", strconv.FormatBool(job.UserSetup))
	for i := range job.Files {
		add(NetworkFile, job.Files[i].Path, fileText(&job.Files[i]))
	}
	for _, m := range job.Machines {
		add(Machine, m.Name, strings.TrimSpace(m.TargetEnv+" "+m.TargetHost))
	}
	for _, arg := range job.NetworkArgs {
		value := cmp.Or(arg.JSON, "unknown")
		if arg.Hidden {
			value = plan.NotShown
		}
		add(NetworkArgument, arg.Name, value)
	}
	for _, f := range job.Facts {
		add(Argument, f.Name, f.Value)
	}
	for _, s := range job.Secrets {
		add(Secret, s.Name, secretText(&s))
	}
	for _, f := range job.StateFiles {
		if f.Role == plan.DeploymentState || f.Role == plan.KnownHostsState {
			add(StateFile, f.Role, f.Name)
		} else {
			add(StateFile, f.Name, f.Role)
		}
	}
	for _, u := range job.Unknowns {
		add(Unknown, u.Field, u.Needs)
	}
	return numbered(out)
}

// numbered tells facts apart that have topic and name in common.
func numbered(facts []fact) []fact {
	seen := map[[2]string]int{}
	for i := range facts {
		key := [2]string{string(facts[i].topic), facts[i].name}
		if seen[key]++; seen[key] > 1 {
			facts[i].name += fmt.Sprintf(" (%d)", seen[key])
		}
	}
	return facts
}

// conditionText is the comparisons, each once, without what they came to: that
// is told by the state. Where an operand is a name for a value, the value is
// said, because the name may come to stand for another.
func conditionText(c *plan.Condition) string {
	var parts []string
	add := func(s string) {
		if !slices.Contains(parts, s) {
			parts = append(parts, s)
		}
	}
	for _, t := range c.Terms {
		s := t.Expression
		for _, o := range t.Operands {
			if o.Value != "" && o.Value != o.Expression && !aboutRef(o.Expression) {
				s += ", " + o.Expression + " is " + o.Value
			}
		}
		add(s)
	}
	for _, n := range c.Needs {
		add("needs " + n.Needs)
	}
	if c.Never {
		add("false for every ref")
	}
	if c.Elsewhere != "" {
		add("scheduled, for " + c.Elsewhere + " alone")
	}
	return cmp.Or(strings.Join(parts, "; "), "always")
}

// aboutRef reports whether an operand is a fact about the ref as people write
// it. Its value is that of the ref, and the same on both sides.
func aboutRef(expression string) bool {
	last := expression[strings.LastIndexByte(expression, '.')+1:]
	return slices.Contains([]string{"ref", "branch", "tag", "rev", "shortRev"}, last)
}

// fileText is a file's role, and what keeps it from being read.
func fileText(f *plan.File) string {
	is := func(flag *bool, value bool) bool { return flag != nil && *flag == value }
	role := string(f.Role)
	switch {
	case is(f.Exists, false):
		return role + ", does not exist"
	case is(f.Tracked, false):
		return role + ", not tracked by git"
	case is(f.Included, false):
		return role + ", left out by src's filter"
	case f.Error != "":
		return role + ", cannot be read"
	}
	return role
}

func secretText(s *plan.Secret) string {
	value := s.Source
	if s.Type == "GitToken" {
		value = "git token"
	}
	if len(s.Fields) > 0 {
		value += ", " + strings.Join(s.Fields, " ")
	}
	return value
}

// commandLine quotes words as a shell takes them.
func commandLine(argv []string) string {
	words := make([]string, len(argv))
	for i, word := range argv {
		words[i] = text.ShellWord(word)
	}
	return strings.Join(words, " ")
}

// change is a difference in one fact for one ref.
type change struct {
	fact          // value: of the head
	before string // value of the base
	what   Change
}

// compareFacts lists the facts that differ. same decides about values.
func compareFacts(before, after []fact, same func(a, b string) bool) []change {
	if slices.Equal(before, after) {
		return nil
	}
	type key struct {
		topic Topic
		name  string
	}
	old := map[key]fact{}
	for _, f := range before {
		old[key{f.topic, f.name}] = f
	}
	var out []change
	for _, f := range after {
		k := key{f.topic, f.name}
		was, ok := old[k]
		delete(old, k)
		switch {
		case !ok:
			out = append(out, change{fact: f, what: Added})
		case !same(was.value, f.value):
			out = append(out, change{fact: f, before: was.value, what: Changed})
		}
	}
	for _, f := range before {
		if _, left := old[key{f.topic, f.name}]; left {
			out = append(out, change{fact: fact{f.topic, f.name, nothing}, before: f.value, what: Removed})
		}
	}
	return out
}

// compareJobs lists what differs in a job for a ref for which both sides have
// it, but for its state.
func (c *comparison) compareJobs(p *pair, before, after *plan.Job) []change {
	imported := c.files.importedBy(before, after)
	if c.equal.of(before, after) {
		return imported
	}
	out := withoutLost(compareFacts(factsOf(before), factsOf(after), p.same), before, after)
	out = c.files.follow(out, before, after)
	out = append(out, fileOrder(before, after)...)
	out = append(out, c.files.contents(before, after)...)
	out = append(out, imported...)
	if len(out) == 0 && len(c.steps(p, before, after)) == 0 && before.DrvPath != after.DrvPath &&
		before.DrvPath != "" && after.DrvPath != "" {
		out = append(out, change{fact: fact{Derivation, "", after.DrvPath}, before: before.DrvPath, what: Changed})
	}
	return out
}

// withoutLost leaves out what only seems to change of machines, since a network file
// cannot be read on one side: that is told of the file.
func withoutLost(changes []change, before, after *plan.Job) []change {
	unreadable := func(job *plan.Job) bool {
		return slices.ContainsFunc(job.Files, func(f plan.File) bool { return fileText(&f) != string(f.Role) })
	}
	wasLost, isLost := unreadable(before), unreadable(after)
	return slices.DeleteFunc(changes, func(c change) bool {
		return c.topic == Machine && (isLost && (c.what == Removed || c.what == Changed && c.value == "") ||
			wasLost && (c.what == Added || c.what == Changed && c.before == ""))
	})
}

// fileOrder notices the same files in another order: the later ones win.
func fileOrder(before, after *plan.Job) []change {
	var out []change
	for _, role := range []plan.FileRole{plan.NetworkFile, plan.PrebuildOnlyFile, plan.DeployOnlyFile} {
		of := func(job *plan.Job) (paths []string) {
			for _, f := range job.Files {
				if f.Role == role {
					paths = append(paths, f.Path)
				}
			}
			return paths
		}
		a, b := of(before), of(after)
		if !slices.Equal(a, b) && slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))) {
			out = append(out, change{fact{FileOrder, string(role), strings.Join(b, " ")}, strings.Join(a, " "), Changed})
		}
	}
	return out
}

// sameIn compares values of a ref's two plans. What differs only because it
// names the commit that is evaluated is the same.
func sameIn(p *pair) func(a, b string) bool {
	before, after := neutral(p.base), neutral(p.head)
	return func(a, b string) bool {
		return a == b || before.Replace(a) == after.Replace(b)
	}
}

// neutral replaces a plan's own revision.
func neutral(p *plan.Plan) *strings.Replacer {
	var old []string
	add := func(s string) {
		if len(s) >= 7 && !slices.Contains(old, s) {
			old = append(old, s, "‹rev›")
		}
	}
	if p != nil {
		add(p.Repository.Rev)
		for _, a := range p.Arguments {
			switch path.Ext("." + a.Name) {
			case ".rev", ".shortRev":
				add(strings.Trim(a.Value, `"`))
			}
		}
		if len(p.Repository.Rev) >= 7 {
			add(p.Repository.Rev[:7])
		}
	}
	return strings.NewReplacer(old...)
}

// steps lists the steps that differ.
func (c *comparison) steps(p *pair, before, after *plan.Job) []change {
	if c.equal.of(before, after) {
		return nil
	}
	facts := func(job *plan.Job) (out []fact) {
		for _, step := range stepsOf(job) {
			out = append(out, fact{"", step.ID, stepText(&step)})
		}
		return numbered(out)
	}
	return compareFacts(facts(before), facts(after), p.same)
}

// stepsOf are a job's steps. A saved plan has them, perhaps those of another version
// of nixplan.
func stepsOf(job *plan.Job) []plan.Step {
	if len(job.Steps) > 0 {
		return job.Steps
	}
	return plan.StepsOf(job, plan.StepOptions{})
}

// stepText is what a step does, on one line.
func stepText(s *plan.Step) string {
	if len(s.Argv) == 0 {
		return s.Title
	}
	line := strings.TrimSpace(strings.Join(s.Env, " ") + " " + commandLine(s.Argv))
	if s.Stdin != "" {
		line += " <" + s.Stdin
	}
	if s.Stdout != "" {
		line += " >" + s.Stdout
	}
	return line
}
