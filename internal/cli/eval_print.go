package cli

import (
	"fmt"
	"io"

	"github.com/nixplan/nixplan/eval/value"
)

// print writes a value in the form that the flags ask for.
func (e *evaluation) print(v value.Value) error {
	v, err := e.ev.Force(v)
	if err != nil {
		return err
	}
	text, known, end := "", true, "\n"
	switch {
	case e.json:
		text, known, err = e.ev.JSON(v)
	case e.xml:
		text, err = e.ev.XML(v, e.strict)
		end = ""
	case e.raw:
		text, known, err = e.ev.Interpolated(v)
		end = ""
	default:
		if e.strict { // the other forms evaluate what they need
			v, err = e.ev.DeepForce(v)
		}
		if err == nil {
			text, err = e.ev.Print(v)
		}
	}
	if err != nil {
		return err
	}
	if !known {
		return fmt.Errorf("a part of the value is not known: %s", text)
	}
	if _, err := io.WriteString(e.streams.Out, text+end); err != nil {
		return usagef("cannot write the value: %v", err)
	}
	return nil
}
