package nixopstest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nix-community/go-nix/pkg/nixbase32"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/internal/diag"
)

// network is what NixOps learns by evaluating the network files. nixplan's own
// evaluator reads them, in its modelled world: of NixOS only the options of
// deployment are looked at.
type network struct {
	description string
	storage     string            // NixOps 2: network.storage's one attribute
	stateName   string            // its stateName
	definitions map[string]string // resource → type
	hosts       map[string]string // machine → deployment.targetHost
	ports       map[string]string
	digest      string // of everything that was read, and the arguments
}

func (n *network) names() []string { return slices.Sorted(maps.Keys(n.definitions)) }

// storePath is a path in the store that changes with the network's files, and
// with the parts that are named.
func (n *network) storePath(name string, parts ...string) string {
	sum := sha256.Sum256([]byte(n.digest + name + strings.Join(parts, " ")))
	return "/nix/store/" + nixbase32.EncodeToString(sum[:20]) + "-" + name
}

// evaluation is the one evaluation of a network.
type evaluation struct {
	p       *process
	ev      *eval.Evaluator
	network *network
	args    map[string]value.Value
	seen    map[string]bool
	modules map[string][]value.Value // of machines
}

// evaluate reads the network files. Nix's complaints are progress.
func (p *process) evaluate(files, search []string, args map[string]string) (*network, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, osError(err)
	}
	var entries []world.SearchEntry
	for _, entry := range append(search, filepath.SplitList(p.getenv("NIX_PATH"))...) {
		prefix, path, ok := strings.Cut(entry, "=")
		if !ok {
			prefix, path = "", entry
		}
		entries = append(entries, world.SearchEntry{Prefix: prefix, Path: path})
	}
	w, err := world.New(world.Config{SearchPath: entries, Getenv: p.getenv, Home: p.getenv("HOME")})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	e := &evaluation{
		p: p, ev: eval.New(ctx, eval.Options{World: w, Model: true, Stderr: p.stderr}),
		network: &network{definitions: map[string]string{}, hosts: map[string]string{}, ports: map[string]string{}},
		args:    map[string]value.Value{}, seen: map[string]bool{}, modules: map[string][]value.Value{},
	}
	if err := e.all(files, args, dir); err != nil {
		p.progress("error: %s", err)
		return nil, sayf("evaluation of the deployment specification failed")
	}
	sum := sha256.New()
	reads := w.Reads()
	for _, path := range slices.Sorted(maps.Keys(reads)) {
		fmt.Fprintln(sum, filepath.Base(path), reads[path])
	}
	fmt.Fprintln(sum, pyMap(args))
	e.network.digest = fmt.Sprintf("%x", sum.Sum(nil))
	return e.network, nil
}

func (e *evaluation) all(files []string, args map[string]string, dir string) error {
	for _, name := range slices.Sorted(maps.Keys(args)) {
		v, err := e.text(args[name], dir)
		if err != nil {
			return err
		}
		e.args[name] = v
	}
	for _, file := range files {
		var v value.Value
		var err error
		switch {
		case strings.HasPrefix(file, "<"), strings.HasPrefix(file, "("):
			v, err = e.text(file, dir)
			if err == nil && v.Kind() == value.Path {
				file = v.Path()
				v, err = e.ev.EvalFile(file)
			}
		default:
			v, err = e.file(file)
		}
		if err == nil {
			err = e.expression(v, filepath.Dir(file))
		}
		if err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.modules)) {
		if err := e.machine(name); err != nil {
			return err
		}
	}
	return nil
}

func (e *evaluation) text(text, dir string) (value.Value, error) {
	return e.ev.EvalText(diag.NewSource("(string)", text), dir)
}

func (e *evaluation) file(path string) (value.Value, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return value.Value{}, fmt.Errorf("getting status of '%s': No such file or directory", path)
	}
	return e.ev.EvalFile(path)
}

