package shell

import (
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// readsFile notes that the script uses the secrets' file in a way that does not
// tell which secrets.
func (a *analyzer) readsFile(at Range, c context) {
	a.result.Reads = append(a.result.Reads, Read{
		Range: at, Name: Word{Range: at}, Guarded: c.guarded, Conditional: c.conditional,
	})
}

// mentions looks for the variable's name in text that another program may read
// as code.
func (a *analyzer) mentions(text string, at Range, c context) {
	if strings.Contains(text, SecretsVariable) {
		a.readsFile(at, c)
	}
}

// choosesFile reports whether the script sets SecretsVariable.
func (a *analyzer) choosesFile(file *syntax.File) bool {
	found := false
	syntax.Walk(file, func(n syntax.Node) bool {
		if assign, ok := n.(*syntax.Assign); ok && !assign.Naked && assign.Name != nil && assign.Name.Value == SecretsVariable {
			found = true
			a.opaque(OpaqueFile, nodeRange(assign))
		}
		return true
	})
	return found
}

// secretsFile is the use of the variable that a word consists of, or nil.
func secretsFile(w *syntax.Word) *syntax.ParamExp {
	if w == nil || len(w.Parts) != 1 {
		return nil
	}
	part := w.Parts[0]
	if q, ok := part.(*syntax.DblQuoted); ok && len(q.Parts) == 1 {
		part = q.Parts[0]
	}
	p, ok := part.(*syntax.ParamExp)
	if !ok || p.Param == nil || p.Param.Value != SecretsVariable || p.Exp != nil || p.Excl || p.Length ||
		p.Index != nil || p.Slice != nil || p.Repl != nil {
		return nil
	}
	return p
}

// readsJQ finds the three ways to run jq on the secrets' file: as an argument,
// as its input, and through cat.
func (a *analyzer) readsJQ(s *syntax.Stmt, c context) {
	if pipe, ok := s.Cmd.(*syntax.BinaryCmd); ok && pipe.Op == syntax.Pipe {
		if call, ok := pipe.X.Cmd.(*syntax.CallExpr); ok && len(call.Args) == 2 && call.Args[0].Lit() == "cat" {
			if use := secretsFile(call.Args[1]); use != nil {
				a.runsJQ(pipe.Y, use, c)
			}
		}
		return
	}
	for _, r := range s.Redirs {
		if use := secretsFile(r.Word); use != nil && r.Op == syntax.RdrIn {
			a.runsJQ(s, use, c)
		}
	}
	if call, ok := s.Cmd.(*syntax.CallExpr); ok {
		for _, arg := range call.Args {
			if use := secretsFile(arg); use != nil {
				a.runsJQ(s, use, c)
			}
		}
	}
}

// jqOptions are the options of jq that take arguments, and how many.
var jqOptions = map[string]int{
	"--arg": 2, "--argjson": 2, "--slurpfile": 2, "--rawfile": 2, "--indent": 1, "-L": 1,
}

// runsJQ adds what a jq command reads of the secrets' file, which it is given by
// use. When it is no jq command, or one that is not understood, nothing is
// added, and the use remains one that may read anything.
func (a *analyzer) runsJQ(s *syntax.Stmt, use *syntax.ParamExp, c context) {
	call, ok := s.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) == 0 {
		return
	}
	name := a.text[nodeRange(call.Args[0]).Start:nodeRange(call.Args[0]).End]
	if path.Base(name) != "jq" {
		return
	}
	variables := map[string]string{}
	var filter *Word
	for i := 1; i < len(call.Args); i++ {
		w := a.word(call.Args[i])
		if secretsFile(call.Args[i]) != nil && filter != nil {
			continue
		}
		if filter == nil && !w.Static {
			filter = &w
			continue
		}
		if w.Static && strings.HasPrefix(w.Text, "-") {
			if strings.Contains(w.Text, "f") && !strings.HasPrefix(w.Text, "--") || w.Text == "--from-file" ||
				strings.HasPrefix(w.Text, "--stream") || w.Text == "-s" || w.Text == "--slurp" {
				return
			}
			if n := jqOptions[w.Text]; n > 0 {
				if w.Text == "--arg" && i+2 < len(call.Args) {
					if key, value := a.word(call.Args[i+1]), a.word(call.Args[i+2]); key.Static && value.Static {
						variables["$"+key.Text] = value.Text
					}
				}
				i += n
			}
			continue
		}
		if filter != nil {
			return // another file
		}
		filter = &w
	}
	if filter == nil {
		return
	}
	f := newFilter(*filter, "")
	f.variables = variables
	paths, complete := f.fields()
	if !complete {
		return
	}
	var reads []Read
	for _, p := range paths {
		r := Read{
			Range: nodeRange(call), Filter: f, Complete: true,
			Name:    Word{Range: f.Range, Text: p.Name, Static: true},
			Guarded: c.guarded || p.Optional, Conditional: c.conditional,
		}
		switch {
		case len(p.Path) > 2 && p.Path[1] == "data":
			r.Fields = []Field{{Name: p.Path[2], Path: p.Path[2:], Optional: p.Optional}}
		case len(p.Path) < 2 || p.Path[1] == "data":
			r.Complete = false // the whole of it
		}
		reads = append(reads, r)
	}
	a.seen[use] = true
	a.result.Reads = append(a.result.Reads, reads...)
}
