package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
)

// reader reads the arguments of one effect. What is not known becomes an
// unknown of the job, what fails or is of the wrong type a finding; in both
// cases the reader's answer is the zero value.
type reader struct {
	b    *builder
	job  *plan.Job
	at   value.Span  // where the job is defined
	args value.Value // a set
	// given are those that the program gave, whose places are its own; none when
	// there is no more than args.
	given value.Value

	faults   []Fault
	taken    []Taken
	machines []Machine
	settings []*value.Attr
}

// fieldNames are the plan's names for arguments, where they differ by more than
// their spelling.
var fieldNames = map[string]string{
	"name":              plan.FieldDeployment,
	"NIXOPS_DEPLOYMENT": plan.FieldDeployment,
	"stateName":         plan.FieldStateName,
	"knownHostsName":    plan.FieldKnownHostsName,
}

// field spells an argument's name as plans spell fields: networkFiles is
// network_files.
func field(arg string) string {
	if name, ok := fieldNames[arg]; ok {
		return name
	}
	var b strings.Builder
	for _, c := range arg {
		if c >= 'A' && c <= 'Z' {
			b.WriteByte('_')
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}

// value is an argument in weak head normal form; none when it is missing,
// unknown or fails.
func (r *reader) value(name string) value.Value {
	attr, ok := r.b.ev.Attr(r.args, name)
	if !ok {
		return value.Value{}
	}
	return r.force(field(name), attr)
}

// force evaluates a part of the job that the plan calls field.
func (r *reader) force(field string, v value.Value) value.Value {
	out, err := r.b.ev.Force(v)
	switch {
	case err != nil:
		r.fail(field, err)
		return value.Value{}
	case out.Kind() == value.UnknownValue:
		r.unknown(field, out.Unknown())
		return value.Value{}
	}
	return out
}

func (r *reader) unknown(field string, u *value.Unknown) {
	found := r.b.unknown(field, u)
	for _, have := range r.job.Unknowns {
		if have.Field == field && have.Needs == found.Needs {
			return
		}
	}
	r.job.Unknowns = append(r.job.Unknowns, found)
}

// fail reports an argument that cannot be evaluated.
func (r *reader) fail(field string, err error) {
	for _, d := range r.b.findings(err, r.at) {
		if d.ID == idEvaluation { // others say what it means
			d.Detail = strings.TrimSpace(d.Detail + "\nThe plan lacks " + field + " because of this.")
		}
		r.b.report(r.job.Path, d)
	}
}

// wrong reports an argument of the wrong type.
func (r *reader) wrong(name, want string, got value.Value) {
	is := got.Kind().InWords()
	switch {
	case got.Kind() == value.String && got.Str() == "":
		is = "empty"
	case isDerivation(r.b.ev, got):
		is = "a derivation"
	}
	d := &diag.Diagnostic{
		ID:      idArgument,
		Summary: fmt.Sprintf("%s of %s must be %s, but is %s", name, r.job.Kind, want, is),
		Range:   r.at.Range(),
	}
	arg := name[strings.LastIndexByte(name, ' ')+1:] // "an element of networkFiles"
	for _, args := range []value.Value{r.given, r.args} {
		if args.Kind() != value.AttrSet {
			continue
		}
		if attr := args.Attrs().Lookup(arg); attr != nil {
			if at := attr.Pos.Span().Range(); at.Valid() && !eval.Internal(at) {
				d.Range = at // else the model has made it
				break
			}
		}
	}
	r.b.report(r.job.Path, d)
}

// text is an argument that Nix makes a string of; ok is false when it is
// missing, null or not known in full.
func (r *reader) text(name string) (text string, ok bool) {
	v := r.value(name)
	if v.Kind() == value.None || v.Kind() == value.Null {
		return "", false
	}
	return r.coerce(field(name), v)
}

func (r *reader) coerce(field string, v value.Value) (string, bool) {
	text, known, err := r.b.ev.Text(v)
	if err != nil {
		r.fail(field, err)
		return "", false
	}
	if !known {
		if u := unknownIn(r.b.ev, v); u != nil {
			r.unknown(field, u)
		}
	}
	return text, known
}

// unknownIn is what is not known of a value that makes an incomplete text.
func unknownIn(ev *eval.Evaluator, v value.Value) *value.Unknown {
	out, err := ev.Force(v)
	if err != nil {
		return nil
	}
	if out.Kind() == value.UnknownValue {
		return out.Unknown()
	}
	if inner, ok := ev.Attr(out, "outPath"); ok {
		return unknownIn(ev, inner)
	}
	return nil
}

// flag is a truth value, fallback when it is missing.
func (r *reader) flag(name string, fallback bool) bool {
	switch v := r.value(name); v.Kind() {
	case value.Bool:
		return v.Bool()
	case value.None, value.Null:
	default:
		r.wrong(name, "true or false", v)
	}
	return fallback
}

// texts is a list of strings. Elements that are not known become unknowns of
// the field and are left out, as are those that are null.
func (r *reader) texts(name string) []string {
	attr, ok := r.b.ev.Attr(r.args, name)
	if !ok {
		return nil
	}
	var elems []value.Value
	switch v := r.force(field(name), attr); v.Kind() {
	case value.None:
		elems = r.knownElems(attr)
	case value.Null:
		if r.joined(name) || name == networkFiles && r.job.Kind == plan.RunNixOps {
			r.wrong(name, "a list", v)
		}
	case value.List:
		elems = v.List()
	case value.String:
		if r.joined(name) {
			r.wrong(name, "a list", v)
			break
		}
		for word := range strings.FieldsSeq(v.Str()) { // as the script splits it
			elems = append(elems, value.NewString(word))
		}
	default:
		r.wrong(name, "a list", v)
	}
	var out []string
	for _, e := range elems {
		elem := r.force(field(name), e)
		if elem.Kind() == value.None {
			continue
		}
		if nothing := elem.Kind() == value.String && elem.Str() == ""; elem.Kind() == value.Null || nothing && name == networkFiles {
			r.wrong("an element of "+name, "the name of a file", elem)
			continue
		}
		if text, ok := r.coerce(field(name), elem); ok {
			out = append(out, text)
		}
	}
	return out
}

const networkFiles = "networkFiles"

// joined reports whether a list argument is joined to another one with ++. Of
// the others only the script sees what they are as a text.
func (r *reader) joined(name string) bool {
	switch name {
	case networkFiles:
		// Those of runNixOps2 are null unless they are given; see refuse there.
		v := r.value(name)
		return r.job.Prebuild && !(v.Kind() == value.Null && r.job.Kind == plan.RunNixOps2)
	case "deployOnlyNetworkFiles":
		return false
	}
	return r.job.Prebuild || name == "extraDeployArgs"
}

// knownElems are the elements of those parts of an unknown list that are known:
// `[ a b ] ++ optional unknown c` has two.
func (r *reader) knownElems(list value.Value) []value.Value {
	v, err := r.b.ev.Force(list)
	if err != nil || v.Kind() != value.UnknownValue {
		return nil
	}
	var elems []value.Value
	for _, part := range v.Unknown().Parts {
		if part.Kind() == value.List {
			elems = append(elems, part.List()...)
		}
	}
	return elems
}

// set is an attribute set, nil when it is missing or not known. An open set's
// missing names become an unknown of the field.
func (r *reader) set(name string) []*value.Attr {
	v := r.value(name)
	switch v.Kind() {
	case value.None, value.Null:
		return nil
	case value.AttrSet:
	default:
		r.wrong(name, "a set", v)
		return nil
	}
	if open := v.Attrs().Open(); open != nil {
		r.unknown(field(name), open)
	}
	return v.Attrs().ByName()
}

func sortedNames[V any](m map[string]V) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
