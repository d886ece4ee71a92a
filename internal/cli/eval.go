package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/parser"
)

type evalOptions struct {
	streams      *Streams
	inputs       []string // files, or expressions with expr
	expr         bool
	attrs        []string
	args         []string // NAME=EXPR
	argStrings   []string // NAME=TEXT
	strict       bool
	json         bool
	xml          bool
	raw          bool
	parse        bool
	showTrace    bool
	model        modelFlags
	compat       string
	writeDrv     string // directory
	maxCallDepth int
	limits       limitFlags
}

func newEvalCommand(streams *Streams) *cobra.Command {
	o := &evalOptions{streams: streams}
	cmd := &cobra.Command{
		Use:   "eval [FILE | -E EXPR]...",
		Short: "Evaluate Nix and print the value",
		Long: `eval evaluates files or expressions and prints the values as
nix-instantiate --eval does. FILE is ./default.nix when none is given, and
standard input when it is "-".

A function is called with --arg and --argstr only when one of these or -A is
given, as by nix-instantiate. A value that would need a source that is not here
prints as <UNKNOWN ...>.`,
		Example: `  nixplan eval -E '1 + 2'
  nixplan eval ci.nix --argstr branch main -A neat-network
  nixplan eval --strict --json -E '{ a = [ 1 2 ]; }'
  nixplan eval --parse ci.nix
  nixplan eval --no-model -I nixpkgs=$HOME/src/nixpkgs -E '(import <nixpkgs> { }).lib.version'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.inputs = args
			return runEval(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.BoolVarP(&o.expr, "expr", "E", false, "the arguments are expressions, not files")
	flags.VarP((*stringList)(&o.attrs), "attr", "A", "select an attribute `PATH`; may be repeated")
	flags.Var((*stringList)(&o.args), "arg", "`NAME EXPR`: pass an argument to functions")
	flags.Var((*stringList)(&o.argStrings), "argstr", "`NAME TEXT`: pass a string to functions")
	flags.BoolVar(&o.strict, "strict", false, "evaluate everything inside the value")
	flags.BoolVar(&o.json, "json", false, "print JSON")
	flags.BoolVar(&o.xml, "xml", false, "print XML, without source positions")
	flags.BoolVar(&o.raw, "raw", false, "print a string as it is, without quotes and newline")
	flags.BoolVar(&o.parse, "parse", false, "print the syntax tree instead of evaluating")
	flags.BoolVar(&o.showTrace, "show-trace", false, "show the whole trace of errors")
	flags.StringVar(&o.compat, "compat", "", "follow an old `VERSION` of Nix where it differs: 2.8")
	flags.StringVar(&o.writeDrv, "write-drv", "", "write the derivations of the value, and all their inputs, to `DIR`; needs --no-model")
	flags.IntVar(&o.maxCallDepth, "max-call-depth", 10000, "how deep calls may nest")
	o.limits.register(flags, 0)
	o.model.register(cmd)
	complete(cmd, "compat", "2.8")
	cmd.MarkFlagsMutuallyExclusive("json", "xml", "raw", "parse")
	cmd.MarkFlagsMutuallyExclusive("parse", "write-drv")
	return cmd
}

func runEval(ctx context.Context, o *evalOptions) error {
	switch {
	case o.expr && len(o.inputs) == 0:
		return usagef("-E needs an expression")
	case len(o.inputs) == 0:
		o.inputs = []string{"default.nix"}
	}
	if o.compat != "" && o.compat != "2.8" {
		return usagef("unknown version %q for --compat: want 2.8", o.compat)
	}
	for _, arg := range append(o.args[:len(o.args):len(o.args)], o.argStrings...) {
		if !strings.Contains(arg, "=") {
			return usagef("--arg and --argstr take a name and a value")
		}
	}
	if o.writeDrv != "" && o.model.enabled() {
		return usagef("--write-drv needs --no-model: what is made of modelled sources is no real derivation")
	}
	if o.maxCallDepth < 1 {
		return usagef("--max-call-depth must be at least 1")
	}
	dir, err := workingDir()
	if err != nil {
		return err
	}
	ctx, done := o.limits.begin(ctx, o.streams)
	defer done()
	if o.parse {
		return o.printTrees(ctx, dir)
	}
	for _, entry := range o.model.searchPath("", dir) {
		if err := entry.Missing(nil); err != nil {
			fmt.Fprintf(o.streams.Err, "warning: %s\n", text.Line(err.Error()))
		}
	}
	limits := o.limits.limits()
	limits.CallDepth = o.maxCallDepth
	w, err := world.New(world.Config{
		SearchPath: o.model.searchPath(o.streams.Getenv("NIX_PATH"), dir),
		Getenv:     o.streams.Getenv,
		Home:       o.streams.Getenv("HOME"),
	})
	if err != nil {
		return err
	}
	ev := eval.New(ctx, eval.Options{
		World:           w,
		Model:           o.model.enabled(),
		Fetcher:         o.model.fetcher(o.streams),
		KeepDerivations: o.writeDrv != "",
		Compat28:        o.compat == "2.8",
		Limits:          limits,
		Stderr:          o.streams.Err,
		Now:             time.Now(),
		// Errors name files relative to the working directory.
		DisplayDir: dir,
	})
	e := &evaluation{evalOptions: o, ev: ev, dir: dir}
	if o.writeDrv != "" {
		if e.drvs, err = openDrvDir(o.writeDrv); err != nil {
			return err
		}
		defer e.drvs.root.Close()
	}
	if err := e.all(); err != nil {
		if exit := (*exitError)(nil); errors.As(err, &exit) {
			return err
		}
		list := eval.Diagnostics(err, diag.IDEvaluation)
		for _, d := range list {
			if !d.Range.Valid() {
				d.Range = ev.Root()
			}
		}
		return o.fail(list)
	}
	for _, assumption := range ev.Assumptions() {
		fmt.Fprintf(o.streams.Err, "note: assumed: %s\n", text.Line(assumption.Text))
	}
	return nil
}

// fail shows findings and ends the command.
func (o *evalOptions) fail(list diag.List) error {
	err := diag.WriteText(o.streams.Err, list.Records(), diag.TextOptions{
		Width: o.streams.width(),
		Trace: traceLength(o.showTrace),
	})
	if err != nil {
		return err
	}
	return errFindings
}

// printTrees is --parse.
func (o *evalOptions) printTrees(ctx context.Context, dir string) error {
	machine := value.NewMachine(ctx, o.limits.limits()) // nothing but what is charged runs on it
	trees := parser.Arena{Taking: func(bytes int) { machine.ChargeApart(int64(bytes)) }}
	var tree bytes.Buffer
	for _, input := range o.inputs {
		source, err := o.source(input)
		if err != nil {
			return err
		}
		var list diag.List
		tree.Reset()
		if err := machine.Catch(func() {
			var file *parser.File
			if file, list = trees.Parse(source); !list.HasErrors() {
				list = append(list, eval.Undefined(file)...)
			}
			if list.HasErrors() {
				return
			}
			base := dir
			if !o.expr && input != "-" {
				base = filepath.Dir(absolute(dir, source.Name))
			}
			machine.ChargeApart(int64(2 * len(source.Text))) // most take less
			parser.WriteNix(&tree, file, func(path *parser.Path) string { return o.resolve(path, base) })
			tree.WriteByte('\n')
		}); err != nil {
			list = eval.Diagnostics(err, diag.IDEvaluation)
			for _, d := range list {
				d.Range = diag.Range{Source: source}
			}
		}
		if list.HasErrors() {
			return o.fail(list)
		}
		if _, err := o.streams.Out.Write(tree.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// resolve is the absolute form of a path literal's first part in a file of
// directory base. It keeps a slash at the end, which only an interpolation can
// follow.
func (o *evalOptions) resolve(path *parser.Path, base string) string {
	first := path.Parts[0].Text
	resolved := absolute(base, first)
	if path.Kind == parser.HomePath {
		resolved = filepath.Join(o.streams.Getenv("HOME"), strings.TrimPrefix(first, "~"))
	}
	if strings.HasSuffix(first, "/") && resolved != "/" {
		resolved += "/"
	}
	return resolved
}

func absolute(base, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(base, path)
}

// source is the text of an input.
func (o *evalOptions) source(input string) (*diag.Source, error) {
	switch {
	case o.expr:
		return diag.NewSource("(string)", input), nil
	case input == "-":
		text, err := readProgram(o.streams.In, 0)
		if err != nil {
			return nil, usagef("cannot read standard input: %v", err)
		}
		return diag.NewSource("(stdin)", text), nil
	}
	file, err := fileOf(input)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size := 0
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		size = int(min(info.Size(), world.MaxFile))
	}
	text, err := readProgram(f, size)
	if err != nil {
		return nil, usagef("cannot read %s: %v", file, err)
	}
	return diag.NewSource(file, text), nil
}

// readProgram reads a text that has probably so many bytes.
func readProgram(r io.Reader, size int) (string, error) {
	var data bytes.Buffer
	data.Grow(size + bytes.MinRead) // ReadFrom wants so much to see the end
	_, err := data.ReadFrom(io.LimitReader(r, world.MaxFile+1))
	if err == nil && data.Len() > world.MaxFile {
		err = fmt.Errorf("it is larger than %d MiB", world.MaxFile>>20)
	}
	return data.String(), err
}

// fileOf is the file that a path stands for: of a directory, default.nix.
func fileOf(path string) (string, error) {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		path = filepath.Join(path, "default.nix")
		_, err = os.Stat(path)
	}
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		err = fmt.Errorf("%s: %w", path, pathErr.Err)
	}
	return path, err
}

// evaluation is one run of the command. Its methods return the evaluator's
// errors.
type evaluation struct {
	*evalOptions
	ev   *eval.Evaluator
	dir  string
	auto *value.Attrs
	drvs *drvDir // nil without --write-drv
}

func (e *evaluation) all() error {
	if err := e.autoArgs(); err != nil {
		return err
	}
	attrs := e.attrs
	if len(attrs) == 0 {
		attrs = []string{""}
	}
	for _, input := range e.inputs {
		root, err := e.root(input)
		if err != nil {
			return err
		}
		for _, path := range attrs {
			v, err := e.selectPath(root, path)
			if err != nil {
				return err
			}
			if e.drvs != nil {
				if err := e.drvs.write(e.ev, v); err != nil {
					return err
				}
			}
			if err := e.print(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// autoArgs makes the set of --arg and --argstr. Of two arguments with one name
// the later counts. An expression is evaluated when it is needed.
func (e *evaluation) autoArgs() error {
	var list []value.Attr
	for _, arg := range slices.Backward(e.argStrings) {
		name, text, _ := strings.Cut(arg, "=")
		list = append(list, value.Attr{Name: value.Intern(name), Value: value.NewString(text)})
	}
	for _, arg := range slices.Backward(e.args) {
		name, expr, _ := strings.Cut(arg, "=")
		v, err := e.ev.DelayText(diag.NewSource("(--arg "+name+")", expr), e.dir)
		if err != nil {
			return err
		}
		list = append(list, value.Attr{Name: value.Intern(name), Value: v})
	}
	e.auto = value.NewAttrsList(list)
	return nil
}

// root evaluates an input.
func (e *evaluation) root(input string) (value.Value, error) {
	switch {
	case e.expr || input == "-":
		source, err := e.source(input)
		if err != nil {
			return value.Value{}, err
		}
		return e.ev.EvalText(source, e.dir)
	case strings.HasPrefix(input, "<") && strings.HasSuffix(input, ">"):
		return e.ev.EvalText(diag.NewSource("(string)", "import "+input), e.dir)
	}
	file, err := fileOf(input)
	if err != nil {
		return value.Value{}, usagef("%v", err)
	}
	return e.ev.EvalFile(absolute(e.dir, file))
}
