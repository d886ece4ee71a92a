package nixopstest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Numbers of values that an option takes besides 0, 1, 2, ….
const oneOrMore = -1

// option is an option of a command line in Python's argparse.
type option struct {
	names []string // "-d", "--deployment"; the last one is its key
	nargs int
	kind  string // what a value must be: "" anything, "int"
}

func (o *option) key() string { return strings.TrimLeft(o.names[len(o.names)-1], "-") }

func opt(nargs int, names ...string) option { return option{names: names, nargs: nargs} }

// parser follows argparse where scripts notice: options may be abbreviated,
// values may not look like options, positionals that an option interrupts are
// not recognised, and errors have usage on standard error and status 2.
type parser struct {
	prog       string // "nixops deploy"
	options    []option
	positional string // the name of the positionals, "" when there are none
	required   bool   // at least one of them
}

// arguments is what a command line says.
type arguments struct {
	flags  map[string]bool
	values map[string][][]string // of each use of an option with values
	rest   []string              // the positionals
}

func (a *arguments) flag(key string) bool { return a.flags[key] }

// last is the value of an option with one value.
func (a *arguments) last(key string) string {
	if uses := a.values[key]; len(uses) > 0 {
		return uses[len(uses)-1][0]
	}
	return ""
}

// list is the values of the last use of an option; nil when it was not used.
func (a *arguments) list(key string) []string {
	if uses := a.values[key]; len(uses) > 0 {
		return uses[len(uses)-1]
	}
	return nil
}

// usageError is argparse's complaint.
type usageError struct{ prog, usage, message string }

func (e *usageError) Error() string {
	return fmt.Sprintf("%s\n%s: error: %s", e.usage, e.prog, e.message)
}

var negativeNumber = regexp.MustCompile(`^-\d+$|^-\d*\.\d+$`)

// find gives the option that an argument means, and the value that is joined to
// it by "=" or, after one letter, by nothing.
func (p *parser) find(arg string) (found *option, value string, joined bool, err error) {
	name, value, joined := strings.Cut(arg, "=")
	for i := range p.options {
		if slices.Contains(p.options[i].names, arg) {
			return &p.options[i], "", false, nil
		}
		if joined && slices.Contains(p.options[i].names, name) {
			return &p.options[i], value, true, nil
		}
	}
	if strings.HasPrefix(arg, "--") {
		var names []string
		for i := range p.options {
			for _, full := range p.options[i].names {
				if strings.HasPrefix(full, name) {
					names = append(names, full)
					found = &p.options[i]
				}
			}
		}
		if len(names) > 1 {
			return nil, "", false, p.failf("ambiguous option: %s could match %s", name, strings.Join(names, ", "))
		}
		return found, value, joined, nil
	}
	if len(arg) > 2 {
		for i := range p.options {
			if slices.Contains(p.options[i].names, arg[:2]) {
				return &p.options[i], arg[2:], true, nil
			}
		}
	}
	return nil, "", false, nil
}

// isValue tells what can be a value from what can only be an option.
func (p *parser) isValue(arg string) bool {
	if arg == "" || arg == "-" || arg[0] != '-' {
		return true
	}
	if found, _, _, err := p.find(arg); found != nil || err != nil {
		return false
	}
	return negativeNumber.MatchString(arg) || strings.Contains(arg, " ")
}

func (p *parser) parse(args []string) (*arguments, error) {
	out := &arguments{flags: map[string]bool{}, values: map[string][][]string{}}
	var unknown []string
	sawRest := false
	for i := 0; i < len(args); {
		if args[i] == "--" || p.isValue(args[i]) {
			chunk := p.chunk(args, &i)
			if p.positional == "" || sawRest {
				unknown = append(unknown, chunk...)
			} else {
				out.rest, sawRest = chunk, true
			}
			continue
		}
		o, value, joined, err := p.find(args[i])
		if err != nil {
			return nil, err
		}
		i++
		if o == nil {
			unknown = append(unknown, args[i-1])
			continue
		}
		values, err := p.values(o, args, &i, value, joined)
		if err != nil {
			return nil, err
		}
		out.flags[o.key()] = true
		if o.nargs != 0 {
			out.values[o.key()] = append(out.values[o.key()], values)
		}
	}
	if p.required && len(out.rest) == 0 && !out.flags["help"] {
		return nil, p.failf("the following arguments are required: %s", p.positional)
	}
	if len(unknown) > 0 {
		// The parser of the whole program finds these, so it is the one that speaks.
		return nil, &usageError{"nixops", mainUsage, "unrecognized arguments: " + strings.Join(unknown, " ")}
	}
	return out, nil
}

// chunk takes the values from args[*i] on; after "--" everything is one.
func (p *parser) chunk(args []string, i *int) []string {
	var out []string
	for *i < len(args) {
		if args[*i] == "--" {
			out = append(out, args[*i+1:]...)
			*i = len(args)
			break
		}
		if !p.isValue(args[*i]) {
			break
		}
		out = append(out, args[*i])
		*i++
	}
	return out
}

func (p *parser) values(o *option, args []string, i *int, value string, joined bool) ([]string, error) {
	name := "argument " + strings.Join(o.names, "/")
	var out []string
	switch {
	case joined && o.nargs == 0:
		return nil, p.failf("%s: ignored explicit argument '%s'", name, value)
	case joined:
		out = []string{value}
	}
	for !joined && *i < len(args) && (len(out) < o.nargs || o.nargs == oneOrMore) && args[*i] != "--" && p.isValue(args[*i]) {
		out = append(out, args[*i])
		*i++
	}
	switch {
	case o.nargs == oneOrMore && len(out) == 0:
		return nil, p.failf("%s: expected at least one argument", name)
	case o.nargs == 1 && len(out) < 1:
		return nil, p.failf("%s: expected one argument", name)
	case o.nargs > 1 && len(out) < o.nargs:
		return nil, p.failf("%s: expected %d arguments", name, o.nargs)
	}
	if o.kind == "int" && !regexp.MustCompile(`^[+-]?\d+$`).MatchString(out[0]) {
		return nil, p.failf("%s: invalid int value: '%s'", name, out[0])
	}
	return out, nil
}

func (p *parser) failf(format string, args ...any) error {
	return &usageError{p.prog, p.usage(), fmt.Sprintf(format, args...)}
}

func (p *parser) usage() string {
	var b strings.Builder
	b.WriteString("usage: " + p.prog)
	for _, o := range p.options {
		b.WriteString(" [" + o.names[0])
		switch meta := " " + strings.ToUpper(strings.ReplaceAll(o.key(), "-", "_")); o.nargs {
		case oneOrMore:
			b.WriteString(meta + " [" + strings.TrimSpace(meta) + " ...]")
		default:
			b.WriteString(strings.Repeat(meta, o.nargs))
		}
		b.WriteString("]")
	}
	if p.positional != "" {
		b.WriteString(" [" + p.positional + " ...]")
	}
	return b.String()
}
