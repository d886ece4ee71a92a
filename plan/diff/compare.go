package diff

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/nixplan/nixplan/internal/credentials"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

// Side is one of the two things compared. Plans is all that is needed.
type Side struct {
	// Name is what people call it: a revision, a file, "work tree".
	Name string
	// Plans has one plan for each ref, normalized; steps may be left out. A side without plans has no
	// jobs. Two sides with one plan each are compared whatever their refs are.
	Plans []*plan.Plan
	// Titles name refs for people where the ref's name does not: "any other
	// branch". Those of the head go first.
	Titles map[string]string
	// File gives the contents of a file by its path relative to the repository's
	// root. It may be nil; then there are no text diffs.
	File func(path string) (text string, ok bool)
	// Reads are the files that evaluating the network files reads, path to
	// SHA-256 in hex. Only if both sides have it are changes of imported files
	// reported.
	Reads map[string]string
	// Imports gives the files that a file names with a path, both relative to the
	// repository's root. It may be nil; then nobody knows which job an imported file
	// belongs to.
	Imports func(path string) []string
	// Scripts are texts by the job's path and the script's name. Only if both
	// sides have it are scripts compared.
	Scripts map[string]map[string]string
	// Findings are what nixplan check reports. If neither side has any, the plans'
	// diagnostics are compared.
	Findings []Report
}

// Compare says what changes from base to head.
func Compare(base, head Side) *Changes { return compare(base, head).finish() }

func compare(base, head Side) *comparison {
	c := &comparison{base: &base, head: &head, out: &Changes{
		FormatVersion: FormatVersion,
		Base:          revision(&base), Head: revision(&head),
		Refs: []RefGroup{}, Jobs: []Job{}, Unchanged: []string{}, SameSettings: []string{}, Unknown: []string{}, Files: []File{},
		Scripts: []Script{}, Pins: []Pin{}, Findings: []Finding{},
	}}
	for _, side := range []*Side{&base, &head} {
		if len(side.Plans) > 0 {
			c.out.ToolVersion = side.Plans[0].ToolVersion
		}
	}
	c.pairs = pairs(&base, &head)
	for i := range c.pairs {
		c.pairs[i].same = sameIn(&c.pairs[i])
	}
	c.entry()
	c.files = compareFiles(c)
	c.jobs()
	c.out.Files = c.files.report(c)
	c.pins()
	c.findings()
	c.group()
	c.count()
	return c
}

// finish gives the document without credentials.
func (c *comparison) finish() *Changes {
	clean(reflect.ValueOf(c.out).Elem())
	return c.out
}

type comparison struct {
	base, head *Side
	pairs      []pair
	files      *files
	reach      map[string]Reach // by path of a job in the head, else in the base
	matches    []outcome        // all jobs, those that change first
	equal      equality
	out        *Changes
}

// pair is what the two sides plan for a ref.
type pair struct {
	ref        string
	base, head *plan.Plan // nil on a side without any plans
	same       func(a, b string) bool
}

func revision(side *Side) Revision {
	r := Revision{Name: side.Name}
	if len(side.Plans) > 0 {
		r.Rev, r.Dirty = side.Plans[0].Repository.Rev, side.Plans[0].Repository.Dirty
	}
	return r
}

// pairs are in the order in which the head has them.
func pairs(base, head *Side) []pair {
	if len(base.Plans) == 1 && len(head.Plans) == 1 {
		p := pair{ref: head.Plans[0].Ref, base: base.Plans[0], head: head.Plans[0]}
		if p.base.Ref != p.ref {
			p.ref = p.base.Ref + " → " + p.ref
		}
		return []pair{p}
	}
	find := func(side *Side, ref string) *plan.Plan {
		for _, p := range side.Plans {
			if p.Ref == ref {
				return p
			}
		}
		return nil
	}
	var out []pair
	for _, p := range head.Plans {
		before := find(base, p.Ref)
		if before != nil || len(base.Plans) == 0 {
			out = append(out, pair{ref: p.Ref, base: before, head: p})
		}
	}
	if len(head.Plans) == 0 {
		for _, p := range base.Plans {
			out = append(out, pair{ref: p.Ref, base: p})
		}
	}
	return out
}

func (c *comparison) title(ref string) string {
	return cmp.Or(c.head.Titles[ref], c.base.Titles[ref], ref)
}

func (c *comparison) entry() {
	one := func(side *Side) *plan.Entry {
		if len(side.Plans) == 0 || side.Plans[0].Entry.Path == "" {
			return nil
		}
		return &side.Plans[0].Entry
	}
	before, after := one(c.base), one(c.head)
	if !reflect.DeepEqual(before, after) {
		c.out.Entry = &EntryChange{before, after}
	}
}

