package hercules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
)

// When says at which times a scheduled job is made, in UTC. All that is given
// must hold; what is nil is left to the server (Minute, and one Hour a day) or
// puts no restriction.
type When struct {
	Minute     *int     // 0-59
	Hour       []int    // 0-23
	DayOfWeek  []string // "Mon" … "Sun"
	DayOfMonth []int    // 0-31
	// Needs are parts that are not known, by attribute name.
	Needs map[string]*value.Unknown
}

var weekdays = []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}

// when reads the attribute of that name, which may be missing or null, as may
// its parts.
func (t *tracked) when(config value.Value) *When {
	out := &When{}
	v := t.attr(config, "when")
	switch v.Kind() {
	case value.None, value.Null:
		return out
	case value.UnknownValue:
		out.need("when", v)
		return out
	case value.AttrSet:
	default:
		t.bad(config, "when", "must be a set, but is "+v.Kind().InWords())
		return out
	}
	if minutes := t.numbers(v, "minute", out, 59, true); minutes != nil {
		out.Minute = &minutes[0]
	}
	if hour := v.Attrs().Lookup("hour"); hour != nil {
		out.Hour = t.numbers(v, "hour", out, 23, t.attr(v, "hour").Kind() != value.List)
	}
	out.DayOfMonth = t.numbers(v, "dayOfMonth", out, 31, false)
	out.DayOfWeek = t.weekdays(v, out)
	return out
}

func (w *When) need(name string, v value.Value) {
	if w.Needs == nil {
		w.Needs = map[string]*value.Unknown{}
	}
	w.Needs[name] = v.Unknown()
}

// bad is an attribute with a value an agent refuses.
func (t *tracked) bad(set value.Value, name, problem string) { t.badElement(set, name, -1, problem) }

// badElement is an element of a list that an agent refuses; index is -1 when the
// list itself is meant.
func (t *tracked) badElement(set value.Value, name string, index int, problem string) {
	if t.err == nil {
		t.err = &value.Error{ID: diag.IDSchedule, Kind: value.TypeMismatch,
			At: written(set.Attrs().Lookup(name), index), Message: name + " " + problem}
	}
}

// elements are the forced elements of a list that must not be empty, or the one
// value itself; nil when the attribute is missing, null, unknown or wrong.
func (t *tracked) elements(set value.Value, name string, w *When, single bool) []value.Value {
	v := t.attr(set, name)
	switch {
	case v.Kind() == value.None || v.Kind() == value.Null:
		return nil
	case v.Kind() == value.UnknownValue:
		w.need(name, v)
		return nil
	case single:
		return []value.Value{v}
	case v.Kind() != value.List:
		t.bad(set, name, "must be a list, but is "+v.Kind().InWords())
		return nil
	case v.Len() == 0:
		t.bad(set, name, "must not be an empty list")
		return nil
	}
	var out []value.Value
	for i := range v.List() {
		elem, _, err := t.w.track(v.List()[i])
		if err != nil {
			t.err = err
			return nil
		}
		if elem.Kind() == value.UnknownValue {
			w.need(name, elem)
			return nil
		}
		out = append(out, elem)
	}
	return out
}

func (t *tracked) numbers(set value.Value, name string, w *When, most int64, single bool) []int {
	var out []int
	for i, v := range t.elements(set, name, w, single) {
		switch {
		case v.Kind() != value.Int:
			t.badElement(set, name, i, "must be a number, but is "+v.Kind().InWords())
			return nil
		case v.Int() < 0 || v.Int() > most:
			t.badElement(set, name, i, fmt.Sprintf("is %d, but must be from 0 to %d", v.Int(), most))
			return nil
		}
		out = append(out, int(v.Int()))
	}
	return out
}

func (t *tracked) weekdays(set value.Value, w *When) []string {
	var out []string
	for index, v := range t.elements(set, "dayOfWeek", w, false) {
		if v.Kind() != value.String {
			t.badElement(set, "dayOfWeek", index, "must be a list of strings, but has "+v.Kind().InWords())
			return nil
		}
		i := slices.IndexFunc(weekdays, func(day string) bool { return strings.EqualFold(day, v.Str()) })
		if i < 0 {
			t.badElement(set, "dayOfWeek", index, fmt.Sprintf("has %s, but must have %s", quote(v.Str()), strings.Join(weekdays, ", ")))
			return nil
		}
		out = append(out, weekdays[i])
	}
	return out
}
