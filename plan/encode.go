package plan

import (
	"cmp"
	"io"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/nixplan/nixplan/internal/text"
)

// Normalize puts p into the form that is published: every list in its order,
// no list null, no credentials in a URL, FormatVersion set. It must be called
// once p is filled, and calling it again changes nothing.
func (p *Plan) Normalize() { p.NormalizeRest(nil) }

// NormalizeRest is Normalize for a plan some of whose jobs, by their indexes, are as
// [Job.Clean] left them, but for their paths, position, trigger, derivation and
// condition: plans for several refs have most of their jobs in common.
func (p *Plan) NormalizeRest(cleaned map[int]bool) {
	p.FormatVersion = FormatVersion
	jobs := p.Jobs
	p.Jobs = []Job{}
	clean(reflect.ValueOf(p).Elem())
	if p.Jobs = jobs; jobs == nil {
		p.Jobs = []Job{}
	}
	for i := range p.Jobs {
		job := &p.Jobs[i]
		if !cleaned[i] {
			job.Clean()
			continue
		}
		own := ownFields{job.Path, job.DrvPath, job.AttrPath, job.AgentPath, job.Position, job.Trigger, job.Condition}
		clean(reflect.ValueOf(&own).Elem())
		job.Path, job.DrvPath, job.AttrPath, job.AgentPath, job.Position, job.Trigger, job.Condition = own.Path, own.DrvPath, own.AttrPath, own.AgentPath, own.Position, own.Trigger, own.Condition
	}

	slices.SortStableFunc(p.Arguments, func(a, b Argument) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortStableFunc(p.Jobs, func(a, b Job) int {
		return cmp.Or(slices.Compare(a.AttrPath, b.AttrPath), compareTriggers(a.Trigger, b.Trigger))
	})
	slices.SortStableFunc(p.SomeJobs, func(a, b SomeJobs) int {
		return cmp.Or(slices.Compare(a.AttrPath, b.AttrPath), comparePositions(a.Position, b.Position))
	})
	slices.SortStableFunc(p.Builds, func(a, b Build) int {
		return cmp.Or(slices.Compare(a.AttrPath, b.AttrPath), compareTriggers(a.Trigger, b.Trigger))
	})
	slices.SortStableFunc(p.Pins, func(a, b Pin) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.URL, b.URL), comparePositions(a.Position, b.Position))
	})
	p.Pins = slices.CompactFunc(p.Pins, func(a, b Pin) bool { return reflect.DeepEqual(a, b) })
	p.Assumptions = sortAssumptions(p.Assumptions)
	for i := range p.Jobs {
		p.Jobs[i].normalize()
	}
}

// ownFields are what a job has for each ref anew.
type ownFields struct {
	Path, DrvPath       string
	AttrPath, AgentPath []string
	Position            *Position
	Trigger             Trigger
	Condition           Condition
}

// Clean removes credentials of URLs from the texts of a job and makes empty lists of
// those that are nil.
func (job *Job) Clean() { clean(reflect.ValueOf(job).Elem()) }

// Amend is Normalize for a plan of which no more was changed since it was
// normalized than the conditions of its jobs, and what is not about jobs.
func (p *Plan) Amend() {
	jobs := p.Jobs
	p.Jobs = []Job{}
	p.Normalize()
	p.Jobs = jobs
	for i := range p.Jobs {
		clean(reflect.ValueOf(&p.Jobs[i].Condition).Elem())
	}
}

func (job *Job) normalize() {
	slices.SortStableFunc(job.Machines, func(a, b Machine) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortStableFunc(job.NetworkArgs, func(a, b NetworkArg) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortStableFunc(job.Secrets, func(a, b Secret) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortStableFunc(job.Facts, func(a, b Fact) int { return cmp.Compare(a.Name, b.Name) })
	for i := range job.Files {
		slices.Sort(job.Files[i].Machines)
	}
	job.Assumptions = sortAssumptions(job.Assumptions)
}

func sortAssumptions(list []Assumption) []Assumption {
	compare := func(a, b Assumption) int {
		return cmp.Or(comparePositions(a.Position, b.Position), cmp.Compare(a.Text, b.Text))
	}
	slices.SortStableFunc(list, compare)
	return slices.CompactFunc(list, func(a, b Assumption) bool { return compare(a, b) == 0 })
}

func compareTriggers(a, b Trigger) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
}

// comparePositions puts what has no position last.
func comparePositions(a, b *Position) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// clean goes through the whole document. It removes credentials of URLs from
// every text, whatever field that is in, and replaces nil by an empty slice
// wherever there always is a list, so that a reader never meets null.
func clean(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); strings.IndexByte(s, '@') >= 0 || strings.IndexByte(s, '?') >= 0 {
			v.SetString(text.WithoutCredentials(s))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			clean(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			clean(v.Index(i))
		}
	case reflect.Struct:
		for _, f := range toClean(v.Type()) {
			field := v.Field(f.index)
			if f.list && field.IsNil() {
				field.Set(reflect.MakeSlice(field.Type(), 0, 0))
			}
			clean(field)
		}
	}
}

// cleaned is a field that clean looks at.
type cleaned struct {
	index int
	list  bool // never null
}

// fields are those of each type, since a document has thousands of structs.
var fields sync.Map

func toClean(t reflect.Type) []cleaned {
	if known, ok := fields.Load(t); ok {
		return known.([]cleaned)
	}
	var out []cleaned
	for i := range t.NumField() {
		switch f := t.Field(i); f.Type.Kind() {
		case reflect.Slice:
			out = append(out, cleaned{i, !strings.Contains(f.Tag.Get("json"), ",omitempty")})
		case reflect.String, reflect.Pointer, reflect.Struct:
			out = append(out, cleaned{index: i})
		}
	}
	fields.Store(t, out)
	return out
}

// Encode writes p, which must be normalized, as indented JSON with a final
// newline. What could drive a terminal is escaped.
func (p *Plan) Encode(w io.Writer) error { return text.WriteJSON(w, p) }
