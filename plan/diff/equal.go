package diff

import (
	"reflect"
	"slices"
	"sync"

	"github.com/nixplan/nixplan/plan"
)

// equality compares pairs of jobs, one after the other. Most jobs are the same on both
// sides, and then nothing of them has to be compared one by one.
type equality struct {
	before, after *plan.Job // the last pair, and what was found
	but           bool      // they are the same but for their conditions
	is            bool
}

// of reports whether two jobs are the same but for their state and where they are
// written. Made of the same lists as those before, as they often are for several
// refs, this takes no time.
func (e *equality) of(before, after *plan.Job) bool {
	if before == e.before && after == e.after {
		return e.is
	}
	if e.before == nil || !sameJob(before, e.before) || !sameJob(after, e.after) {
		e.but = sameJob(before, after)
	}
	e.before, e.after = before, after
	e.is = e.but && conditionText(&before.Condition) == conditionText(&after.Condition)
	return e.is
}

// sameJob compares all of two jobs but their states, positions and conditions.
func sameJob(x, y *plan.Job) bool {
	a, b := reflect.ValueOf(x).Elem(), reflect.ValueOf(y).Elem()
	for _, i := range ofJobs() {
		if !identical(a.Field(i), b.Field(i)) {
			return false
		}
	}
	return true
}

// ofJobs are the fields of a job that sameJob compares.
var ofJobs = sync.OnceValue(func() (list []int) {
	job := reflect.TypeFor[plan.Job]()
	for i := range job.NumField() {
		if !slices.Contains([]string{"State", "Position", "Condition"}, job.Field(i).Name) {
			list = append(list, i)
		}
	}
	return list
})

// identical compares two values of a type of package plan, in which nothing refers
// back. It is reflect.DeepEqual without the memory that this takes for each pair; an
// empty list is a list that is not there.
func identical(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.String: // most of what there is
		return a.String() == b.String()
	case reflect.Struct:
		for i := range a.NumField() {
			if !identical(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		if a.Pointer() == b.Pointer() {
			return true
		}
		for i := range a.Len() {
			if !identical(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() || a.Pointer() == b.Pointer() {
			return a.Pointer() == b.Pointer()
		}
		return identical(a.Elem(), b.Elem())
	}
	return a.Equal(b)
}
