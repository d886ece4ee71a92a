package eval

import "github.com/nixplan/nixplan/eval/value"

// callFlake gives the outputs of a flake whose files are here.
func (ev *Evaluator) callFlake(m *value.Machine, dir string) value.Value {
	f := ev.ownModel(m, "call-flake.nix")
	return call(m, nil, f, ev.Set(map[string]value.Value{"root": value.NewPath(dir)}))
}

// flakeOutputs gives what is modelled of the outputs of a flake that is not here.
func (ev *Evaluator) flakeOutputs(m *value.Machine, source value.Value) value.Value {
	f := ev.ownModel(m, "call-flake.nix")
	return call(m, nil, f, ev.Set(map[string]value.Value{"source": source}))
}
