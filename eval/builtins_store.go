package eval

import (
	"github.com/nixplan/nixplan/eval/value"
)

// derivationFunction is the value of the variable `derivation`.
func (ev *Evaluator) derivationFunction(m *value.Machine) value.Value {
	return ev.ownModel(m, "derivation.nix")
}

// ownPath is the path of one of the model's own files.
func (ev *Evaluator) ownPath(name string) value.Value {
	ev.mountOwn()
	return value.NewPath(ownMount + "/" + name)
}

// hashIntoStore is the store path a tree of files has by its contents.
func (ev *Evaluator) hashIntoStore(m *value.Machine, path, name string, at value.Span) value.Value {
	failAt(m, value.NotSupported, at, "cannot copy '%s' to the store", path)
	return value.Value{}
}
