package check

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"

	"github.com/nixplan/nixplan/check/shell"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/parser"
	"github.com/nixplan/nixplan/parser/textmap"
)

// script is a bash text that an effect runs, one of its derivation's attributes.
type script struct {
	*shell.Script
	Name string
	// Text has shell.Unknown for what is not known.
	Text string
	// Aside means that the effect may be carried out without it: it runs when
	// something fails, or its own failure is only a warning.
	Aside bool

	arg  *Arg
	maps *textmap.Map // once it was needed
}

// scripts are the bash texts that the effect runs, in order. all is false when
// it may run others: what setup hooks of its inputs define, or what is not known.
func (j *JobAt) scripts() (list []*script, all bool) {
	if j.twin != nil {
		return j.twin.scripts()
	}
	if j.read != nil {
		return j.read.list, j.read.all
	}
	r := scriptReader{job: j, all: true}
	r.effect()
	j.read = &r
	return r.list, r.all
}

type scriptReader struct {
	job  *JobAt
	set  *value.Attrs // the derivation's attributes
	list []*script
	all  bool
}

func (r *scriptReader) effect() {
	if r.job.Found.Value.Kind() != value.AttrSet {
		r.all = false
		return
	}
	r.set = r.job.Found.Value.Attrs()
	names, ok := "", false
	if a := r.set.Lookup("phases"); a != nil {
		names, ok, _ = r.job.repo.ev.Template(a.Value, shell.Unknown)
	}
	if !ok {
		r.all = false // nobody knows what runs
		return
	}
	for name := range strings.FieldsSeq(names) {
		r.phase(name)
	}
	for _, name := range hercules.Hooks {
		r.script(name, true)
	}
	for _, name := range []string{"inputs", "buildInputs", "nativeBuildInputs", "propagatedBuildInputs", "defaultInputs"} {
		if r.job.Arg(name) != nil {
			r.all = false // their setup hooks run as well
		}
	}
	// The derivation has attributes that mkDerivation adds. Only what the program
	// gives can have scripts.
	if given := r.job.Given; given.Kind() != value.AttrSet || given.Attrs().Open() != nil {
		r.all = false
	}
}

func (r *scriptReader) phase(name string) {
	p, usual := hercules.Phases[name]
	body := r.set.Lookup(name)
	switch {
	case body != nil && userRange(body.Pos.Span().Range()).Valid():
		if own := r.script(name, p.Aside); own != nil && usual {
			for _, part := range p.Runs {
				if strings.Contains(own.Text, part) {
					r.script(part, p.Aside)
				}
			}
		}
	case usual:
		for _, part := range p.Runs {
			r.script(part, p.Aside)
		}
	default:
		r.all = false // a function that a setup hook defines
	}
}

// script adds the attribute of a name, if it is there.
func (r *scriptReader) script(name string, aside bool) *script {
	a := r.set.Lookup(name)
	if a == nil {
		return nil
	}
	text, whole, err := r.job.repo.ev.Template(a.Value, shell.Unknown)
	if err != nil || !whole && text == shell.Unknown {
		// The model leaves out what mkEffect has by itself, which reads no secret.
		if userRange(a.Pos.Span().Range()).Valid() {
			r.all = false
		}
		return nil
	}
	if strings.TrimSpace(text) == "" {
		return nil
	}
	s := &script{
		Script: r.job.repo.analyze(text), Name: name, Text: text, Aside: aside,
		arg: r.job.arg(name, a, r.job.Place()),
	}
	r.all = r.all && whole
	r.list = append(r.list, s)
	return s
}

// analyze reads a script, once however many jobs and refs have it.
func (r *Repository) analyze(text string) *shell.Script {
	if known := r.analyzed[text]; known != nil {
		return known
	}
	if r.analyzed == nil {
		r.analyzed = map[string]*shell.Script{}
	}
	s := shell.Analyze(text)
	r.analyzed[text] = s
	return s
}

// place is where a part of the script was written: in a literal, or in the file
// that is the script; at worst where the attribute is bound.
func (s *script) place(part shell.Range) diag.Range {
	around := s.arg.At
	if !around.Valid() {
		return around
	}
	r := s.arg.job.repo
	file := r.trees.of(around.Source).file
	if s.maps == nil {
		expr := s.arg.Expr
		if expr == nil {
			expr = textmap.ValueAt(file, around.Start)
		}
		if expr == nil {
			return around
		}
		s.maps = textmap.New(file, expr, s.Text)
	}
	span, exact := s.maps.Span(part.Start, part.End)
	if exact {
		return diag.Range{Source: around.Source, Start: span.Start, End: span.End}
	}
	if at := r.inFile(s.Text, part); at.Valid() {
		return at
	}
	if at := r.inLiteral(s.Text, part); at.Valid() {
		return at
	}
	return diag.Range{Source: around.Source, Start: span.Start, End: span.End}
}

// inFile is the part of a text in the file that the program read it from, if it
// is a file's whole content.
func (r *Repository) inFile(text string, part shell.Range) diag.Range {
	sum := sha256.Sum256([]byte(text))
	hash := hex.EncodeToString(sum[:])
	var names []string
	for path, read := range r.ev.World().Reads() {
		if name, ok := r.Project.Rel(path); ok && read == hash && filepath.Ext(name) != ".nix" {
			names = append(names, name)
		}
	}
	if len(names) != 1 {
		return diag.Range{}
	}
	if r.texts == nil {
		r.texts = map[string]*diag.Source{}
	}
	source := r.texts[names[0]]
	if source == nil {
		source = diag.NewSource(names[0], text)
		r.texts[names[0]] = source
	}
	return diag.Range{Source: source, Start: int32(part.Start), End: int32(part.End)}
}

// mostSearches bounds how often all literals are looked at in one run.
const mostSearches = 100

// inLiteral is the part of a text in the one literal that it can come from: that
// of a caller, when a function of the program makes effects.
func (r *Repository) inLiteral(text string, part shell.Range) diag.Range {
	if r.searches++; r.searches > mostSearches {
		return diag.Range{}
	}
	var found []diag.Range
	for _, source := range r.sources() {
		file := r.trees.of(source).file
		parser.Walk(file.Expr, func(e parser.Expr) bool {
			literal, ok := e.(*parser.String)
			if !ok {
				return true
			}
			at := origin(literal, text)
			if at.Start > part.Start || at.End < part.End {
				return true
			}
			span, exact := textmap.New(file, literal, text[at.Start:at.End]).Span(part.Start-at.Start, part.End-at.Start)
			if exact {
				found = append(found, diag.Range{Source: source, Start: span.Start, End: span.End})
			}
			return true
		})
	}
	if len(found) != 1 {
		return diag.Range{}
	}
	return found[0]
}

// shortestLiteral is the length from which a literal that occurs in a text once
// is taken for where that part of it was written.
const shortestLiteral = 8

// origin is the part of a text that a literal can have given, empty when there is
// none: its content where it has no interpolations, else the whole text.
func origin(literal *parser.String, text string) shell.Range {
	length := 0
	for _, p := range literal.Parts {
		if p.Expr == nil {
			length += len(p.Text)
		}
	}
	switch {
	case length < shortestLiteral:
	case len(literal.Parts) > 1:
		return shell.Range{Start: 0, End: len(text)}
	case strings.Count(text, literal.Parts[0].Text) == 1:
		at := strings.Index(text, literal.Parts[0].Text)
		return shell.Range{Start: at, End: at + length}
	}
	return shell.Range{Start: -1, End: -1}
}
