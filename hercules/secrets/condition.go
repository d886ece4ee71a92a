package secrets

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
)

// An Op is what a condition asks, by the word that its JSON form has.
type Op string

const (
	Const           Op = "const" // true or false, whatever is built
	IsDefaultBranch Op = "isDefaultBranch"
	IsTag           Op = "isTag"
	IsBranch        Op = "isBranch"
	IsRepo          Op = "isRepo"
	IsOwner         Op = "isOwner"
	And             Op = "and"
	Or              Op = "or"
)

// plainOps are conditions by themselves, namedOps ask for a name, listOps join
// others.
var (
	plainOps = []Op{IsDefaultBranch, IsTag}
	namedOps = []Op{IsBranch, IsRepo, IsOwner}
	listOps  = []Op{And, Or}
)

// A Condition says for which repositories and refs agents hand out a secret.
// There is no negation.
type Condition struct {
	Op   Op
	Bool bool         // of Const
	Name string       // of IsBranch (without "refs/heads/"), IsRepo and IsOwner
	Of   []*Condition // of And and Or; And of nothing is true, Or of nothing false
	// Range is the whole condition.
	Range diag.Range
}

// String writes a condition on one line for people:
// isOwner "example" and (isDefaultBranch or isBranch "staging").
func (c *Condition) String() string {
	switch c.Op {
	case Const:
		if c.Bool {
			return "true"
		}
		return "false"
	case IsBranch, IsRepo, IsOwner:
		return string(c.Op) + " " + quote(c.Name)
	case And, Or:
		if len(c.Of) == 0 {
			return string(c.Op) + " of nothing"
		}
		parts := make([]string, len(c.Of))
		for i, part := range c.Of {
			parts[i] = part.String()
			if joins := part.Op == And || part.Op == Or; joins && len(c.Of) > 1 && len(part.Of) != 1 {
				parts[i] = "(" + parts[i] + ")"
			}
		}
		return strings.Join(parts, " "+string(c.Op)+" ")
	}
	return string(c.Op)
}

// MarshalJSON writes a condition as secrets.json has it.
func (c *Condition) MarshalJSON() ([]byte, error) { return json.Marshal(c.document()) }

// document is the condition as JSON and YAML have it.
func (c *Condition) document() any {
	switch c.Op {
	case Const:
		return c.Bool
	case IsBranch, IsRepo, IsOwner:
		return map[string]any{string(c.Op): c.Name}
	case And, Or:
		parts := make([]any, len(c.Of))
		for i, part := range c.Of {
			parts[i] = part.document()
		}
		return map[string]any{string(c.Op): parts}
	}
	return string(c.Op)
}

// Equal reports whether two conditions are the same up to the order of what they
// join, repetition, constants and needless nesting. Either may be nil.
func (c *Condition) Equal(d *Condition) bool {
	if c == nil || d == nil {
		return c == d
	}
	return c.normal().String() == d.normal().String()
}

// normal is a condition with the same meaning: no And directly in an And, no
// constant in one, everything once and sorted; the same of Or.
func (c *Condition) normal() *Condition {
	if c.Op != And && c.Op != Or {
		return c
	}
	neutral := c.Op == And
	parts := map[string]*Condition{}
	add := func(part *Condition) { parts[part.String()] = part }
	for _, part := range c.Of {
		switch part = part.normal(); {
		case part.Op == Const && part.Bool == neutral:
		case part.Op == Const:
			return part
		case part.Op == c.Op:
			for _, inner := range part.Of {
				add(inner)
			}
		default:
			add(part)
		}
	}
	switch len(parts) {
	case 0:
		return &Condition{Op: Const, Bool: neutral}
	case 1:
		for _, part := range parts {
			return part
		}
	}
	keys := make([]string, 0, len(parts))
	for key := range parts {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	result := &Condition{Op: c.Op}
	for _, key := range keys {
		result.Of = append(result.Of, parts[key])
	}
	return result
}

func isOp(ops []Op, op Op) bool { return slices.Contains(ops, op) }