// expression merges a network, or what its function gives, into what there is.
func (e *evaluation) expression(v value.Value, dir string) error {
	v, err := e.applied(v)
	if err != nil {
		return err
	}
	if v.Kind() != value.AttrSet {
		return fmt.Errorf("value is %s while a set was expected", v.Kind().InWords())
	}
	for _, a := range v.Attrs().ByName() {
		switch name := a.Name.String(); name {
		case "network":
			err = e.settings(a.Value)
		case "require":
			err = e.require(a.Value, dir)
		case "resources":
			err = e.resources(a.Value)
		case "_file":
		default:
			if !strings.HasPrefix(name, "__") {
				e.modules[name] = append(e.modules[name], a.Value)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// applied calls a network's function with all arguments, as NixOps does: one
// that it does not take is an error.
func (e *evaluation) applied(v value.Value) (value.Value, error) {
	v, err := e.ev.Force(v)
	if err != nil || !v.IsFunction() {
		return v, err
	}
	return e.ev.Call(v, e.ev.Set(e.args))
}

// attr is a value below v, forced; ok is false where nothing is, or nobody knows.
func (e *evaluation) attr(v value.Value, path ...string) (value.Value, bool, error) {
	v, err := e.ev.Force(v)
	for _, name := range path {
		if err != nil || v.Kind() != value.AttrSet {
			return value.Value{}, false, err
		}
		next, ok := e.ev.Attr(v, name)
		if !ok {
			return value.Value{}, false, nil
		}
		v, err = e.ev.Force(next)
	}
	return v, err == nil && v.Kind() != value.UnknownValue, err
}

func (e *evaluation) settings(v value.Value) error {
	description, ok, err := e.attr(v, "description")
	if err != nil {
		return err
	}
	if ok && description.Kind() == value.String {
		e.network.description = description.Str()
	}
	storage, ok, err := e.attr(v, "storage")
	if err != nil || !ok || storage.Kind() != value.AttrSet {
		return err
	}
	for _, a := range storage.Attrs().ByName() {
		e.network.storage = a.Name.String()
		if name, ok, err := e.attr(a.Value, "stateName"); err != nil {
			return err
		} else if ok && name.Kind() == value.String {
			e.network.stateName = name.Str()
		}
	}
	return nil
}

func (e *evaluation) require(v value.Value, dir string) error {
	list, ok, err := e.attr(v)
	if err != nil || !ok || list.Kind() != value.List {
		return err
	}
	for _, elem := range list.List() {
		v, err := e.ev.Force(elem)
		if err != nil {
			return err
		}
		path := ""
		switch v.Kind() {
		case value.Path:
			path = v.Path()
		case value.String:
			path = filepath.Join(dir, v.Str())
		}
		if path != "" {
			if e.seen[path] {
				continue
			}
			e.seen[path] = true
			if v, err = e.file(path); err != nil {
				return err
			}
		}
		if err := e.expression(v, dir); err != nil {
			return err
		}
	}
	return nil
}

// resourceTypes has the types whose names are not those of their attributes.
var resourceTypes = map[string]string{"sshKeyPairs": "ssh-keypair", "ec2KeyPairs": "ec2-keypair", "commandOutput": "command-output"}

func (e *evaluation) resources(v value.Value) error {
	v, ok, err := e.attr(v)
	if err != nil || !ok || v.Kind() != value.AttrSet {
		return err
	}
	for _, group := range v.Attrs().ByName() {
		kind := resourceTypes[group.Name.String()]
		if kind == "" {
			kind = strings.ToLower(strings.TrimSuffix(group.Name.String(), "s"))
		}
		members, ok, err := e.attr(group.Value)
		if err != nil {
			return err
		}
		if ok && members.Kind() == value.AttrSet && group.Name.String() != "machines" {
			for _, a := range members.Attrs().ByName() {
				e.network.definitions[a.Name.String()] = kind
			}
		}
	}
	return nil
}

// machine reads how a machine is reached. What depends on NixOS is not known and
// left out; what fails without it fails the evaluation.
func (e *evaluation) machine(name string) error {
	if name == "defaults" {
		return nil
	}
	n := e.network
	n.definitions[name], n.hosts[name], n.ports[name] = "none", name, "22"
	for _, module := range slices.Concat(e.modules["defaults"], e.modules[name]) {
		v, err := e.ev.Force(module)
		if err == nil && v.IsFunction() {
			v, err = e.ev.Call(v, e.unknowns(v, name))
		}
		if err == nil {
			err = e.options(name, v)
		}
		if failed, ok := errors.AsType[*value.Error](err); err != nil && (!ok || failed.Kind != value.Undetermined) {
			return err
		}
	}
	return e.p.knows(n.definitions[name])
}

func (e *evaluation) options(name string, v value.Value) error {
	n := e.network
	for option, into := range map[string]map[string]string{"targetEnv": n.definitions, "targetHost": n.hosts, "targetPort": n.ports} {
		v, ok, err := e.attr(v, "deployment", option)
		if err != nil {
			return err
		}
		switch {
		case ok && v.Kind() == value.String:
			into[name] = v.Str()
		case ok && v.Kind() == value.Int:
			into[name] = strconv.FormatInt(v.Int(), 10)
		}
	}
	return nil
}

// unknowns are the arguments of a NixOS module.
func (e *evaluation) unknowns(f value.Value, name string) value.Value {
	given := map[string]value.Value{}
	give := func(arg string) {
		given[arg] = value.NewUnknown(&value.Unknown{Origin: arg, Reason: "NixOS is not evaluated"})
	}
	if f.Kind() == value.Lambda && f.Closure().Fn.HasFormals {
		for _, formal := range f.Closure().Fn.Formals {
			if formal.Default == nil {
				give(formal.Name.String())
			}
		}
	}
	if f.Kind() != value.Lambda || !f.Closure().Fn.HasFormals || f.Closure().Fn.Ellipsis {
		for _, arg := range []string{"config", "lib", "modulesPath", "nodes", "options", "pkgs", "resources", "uuid", "deploymentName"} {
			give(arg)
		}
		given["name"] = value.NewString(name)
	} else if _, ok := given["name"]; ok {
		given["name"] = value.NewString(name)
	}
	return e.ev.Set(given)
}
