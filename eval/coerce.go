package eval

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/nixplan/nixplan/eval/internal/numfmt"
	"github.com/nixplan/nixplan/eval/value"
)

// coercion says what a value may be turned into a string from, and how.
type coercion struct {
	// more also takes what toString and derivation attributes take: numbers,
	// booleans, null and lists.
	more bool
	// copyPaths copies a path to the store and gives the store path, with
	// context, as "${./x}" does; else a path gives its text.
	copyPaths bool
	at        value.Span // for errors
	what      string     // "interpolate in a string": completes "cannot … a set"
}

// addToString is what `+` does.
const addToString = "add to a string"

// coerce turns a value into a String, or an UnknownValue when it holds one.
func coerce(m *value.Machine, v value.Value, c coercion) value.Value {
	switch v.Kind() {
	case value.String, value.UnknownValue:
		return v
	case value.Path:
		if c.copyPaths {
			return host(m).copyToStore(m, v.Path(), c.at)
		}
		return value.NewString(v.Path())
	case value.AttrSet:
		return coerceSet(m, v, c)
	}
	if c.more {
		switch v.Kind() {
		case value.Bool:
			if v.Bool() {
				return value.NewString("1")
			}
			return value.NewString("")
		case value.Null:
			return value.NewStringContext("", v.Marks())
		case value.Int:
			return value.NewString(strconv.FormatInt(v.Int(), 10))
		case value.Float:
			return value.NewString(numfmt.FormatF(v.Float()))
		case value.List:
			return coerceList(m, v, c)
		}
	}
	c.fail(m, v)
	return value.Value{}
}

// fail says what cannot be turned into a string, and what may have been meant.
func (c coercion) fail(m *value.Machine, v value.Value) {
	what := c.what
	if what == "" {
		what = "coerce to a string"
	}
	help := ""
	switch v.Kind() {
	case value.Int, value.Float:
		help = "toString makes text of a number"
	case value.Bool:
		help = `write if … then "true" else "false"`
	case value.List:
		help = "builtins.concatStringsSep joins the elements of a list"
	case value.Lambda, value.PrimOp, value.PrimOpApp:
		help = "is an argument missing?"
	case value.AttrSet:
		if c.what == addToString {
			help = "to join two sets write //"
		}
	}
	m.Throw(&value.Error{Kind: value.TypeMismatch, At: c.at, Help: help, Message: "cannot " + what + ": " + describe(v)})
}

func coerceSet(m *value.Machine, v value.Value, c coercion) value.Value {
	m.Enter(nil)
	s := setText(m, v, c)
	m.Leave()
	return s
}

func setText(m *value.Machine, v value.Value, c coercion) value.Value {
	attrs := v.Attrs()
	if a := attrs.Get(symToString); a != nil {
		s := call(m, nil, m.Force(&a.Value), v)
		return coerce(m, s, c)
	}
	if a := attrs.Get(symOutPath); a != nil {
		return coerce(m, m.Force(&a.Value), c)
	}
	if u := attrs.Open(); u != nil {
		return value.NewUnknown(u.Derive("text of "+u.Origin, c.at))
	}
	c.fail(m, v)
	return value.Value{}
}

// coerceList joins the elements with spaces. An empty list as an element gives
// neither text nor a separator after it, as in Nix.
func coerceList(m *value.Machine, v value.Value, c coercion) value.Value {
	m.Enter(nil)
	list := v.List()
	var b textBuilder
	for i := range list {
		m.Step(1)
		elem := m.Force(&list[i])
		b.add(m, coerce(m, elem, c))
		if i < len(list)-1 && (elem.Kind() != value.List || elem.Len() != 0) {
			b.add(m, value.NewString(" "))
		}
	}
	m.Leave()
	return b.value(c.at)
}

// canonPath makes an absolute path canonical: no empty, "." or ".." components
// and no trailing slash. Symbolic links are left alone.
func canonPath(p string) string {
	if isCanonical(p) {
		return p
	}
	out := make([]byte, 0, len(p)+1)
	for part := range strings.SplitSeq(p, "/") {
		switch part {
		case "", ".":
		case "..":
			out = out[:max(0, bytes.LastIndexByte(out, '/'))]
		default:
			out = append(append(out, '/'), part...)
		}
	}
	if len(out) == 0 {
		return "/"
	}
	return string(out)
}

func isCanonical(p string) bool {
	if p == "/" {
		return true
	}
	if p == "" || p[0] != '/' || p[len(p)-1] == '/' {
		return false
	}
	return !strings.Contains(p, "//") && !strings.Contains(p, "/.")
}
