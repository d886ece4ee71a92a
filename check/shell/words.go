package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// variable is a variable of the script that has one value wherever it is used.
type variable struct {
	value string
	from  int // offset from where on it has the value
}

// word is the value of a word.
func (a *analyzer) word(w *syntax.Word) Word {
	b := wordBuilder{a: a, static: true, at: int(w.Pos().Offset())}
	b.parts(w.Parts, false)
	result := Word{Range: nodeRange(w), Static: b.static && !strings.Contains(string(b.text), Unknown)}
	if result.Static {
		result.Text, result.offsets = string(b.text), b.offsets
	}
	return result
}

type wordBuilder struct {
	a       *analyzer
	text    []byte
	offsets []int
	static  bool
	at      int // offset of the word
}

func (b *wordBuilder) add(text string, offset, step int) {
	for i := range len(text) {
		b.text = append(b.text, text[i])
		b.offsets = append(b.offsets, offset+i*step)
	}
}

func (b *wordBuilder) parts(parts []syntax.WordPart, quoted bool) {
	for i, part := range parts {
		switch part := part.(type) {
		case *syntax.Lit:
			b.literal(part, quoted, i == 0)
		case *syntax.SglQuoted:
			if part.Dollar && strings.Contains(part.Value, `\`) {
				b.static = false
				continue
			}
			start := int(part.Left.Offset()) + 1
			if part.Dollar {
				start++
			}
			b.add(part.Value, start, 1)
		case *syntax.DblQuoted:
			b.parts(part.Parts, true)
		case *syntax.ParamExp:
			value, ok := b.a.expansion(part)
			if !ok || !quoted && strings.ContainsAny(value, " \t\n*?[") {
				b.static = false
				continue
			}
			b.add(value, int(part.Pos().Offset()), 0)
		default:
			b.static = false
		}
	}
}

// literal adds text with its backslashes. Unquoted, what the shell would
// expand is not static.
func (b *wordBuilder) literal(l *syntax.Lit, quoted, first bool) {
	if !quoted && (expands(l.Value) || first && strings.HasPrefix(l.Value, "~")) {
		b.static = false
		return
	}
	start, step := int(l.ValuePos.Offset()), 1
	if int(l.ValueEnd.Offset())-start != len(l.Value) {
		step = 0 // joined lines: the literal's bytes are not in one piece
	}
	for i := 0; i < len(l.Value); i++ {
		if l.Value[i] == '\\' && i+1 < len(l.Value) && (!quoted || strings.IndexByte("$`\"\\\n", l.Value[i+1]) >= 0) {
			i++
			if l.Value[i] == '\n' {
				continue
			}
		}
		b.add(l.Value[i:i+1], start+i*step, 0)
	}
}

// expands reports whether the shell may make file names, or several words, of
// unquoted text. A bracket alone is the name of a command.
func expands(text string) bool {
	return strings.ContainsAny(text, "*?") ||
		strings.IndexByte(text, '[') >= 0 && strings.LastIndexByte(text, ']') > strings.IndexByte(text, '[') ||
		strings.IndexByte(text, '{') >= 0 && strings.LastIndexByte(text, '}') > strings.IndexByte(text, '{')
}

// expansion is the value of $name, ${name} and ${name:-default} for a variable
// whose value is known.
func (a *analyzer) expansion(p *syntax.ParamExp) (string, bool) {
	if p.Param == nil || p.Excl || p.Length || p.Index != nil || p.Slice != nil || p.Repl != nil || p.Names != 0 {
		return "", false
	}
	v, ok := a.variables[p.Param.Value]
	if !ok || int(p.Pos().Offset()) < v.from {
		return "", false
	}
	if p.Exp == nil {
		return v.value, true
	}
	switch p.Exp.Op {
	case syntax.DefaultUnset, syntax.DefaultUnsetOrNull:
		return v.value, v.value != ""
	}
	return "", false
}

// survey finds the functions the script defines and the variables that have one
// value.
func (a *analyzer) survey(file *syntax.File) {
	a.redefined = map[string]bool{}
	bound := map[string]int{} // how often each variable may be set
	foreign := false          // other code may set variables
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.FuncDecl:
			if n.Name != nil {
				a.redefined[n.Name.Value] = true
			}
		case *syntax.Assign:
			if n.Name != nil {
				bound[n.Name.Value]++
			} else {
				foreign = true // declare "$x"
			}
		case *syntax.WordIter:
			bound[n.Name.Value]++
		case *syntax.ParamExp:
			if n.Exp != nil && (n.Exp.Op == syntax.AssignUnset || n.Exp.Op == syntax.AssignUnsetOrNull) && n.Param != nil {
				bound[n.Param.Value]++
			}
		case *syntax.BinaryArithm, *syntax.UnaryArithm:
			syntax.Walk(n, func(n syntax.Node) bool {
				if l, ok := n.(*syntax.Lit); ok {
					bound[l.Value] += 2
				}
				return true
			})
		case *syntax.Redirect:
			if n.N != nil {
				bound[strings.Trim(n.N.Value, "{}")] += 2
			}
		case *syntax.CallExpr:
			foreign = a.surveyCall(n, bound) || foreign
		}
		return true
	})
	if foreign {
		return
	}
	a.variables = map[string]variable{}
	for _, s := range file.Stmts {
		if s.Background || s.Negated {
			continue
		}
		var assigns []*syntax.Assign
		switch cmd := s.Cmd.(type) {
		case *syntax.CallExpr:
			if len(cmd.Args) == 0 {
				assigns = cmd.Assigns
			}
		case *syntax.DeclClause:
			if cmd.Variant.Value == "export" || cmd.Variant.Value == "readonly" {
				assigns = cmd.Args
			}
		}
		for _, assign := range assigns {
			if assign.Name == nil || assign.Value == nil || assign.Append || assign.Index != nil || bound[assign.Name.Value] != 1 {
				continue
			}
			if w := a.word(assign.Value); w.Static {
				a.variables[assign.Name.Value] = variable{w.Text, int(assign.End().Offset())}
			}
		}
	}
}

// surveyCall notes what a command may set. It reports whether that could be
// any variable.
func (a *analyzer) surveyCall(c *syntax.CallExpr, bound map[string]int) bool {
	if len(c.Args) == 0 {
		return false
	}
	command := a.word(c.Args[0])
	if !command.Static {
		return !strings.Contains(a.text[command.Start:command.End], "/")
	}
	switch command.Text {
	case "source", ".", "eval":
		return true
	case "alias", "unset":
		for _, arg := range c.Args[1:] {
			name, _, _ := strings.Cut(a.text[nodeRange(arg).Start:nodeRange(arg).End], "=")
			a.redefined[name] = true
			bound[name] += 2
		}
	case "read", "mapfile", "readarray", "printf", "getopts", "let", "declare", "typeset", "local", "export", "readonly", "wait":
		for _, arg := range c.Args[1:] {
			w := a.word(arg)
			if !w.Static {
				if command.Text != "printf" || strings.Contains(w.Text, "-v") {
					return true
				}
				continue
			}
			name, _, _ := strings.Cut(w.Text, "=")
			bound[name] += 2
		}
	}
	return false
}
