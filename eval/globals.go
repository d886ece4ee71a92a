package eval

import (
	"iter"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
)

// Symbols the evaluator itself looks up.
var (
	symBody      = value.Intern("body")
	symFunctor   = value.Intern("__functor")
	symName      = value.Intern("name")
	symModel     = value.Intern("__nixplan")
	symOutPath   = value.Intern("outPath")
	symOverrides = value.Intern("__overrides")
	symPath      = value.Intern("path")
	symPrefix    = value.Intern("prefix")
	symSuccess   = value.Intern("success")
	symToString  = value.Intern("__toString")
	symType      = value.Intern("type")
	symValue     = value.Intern("value")
)

// globals are builtins and the variables every file sees.
type globals struct {
	builtins *value.Attrs
	variable value.Value // builtins as a variable
	model    value.Value // what the files of the modelled world see besides
}

// globals makes them at first use: that was a fiftieth of the shortest runs.
func (ev *Evaluator) globals() *globals {
	if ev.globalScope == nil {
		ev.globalScope = ev.defineGlobals()
	}
	return ev.globalScope
}

func (ev *Evaluator) defineGlobals() *globals {
	g := &globals{model: ev.lazy(ev.modelBuiltins)}
	attrs := make([]value.Attr, 0, 128) // a little more than there are
	define := func(name string, v value.Value) {
		attrs = append(attrs, value.Attr{Name: value.Intern(name), Value: v})
	}
	for _, table := range primTables() {
		for i := range table {
			define(table[i].Name, value.NewPrim(&table[i]))
		}
	}
	define("true", value.True)
	define("false", value.False)
	define("null", value.NullValue)
	define("langVersion", value.NewInt(6))
	version := nixVersion
	if ev.as28(versionNumber) {
		version = "2.8.0"
	}
	define("nixVersion", value.NewString(version))
	define("storeDir", value.NewString(world.StoreDir))
	define("currentSystem", value.NewString(ev.opts.System))
	define("currentTime", value.NewInt(ev.now()))
	define("nixPath", ev.lazy(ev.nixPath))
	define("derivation", ev.lazy(ev.derivationFunction))
	// builtins.builtins is the set itself.
	define("builtins", ev.lazy(func(*value.Machine) value.Value { return g.variable }))
	g.builtins = value.NewAttrsList(attrs)
	g.variable = value.NewAttrs(g.builtins)
	return g
}

// lookup gives a variable's value, nil when there is none of the name.
func (g *globals) lookup(name string) *value.Value {
	if name == "builtins" {
		return &g.variable
	}
	hidden, ok := strings.CutPrefix(name, "__")
	if slices.Contains(bareNames, name) {
		hidden = name
	} else if !ok || hidden == "builtins" || slices.Contains(bareNames, hidden) {
		return nil
	}
	if a := g.builtins.Lookup(hidden); a != nil {
		return &a.Value
	}
	return nil
}

// names are those of all variables.
func (g *globals) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, a := range g.builtins.All() {
			name := a.Name.String()
			if name != "builtins" && !slices.Contains(bareNames, name) {
				name = "__" + name
			}
			if !yield(name) {
				return
			}
		}
	}
}

// nixVersion is what builtins.nixVersion says: the version whose language this is.
const nixVersion = "2.31.0"

func (ev *Evaluator) now() int64 {
	if ev.opts.Now.IsZero() {
		return 0
	}
	return ev.opts.Now.Unix()
}

// lazy is a value made on first use.
func (ev *Evaluator) lazy(f func(m *value.Machine) value.Value) value.Value {
	return ev.machine.NewThunk(goCode(f), nil)
}

// goCode is code written in Go.
type goCode func(m *value.Machine) value.Value

func (f goCode) At() value.Span                                     { return value.Span{} }
func (f goCode) Eval(m *value.Machine, _ *value.Env) value.Value    { return f(m) }
func (f goCode) Delay(m *value.Machine, env *value.Env) value.Value { return m.NewThunk(f, env) }

func (ev *Evaluator) nixPath(m *value.Machine) value.Value {
	var list []value.Value
	for _, e := range ev.world.SearchPath() {
		list = append(list, ev.Set(map[string]value.Value{"prefix": value.NewString(e.Prefix), "path": value.NewString(e.Path)}))
	}
	return value.NewList(list)
}
