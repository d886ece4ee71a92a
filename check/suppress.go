package check

import (
	"path/filepath"
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/lazy"
	"github.com/nixplan/nixplan/parser"
)

// An allowance is a comment `# nixplan: allow NP205 because …` on the line of a
// finding or on the line above.
type allowance struct {
	at     diag.Range
	line   int
	id     string
	reason string
	used   bool
	// inText means that it stands in a text: a comment of a script, or part of
	// any string. It may be used and is else taken for nothing.
	inText bool
}

type allowances struct{ list []*allowance }

var allowComment = lazy.Regexp(`#[ \t]*nixplan:[ \t]*allow\b[ \t]*([^\r\n]*)`)

var anyRule = lazy.Regexp(`NP\d+`)

// allowances are those of every Nix file of the repository that was evaluated,
// and of the scripts that a finding is in.
func (r *Repository) allowances() *allowances {
	out := &allowances{}
	sources := r.sources()
	for _, name := range sortedKeys(r.texts) {
		sources = append(sources, r.texts[name])
	}
	for _, source := range sources {
		if !strings.Contains(source.Text, "nixplan:") {
			continue
		}
		for _, m := range allowComment().FindAllStringSubmatchIndex(source.Text, -1) {
			words := source.Text[m[2]:m[3]]
			id := words
			if end := strings.IndexAny(words, " \t"); end >= 0 {
				id = words[:end]
			}
			out.list = append(out.list, &allowance{
				at:     diag.Range{Source: source, Start: int32(m[0]), End: int32(m[3])},
				line:   source.Position(int32(m[0])).Line,
				id:     id,
				reason: strings.TrimSpace(words[len(id):]),
				inText: r.texts[source.Name] == nil && r.trees.of(source).inText(int32(m[0])),
			})
		}
	}
	return out
}

// sources are the texts of the files below the root that were read as Nix.
func (r *Repository) sources() []*diag.Source {
	var out []*diag.Source
	for _, source := range r.ev.Sources() {
		if !strings.HasPrefix(source.Name, "<") && filepath.IsLocal(source.Name) {
			out = append(out, source)
		}
	}
	return out
}

// inText reports whether an offset lies in the text of a string or path, where a
// # begins no comment.
func (t *tree) inText(offset int32) bool {
	inside := false
	look := func(parts []parser.Part) {
		for _, p := range parts {
			inside = inside || p.Expr == nil && p.Start <= offset && offset < p.End
		}
	}
	parser.Walk(t.file.Expr, func(e parser.Expr) bool {
		switch e := e.(type) {
		case *parser.String:
			look(e.Parts)
		case *parser.Path:
			look(e.Parts)
		}
		return !inside
	})
	return inside
}

// allow is the allowance that covers a finding, nil when none does. One without
// a reason covers nothing, and one in a text only what no comment does.
func (a *allowances) allow(f *Finding) *allowance {
	if f.Place == nil {
		return nil
	}
	var found *allowance
	for _, allowed := range a.list {
		if allowed.id == f.ID && allowed.reason != "" && allowed.at.Source.Name == f.Place.File &&
			(allowed.line == f.Place.Line || allowed.line == f.Place.Line-1) &&
			(found == nil || found.inText && !allowed.inText) {
			found = allowed
		}
	}
	if found != nil {
		found.used = true
	}
	return found
}

// problems are findings about the allowances themselves.
func (a *allowances) problems() diag.List {
	var out diag.List
	for _, allowed := range a.list {
		d := &diag.Diagnostic{ID: diag.IDAllow, Severity: diag.Warning, Range: allowed.at}
		switch {
		case allowed.inText:
			continue
		case Lookup(allowed.id) == nil:
			d.Severity = diag.Error
			d.Summary = "there is no rule " + strings.ToValidUTF8(allowed.id, "\uFFFD")
			if allowed.id == "" {
				d.Summary = "a comment allows something without saying what"
			}
			d.Help = "name one rule and a reason: # nixplan: allow NP205 tags are deployed by hand"
			if id := anyRule().FindString(strings.ToUpper(allowed.id)); Lookup(id) != nil {
				d.Help = "name one rule and a reason: # nixplan: allow " + id + " tags are deployed by hand"
			}
		case allowed.reason == "":
			d.Severity = diag.Error
			d.Summary = "no reason is given for allowing " + allowed.id
			d.Help = "say why, for whoever reads this next: # nixplan: allow " + allowed.id + " tags are deployed by hand"
		case !allowed.used:
			d.Summary = "nothing here has to be allowed: " + allowed.id + " finds nothing in this line or the next"
			d.Help = "remove the comment"
		default:
			continue
		}
		out = append(out, d)
	}
	return out
}