// group puts refs together for which the same changes.
func (c *comparison) group() {
	index := map[string]int{}
	for _, p := range c.pairs {
		var key strings.Builder
		in := func(refs []string) bool {
			ok := slices.Contains(refs, p.ref)
			if ok {
				key.WriteByte('x')
			} else {
				key.WriteByte('.')
			}
			return ok
		}
		changes := false
		for _, job := range c.out.Jobs {
			in(job.Refs)
			in(job.Active)
			for _, f := range job.Facts {
				changes = in(f.Refs) || changes
			}
			for _, s := range job.Steps {
				changes = in(s.Refs) || changes
			}
		}
		at, ok := index[key.String()]
		if !ok {
			at = len(c.out.Refs)
			index[key.String()] = at
			c.out.Refs = append(c.out.Refs, RefGroup{Changes: changes})
		}
		c.out.Refs[at].Refs = append(c.out.Refs[at].Refs, p.ref)
	}
	only := func(side *Side, name string) {
		g := RefGroup{OnlyIn: name}
		for _, p := range side.Plans {
			if !slices.ContainsFunc(c.pairs, func(q pair) bool { return q.base == p || q.head == p }) {
				g.Refs = append(g.Refs, p.Ref)
			}
		}
		if g.Refs != nil {
			c.out.Refs = append(c.out.Refs, g)
		}
	}
	only(c.base, "base")
	only(c.head, "head")
	for i := range c.out.Refs {
		c.out.Refs[i].Title = c.titles(c.out.Refs[i].Refs)
	}
}

// mostNamed is how many refs of a group are named.
const mostNamed = 3

func (c *comparison) titles(refs []string) string {
	var names []string
	for _, ref := range refs {
		names = append(names, c.title(ref))
	}
	// What stands for others says the most, and is said last.
	slices.SortStableFunc(names, func(a, b string) int {
		return boolCompare(!strings.HasPrefix(a, "refs/"), !strings.HasPrefix(b, "refs/"))
	})
	if len(names) > mostNamed {
		more := len(names) - mostNamed
		kept := append(slices.Clone(names[:mostNamed-1]), names[len(names)-1])
		return strings.Join(kept, ", ") + " and " + plural(more, "other")
	}
	return strings.Join(names, ", ")
}

func (c *comparison) count() {
	n := &c.out.Counts
	for _, job := range c.out.Jobs {
		switch job.Change {
		case Added:
			n.JobsAdded++
		case Removed:
			n.JobsRemoved++
		case Moved:
			n.JobsMoved++
		default:
			n.JobsChanged++
		}
		if job.Reach == Runs {
			n.Reaching++
		}
		states := map[Change]bool{}
		machines := map[string]bool{}
		for _, f := range job.Facts {
			if f.Topic == State {
				states[f.Change] = true
			}
			// One machine may change in two ways, depending on the ref.
			if f.Topic == Machine && !machines[f.Name] {
				machines[f.Name] = true
				switch f.Change {
				case Added:
					n.MachinesAdded++
				case Removed:
					n.MachinesRemoved++
				default:
					n.MachinesChanged++
				}
			}
		}
		if job.Change != Added && job.Change != Removed {
			n.Activated += number(states[Activated])
			n.Deactivated += number(states[Deactivated])
			n.Undetermined += number(states[Doubtful])
		}
	}
	n.JobsUnchanged, n.JobsUnknown = len(c.out.Unchanged), len(c.out.Unknown)
	n.Files, n.Scripts, n.Pins = len(c.out.Files), len(c.out.Scripts), len(c.out.Pins)
	for _, f := range c.out.Findings {
		if f.Change == New {
			n.FindingsNew++
		} else {
			n.FindingsFixed++
		}
	}
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

func boolCompare(a, b bool) int { return number(a) - number(b) }

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}

// clean hides credentials in every text of the document, whatever field that is
// in. Contents of files are clean already; they are cleaned again because it
// costs little.
func clean(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); len(s) > 0 {
			v.SetString(credentials.Hide(text.WithoutCredentials(s)))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			// What is pointed to may be the caller's.
			copied := reflect.New(v.Type().Elem())
			copied.Elem().Set(v.Elem())
			clean(copied.Elem())
			v.Set(copied)
		}
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		copied := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(copied, v)
		for i := range v.Len() {
			clean(copied.Index(i))
		}
		v.Set(copied)
	case reflect.Struct:
		for i := range v.NumField() {
			clean(v.Field(i))
		}
	}
}
