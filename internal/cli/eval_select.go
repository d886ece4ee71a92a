package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nixplan/nixplan/eval/value"
)

// selectPath follows a selection path, as nix-instantiate's -A does: functions
// on the way are called with the automatic arguments, a number selects from a
// list, and the last value is called only when there are such arguments.
func (e *evaluation) selectPath(v value.Value, path string) (value.Value, error) {
	elements, err := splitAttrPath(path)
	if err != nil {
		return v, err
	}
	for _, element := range elements {
		if v, err = e.ev.AutoCall(v, e.auto); err != nil {
			return v, err
		}
		if v, err = e.selectOne(v, element, path); err != nil {
			return v, err
		}
		if v, err = e.ev.Force(v); err != nil {
			return v, err
		}
	}
	if e.auto.Len() > 0 {
		return e.ev.AutoCall(v, e.auto)
	}
	return v, nil
}

func (e *evaluation) selectOne(v value.Value, element, path string) (value.Value, error) {
	if index, err := strconv.ParseUint(element, 10, 31); err == nil {
		if v.Kind() != value.List {
			return v, fmt.Errorf("the expression selected by the selection path '%s' should be a list but is %s", path, v.Kind().InWords())
		}
		if int(index) >= v.Len() {
			return v, fmt.Errorf("list index %d in selection path '%s' is out of range", index, path)
		}
		return v.List()[index], nil
	}
	if v.Kind() != value.AttrSet && v.Kind() != value.UnknownValue {
		return v, fmt.Errorf("the expression selected by the selection path '%s' should be a set but is %s", path, v.Kind().InWords())
	}
	if element == "" {
		return v, fmt.Errorf("empty attribute name in selection path '%s'", path)
	}
	attr, ok := e.ev.Attr(v, element)
	if ok {
		return attr, nil
	}
	var names []string
	for _, a := range v.Attrs().ByName() {
		names = append(names, a.Name.String())
	}
	message := fmt.Sprintf("attribute '%s' in selection path '%s' not found", element, path)
	if hint := suggestion(element, names, ""); hint != "" {
		message += "; " + strings.ToLower(hint[:1]) + hint[1:]
	}
	return v, fmt.Errorf("%s", message)
}

// splitAttrPath splits at dots outside of double quotes. A dot at the end adds
// no empty element.
func splitAttrPath(path string) ([]string, error) {
	var elements []string
	var element strings.Builder
	quoted := false
	for i := range len(path) {
		switch c := path[i]; {
		case c == '"':
			quoted = !quoted
		case c == '.' && !quoted:
			elements = append(elements, element.String())
			element.Reset()
		default:
			element.WriteByte(c)
		}
	}
	if quoted {
		return nil, fmt.Errorf("missing closing quote in selection path '%s'", path)
	}
	if element.Len() > 0 {
		elements = append(elements, element.String())
	}
	return elements, nil
}
