package eval

import (
	"slices"

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

// defineGlobals makes builtins and the variables every file sees.
func (ev *Evaluator) defineGlobals() {
	const room = 128 // a little more than there are
	builtins, globals := make([]value.Attr, 0, room), make([]value.Attr, 0, room)
	define := func(name string, v value.Value) {
		builtins = append(builtins, value.Attr{Name: value.Intern(name), Value: v})
		if !slices.Contains(bareNames, name) {
			name = "__" + name
		}
		globals = append(globals, value.Attr{Name: value.Intern(name), Value: v})
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
	ev.builtins = value.NewAttrsList(builtins)
	// builtins.builtins is the set itself.
	self := value.Attr{Name: value.Intern("builtins"), Value: ev.lazy(func(*value.Machine) value.Value { return value.NewAttrs(ev.builtins) })}
	ev.builtins = value.NewAttrsList(append(ev.builtins.All(), self))
	globals = append(globals, value.Attr{Name: value.Intern("builtins"), Value: value.NewAttrs(ev.builtins)})
	ev.globals = value.NewAttrsList(globals)
	ev.builtinsSlot = &ev.globals.Lookup("builtins").Value
	ev.modelScope = ev.lazy(ev.modelBuiltins)
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
