package cli

import (
	"fmt"
	"io"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
)

// print writes a value in the form that the flags ask for.
func (e *evaluation) print(v value.Value) error {
	v, err := e.ev.Force(v)
	if err != nil {
		return err
	}
	if e.strict {
		if v, err = e.ev.DeepForce(v); err != nil {
			return err
		}
	}
	text, end := "", "\n"
	switch {
	case e.json:
		text, err = e.toJSON(v)
	case e.xml:
		text, err = e.ev.XML(v, e.strict)
		end = ""
	case e.raw:
		text, err = e.toString(v)
		end = ""
	default:
		text, err = e.ev.Print(v)
	}
	if err != nil {
		return err
	}
	if _, err := io.WriteString(e.streams.Out, text+end); err != nil {
		return usagef("cannot write the value: %v", err)
	}
	return nil
}

// toJSON is builtins.toJSON, which evaluates everything it meets.
func (e *evaluation) toJSON(v value.Value) (string, error) {
	return e.apply("builtins.toJSON", v)
}

// toString is interpolation, which takes strings and what stands for one.
func (e *evaluation) toString(v value.Value) (string, error) {
	return e.apply(`v: "${v}"`, v)
}

// apply calls a function, given as text, whose result is a string.
func (e *evaluation) apply(function string, v value.Value) (string, error) {
	f, err := e.ev.EvalText(diag.NewSource("(output)", function), e.dir)
	if err != nil {
		return "", err
	}
	if v, err = e.ev.Call(f, v); err != nil {
		return "", err
	}
	text, complete := eval.Known(v)
	if !complete {
		err = fmt.Errorf("a part of the value is not known: %s", text)
	}
	return text, err
}
