package planner

import (
	"path"
	"path/filepath"
	"strings"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/parser"
	"github.com/nixplan/nixplan/plan"
)

// Complete is the whole plan of a reading, but for its digest and steps. It is made when
// everything was read: the readings of others help to tell which comparisons
// matter to a job.
func (p *Planner) Complete(r *Reading, all []*Reading) *plan.Plan {
	b := p.builder(r.Ref)
	whole := *r.Plan
	whole.Jobs = append([]plan.Job{}, r.Plan.Jobs...)
	b.plan, b.result = &whole, r.Evaluation
	b.repository()
	index := map[string]int{}
	for i := range whole.Jobs {
		index[jobKey(&whole.Jobs[i])] = i
	}
	for _, effect := range r.Effects {
		if i, ok := index[jobKey(&effect.Job)]; ok {
			b.pending = append(b.pending, pending{i, effect})
		}
	}
	if p.turned == nil {
		p.turned = map[string]*turnedRef{}
	}
	for _, other := range all {
		if other.Evaluation != nil && p.turned[other.Ref.Name] == nil {
			p.turned[other.Ref.Name] = turnedTo(other.Evaluation)
		}
	}
	b.conditions()
	whole.Amend()
	return &whole
}

func jobKey(job *plan.Job) string {
	return string(job.Trigger.Kind) + "\x00" + job.Trigger.Name + "\x00" + strings.Join(job.AttrPath, "\x00")
}

// NetworkReads are the files of the repository, relative to its root, that were
// read for more than finding the jobs: network files, and what they import. The
// values are SHA-256 in hex.
func (p *Planner) NetworkReads() map[string]string {
	out := map[string]string{}
	for path, sum := range p.ev.World().Reads() {
		if rel, ok := p.project.Rel(path); ok && !p.program[path] {
			out[rel] = sum
		}
	}
	return out
}

// programReads notes which files f reads.
func (p *Planner) programReads(f func()) {
	before := p.ev.World().ReadCount()
	f()
	if p.program == nil {
		p.program = map[string]bool{}
	}
	for _, path := range p.ev.World().ReadOrder(before) {
		p.program[path] = true
	}
}

// Imports are the files of the repository that one of its Nix files names with a path
// that is written out, in the order of the text; all are relative to the root.
func (p *Planner) Imports(name string) []string {
	text, ok := p.File(name)
	if !ok {
		return nil
	}
	dir := path.Dir(name)
	if info, err := p.ev.World().Stat(filepath.Join(p.project.Root, filepath.FromSlash(name))); err == nil && info.IsDir() {
		dir = name
	}
	file, _ := parser.Parse(diag.NewSource(name, text))
	var out []string
	parser.Walk(file.Expr, func(e parser.Expr) bool {
		if literal, ok := e.(*parser.Path); ok && literal.Kind == parser.RelativePath && len(literal.Parts) == 1 {
			out = append(out, path.Join(dir, literal.Parts[0].Text))
		}
		return true
	})
	return out
}

// largestFile is how many bytes a file may have whose text is compared.
const largestFile = 1 << 20

// File gives the text of a file of the repository, by its path relative to the
// root; false when it is not there, lies outside, or is too large to look at.
func (p *Planner) File(name string) (string, bool) {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return "", false
	}
	path := filepath.Join(p.project.Root, filepath.FromSlash(name))
	w := p.ev.World()
	info, err := w.Stat(path)
	if err == nil && info.IsDir() { // a network may be a directory
		path = filepath.Join(path, "default.nix")
		info, err = w.Stat(path)
	}
	if err != nil || !info.Mode().IsRegular() || info.Size() > largestFile {
		return "", false
	}
	data, err := w.ReadFile(path)
	return string(data), err == nil
}

// Scripts are the scripts that a program gave to an effect, by the names of
// their arguments. Where a part is not known the text says so.
func (p *Planner) Scripts(e *Effect) map[string]string {
	out := map[string]string{}
	from := e.Given
	if from.Kind() == value.AttrSet && from.Attrs().Len() == 0 {
		from = e.Args // an effect of modules is given nothing: it is all settings
	}
	if from.Kind() != value.AttrSet {
		return out
	}
	ownScript := from.Attrs().Lookup("script") != nil
	for _, a := range from.Attrs().ByName() {
		name := a.Name.String()
		if !isScript(name) || name == "effectScript" && ownScript { // it has the model's words around it
			continue
		}
		v, err := p.ev.Force(a.Value)
		if err != nil {
			continue
		}
		switch v.Kind() {
		case value.String:
			if v.Str() != "" || from == e.Given {
				out[name] = v.Str()
			}
		case value.UnknownValue:
			if v.Unknown().Parts != nil {
				out[name], _ = eval.Known(v)
			}
		}
	}
	return out
}

// isScript reports whether an argument of that name is a script: userSetupScript,
// installPhase, preEffect.
func isScript(name string) bool {
	if name == "script" {
		return true
	}
	for _, suffix := range []string{"Script", "Phase", "Effect"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return strings.HasPrefix(name, "pre") && strings.HasSuffix(name, "Hook") || strings.HasPrefix(name, "post") && strings.HasSuffix(name, "Hook")
}
