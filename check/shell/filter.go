package shell

import (
	"errors"
	"strings"

	"github.com/itchyny/gojq"
)

// Filter is a jq filter that a script uses on secrets.
type Filter struct {
	Word
	// Error is why jq cannot read the filter; its range lies in the word.
	Error *SyntaxError

	query     *gojq.Query
	variables map[string]string // what --arg sets, with the dollar
}

// newFilter parses a filter that jq reads with before in front of it.
func newFilter(w Word, before string) *Filter {
	f := &Filter{Word: w}
	if !w.Static {
		return f
	}
	if _, err := gojq.Parse(before + w.Text); err != nil {
		f.Error = f.mistake(err, len(before))
		return f
	}
	f.query, _ = gojq.Parse(w.Text)
	if dash := dashed(f.query); dash != "" {
		f.Error = &SyntaxError{w.Range, "jq reads the dash as a minus: a name with a dash is written .\"" + dash + "\""}
	}
	return f
}

// mistake is what the parser says about a filter that has skip bytes in front
// of it.
func (f *Filter) mistake(err error, skip int) *SyntaxError {
	var parse *gojq.ParseError
	if !errors.As(err, &parse) {
		return nil
	}
	if strings.TrimSpace(f.Text) == "" {
		return &SyntaxError{f.Range, "the jq filter is missing"}
	}
	if parse.Token == "" {
		return &SyntaxError{f.part(len(f.Text), len(f.Text)), "the jq filter ends where more is expected"}
	}
	end := min(parse.Offset-skip, len(f.Text))
	start := max(0, end-len(parse.Token))
	message := "jq does not expect this here"
	if token := parse.Token; len(token) <= 2 || wordLike(token) {
		message = "jq does not expect " + token + " here"
	}
	return &SyntaxError{f.part(start, end), message}
}

// wordLike reports whether a token is a name or keyword short enough to repeat.
func wordLike(token string) bool {
	return len(token) <= 20 && strings.Trim(token, "abcdefghijklmnopqrstuvwxyz_.$@") == ""
}

// part is the range in the script of the bytes [start, end) of the filter.
func (f *Filter) part(start, end int) Range {
	if len(f.offsets) == 0 {
		return f.Range
	}
	at := func(i int) int {
		if i < len(f.offsets) {
			return f.offsets[i]
		}
		return f.offsets[len(f.offsets)-1] + 1
	}
	return Range{at(start), max(at(start), at(end))}
}

// dashed is the name that a filter like `.access-key` was meant to read, or "".
// jq takes it for a subtraction and fails, as there is no function "key".
func dashed(q *gojq.Query) string {
	if q == nil || q.Op != gojq.OpSub || q.Right.Term == nil || q.Right.Term.Type != gojq.TermTypeFunc || q.Left.Term == nil {
		return ""
	}
	f, left := q.Right.Term.Func, q.Left.Term
	if len(f.Args) > 0 || len(q.Right.Term.SuffixList) > 0 || left.Type != gojq.TermTypeIndex || left.Index.Name == "" || len(left.SuffixList) > 0 {
		return ""
	}
	if _, err := gojq.Compile(q.Right); err == nil || !strings.HasPrefix(err.Error(), "function not defined") {
		return ""
	}
	return left.Index.Name + "-" + f.Name
}

// fields lists the paths a filter reads. complete is false when it may read
// others, or all.
func (f *Filter) fields() (paths []Field, complete bool) {
	if f.query == nil || f.Error != nil {
		return nil, false
	}
	paths, complete = f.ofQuery(f.query)
	for _, p := range paths {
		if len(p.Path) == 0 {
			return nil, false // the whole input
		}
	}
	return paths, complete
}

// neutral are functions that change a value and neither accept null for it nor
// look at anything else.
var neutral = map[string]bool{
	"tostring": true, "fromjson": true, "tojson": true, "ascii_downcase": true, "ascii_upcase": true,
	"ltrimstr": true, "rtrimstr": true, "trim": true, "ltrim": true, "rtrim": true, "tonumber": true,
	"split": true, "join": true, "gsub": true, "sub": true, "length": true, "first": true, "last": true,
}

func (f *Filter) ofQuery(q *gojq.Query) ([]Field, bool) {
	if len(q.FuncDefs) > 0 || len(q.Imports) > 0 || len(q.Patterns) > 0 || q.Meta != nil {
		return nil, false
	}
	if q.Term != nil {
		return f.ofTerm(q.Term)
	}
	if q.Left == nil || q.Right == nil {
		return nil, false
	}
	left, ok := f.ofQuery(q.Left)
	if !ok {
		return nil, false
	}
	if q.Op == gojq.OpPipe {
		return f.piped(left, q.Right)
	}
	right, ok := f.ofQuery(q.Right)
	if !ok {
		return nil, false
	}
	switch q.Op {
	case gojq.OpComma:
		return append(left, right...), true
	case gojq.OpAlt, gojq.OpAdd: // null is nothing to either
		return optional(append(left, right...)), true
	}
	return nil, false
}

