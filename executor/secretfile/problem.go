package secretfile

import (
	"strings"

	"github.com/nixplan/nixplan/hercules/secrets"
	"github.com/nixplan/nixplan/internal/text"
)

// Error lists the secrets of a job that it cannot have.
type Error struct {
	Problems []Problem
}

// Problem is why a job cannot have a secret.
type Problem struct {
	Name     string // in the effect
	Secret   string // in secrets.json; "" for a token
	GitToken bool
	Reason   string
	// Trace is how the condition that refuses it came to its result, for people;
	// see [secrets.Trace.Lines].
	Trace []string
}

func (e *Error) add(p Problem) { e.Problems = append(e.Problems, p) }

func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// String is the problem and, on further lines, the condition's trace.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString("secret " + text.Line(p.Name))
	switch {
	case p.GitToken:
		b.WriteString(" (a GitToken)")
	case p.Secret != p.Name:
		b.WriteString(" (" + text.Line(p.Secret) + " in secrets.json)")
	}
	b.WriteString(": " + p.Reason)
	for _, line := range p.Trace {
		b.WriteString("\n  " + text.Line(line))
	}
	return b.String()
}

func (e *Error) missingFile(o Options) {
	reason := "there is no secrets.json"
	if len(o.Looked) > 0 {
		reason += ": " + strings.Join(o.Looked, "; ")
	}
	for _, name := range o.Map.names() {
		if source := o.Map[name]; !source.GitToken {
			e.add(Problem{Name: name, Secret: source.Secret, Reason: reason})
		}
	}
}

// explain says why a secret was not handed out.
func explain(name, secret string, inventory *secrets.Inventory, trace *secrets.Trace) Problem {
	p := Problem{Name: name, Secret: secret}
	switch {
	case inventory.Lookup(secret) == nil:
		p.Reason = "it does not exist in " + inventory.File
		if similar := text.Similar(secret, inventory.Names()); len(similar) > 0 {
			p.Reason += "; did you mean " + strings.Join(similar, " or ") + "?"
		}
	case trace == nil:
		p.Reason = "it has no condition in " + inventory.File + ", so agents from 0.9 on do not hand it out"
	case trace.Result == secrets.Unknown:
		p.Reason, p.Trace = "whether its condition is met is not known", trace.Lines()
	default:
		p.Reason, p.Trace = "its condition is not met", trace.Lines()
	}
	return p
}