// piped is `left | right`.
func (f *Filter) piped(left []Field, right *gojq.Query) ([]Field, bool) {
	if right.Term != nil {
		switch t := right.Term; t.Type {
		case gojq.TermTypeFormat:
			if t.Str == nil {
				return left, true
			}
		case gojq.TermTypeFunc:
			if neutral[t.Func.Name] && len(t.SuffixList) == 0 {
				return left, true
			}
		}
	}
	further, ok := f.ofQuery(right)
	if !ok || len(left) != 1 {
		// Whatever right does, it works on what left gives. It may be content
		// with null.
		if mentionsVariable(right) {
			return nil, false
		}
		return optional(left), len(left) == 0 || len(left[0].Path) > 0
	}
	var paths []Field
	for _, p := range further {
		joined := append(append([]string(nil), left[0].Path...), p.Path...)
		paths = append(paths, field(joined, left[0].Optional || p.Optional))
	}
	if len(paths) == 0 {
		return optional(left), true
	}
	return paths, true
}

// mentionsVariable reports whether a query uses a jq variable, through which it
// could see more than its input.
func mentionsVariable(q *gojq.Query) bool { return strings.Contains(q.String(), "$") }

func field(path []string, optional bool) Field {
	f := Field{Path: path, Optional: optional}
	if len(path) > 0 {
		f.Name = path[0]
	}
	return f
}

func optional(list []Field) []Field {
	result := make([]Field, len(list))
	for i, f := range list {
		f.Optional = true
		result[i] = f
	}
	return result
}

func (f *Filter) ofTerm(t *gojq.Term) ([]Field, bool) {
	switch t.Type {
	case gojq.TermTypeIdentity:
		return f.suffixes(nil, t.SuffixList)
	case gojq.TermTypeIndex:
		key, ok := f.key(t.Index)
		if !ok {
			return nil, false
		}
		return f.suffixes([]string{key}, t.SuffixList)
	case gojq.TermTypeString, gojq.TermTypeFormat:
		if t.Str == nil || len(t.SuffixList) > 0 {
			return nil, false
		}
		var paths []Field
		for _, q := range t.Str.Queries {
			inner, ok := f.ofQuery(q)
			if !ok {
				return nil, false
			}
			paths = append(paths, inner...)
		}
		return paths, true
	case gojq.TermTypeQuery:
		if len(t.SuffixList) > 0 {
			return nil, false
		}
		return f.ofQuery(t.Query)
	case gojq.TermTypeTry:
		paths, ok := f.ofQuery(t.Try.Body)
		return optional(paths), ok && len(t.SuffixList) == 0
	case gojq.TermTypeFunc:
		switch t.Func.Name {
		case "empty", "null", "true", "false", "error":
			return nil, len(t.SuffixList) == 0
		}
	case gojq.TermTypeNull, gojq.TermTypeTrue, gojq.TermTypeFalse, gojq.TermTypeNumber:
		return nil, len(t.SuffixList) == 0
	}
	return nil, false
}

// suffixes follows `.b["c"]?` after a path. An index into a list ends the path.
func (f *Filter) suffixes(path []string, list []*gojq.Suffix) ([]Field, bool) {
	isOptional, ended := false, false
	for _, s := range list {
		switch {
		case s.Optional:
			isOptional = true
		case ended:
		case s.Iter || s.Index.IsSlice:
			ended = true
		default:
			if key, ok := f.key(s.Index); ok {
				path = append(path, key)
			} else if len(path) == 0 {
				return nil, false
			} else {
				ended = true
			}
		}
	}
	if len(path) == 0 && ended {
		return nil, false
	}
	return []Field{field(path, isOptional)}, true
}

// key is the name an index selects, when it is a constant or a known variable.
func (f *Filter) key(i *gojq.Index) (string, bool) {
	switch {
	case i.Name != "":
		return i.Name, true
	case i.Str != nil:
		return i.Str.Str, i.Str.Queries == nil
	case i.Start == nil || i.End != nil || i.IsSlice || i.Start.Term == nil || len(i.Start.Term.SuffixList) > 0:
		return "", false
	}
	switch t := i.Start.Term; t.Type {
	case gojq.TermTypeString:
		return t.Str.Str, t.Str.Queries == nil
	case gojq.TermTypeFunc:
		value, ok := f.variables[t.Func.Name]
		return value, ok
	}
	return "", false
}
