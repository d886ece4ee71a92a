package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/diag/hcldiag"
)

// Bounds of a configuration. The HCL parser takes 8 KiB of stack for each of
// the tokens that nest, so that a text of nothing else could use all there is.
const (
	maxFile    = 256 << 10 // bytes
	maxNesting = 5000      // tokens, however deep they are
)

// manual is the documentation of the format.
const manual = "https://github.com/nixplan/nixplan/blob/main/docs/configuration.md"

// Find reads the configuration of the repository at root (absolute), whose files
// are on disk; nil is this machine. top is the work tree of git that root lies in, or root.
// Where there is none it returns the zero Config, which is valid.
//
// What is wrong with the file is shown with its lines, so it must be one of the
// repository's, links followed.
func Find(disk *world.Disk, root, top string) (*Config, diag.List, error) {
	files, err := world.New(world.Config{Roots: []string{root, top}, Checkout: top, Disk: disk})
	if err != nil {
		return nil, nil, err
	}
	path := filepath.Join(root, FileName)
	if _, err := disk.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return &Config{files: files}, nil, nil
	}
	if err := inside(files, path); err != nil {
		return nil, nil, unreadable(FileName, err)
	}
	c, list, err := load(disk, path, FileName)
	if c != nil {
		c.files = files
	}
	return c, list, err
}

// ErrOutside says that something the repository names is none of its files.
var ErrOutside = errors.New("it lies outside the repository's files")

// inside refuses a file that is none of the repository's, links followed. What is not
// there is left to whoever reads it.
func inside(files *world.World, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	var restricted *world.RestrictedError
	if errors.As(files.Readable(path), &restricted) {
		return ErrOutside
	}
	return nil
}

func unreadable(name string, err error) error {
	return fmt.Errorf("cannot read the configuration %s: %w", name, err)
}

// Load reads a configuration. name is how findings call the file.
//
// What is wrong with its content is a list of findings, [diag.IDConfig], all of
// them errors; the Config then holds what could be understood. An error means
// that the file cannot be read.
func Load(path, name string) (*Config, diag.List, error) {
	return load(nil, path, name)
}

func load(disk *world.Disk, path, name string) (*Config, diag.List, error) {
	text, err := read(disk, path)
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		return nil, nil, unreadable(name, err)
	}
	c, list := parse(text, name)
	c.path = path
	return c, list, nil
}

func read(disk *world.Disk, path string) ([]byte, error) {
	// Opening a pipe would wait for its other end.
	info, err := disk.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	file, err := disk.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("larger than %d KiB", maxFile>>10)
	}
	return text, err
}

func parse(text []byte, name string) (*Config, diag.List) {
	c := &Config{source: diag.NewSource(name, string(text))}
	if d := tooNested(text, c.source); d != nil {
		return c, diag.List{d}
	}
	file, diagnostics := hclsyntax.ParseConfig(text, name, hcl.InitialPos)
	if !diagnostics.HasErrors() {
		diagnostics = withoutConsequences(decodeBody(file.Body, reflect.ValueOf(c).Elem()))
	}
	list := hcldiag.FromHCL(diagnostics, map[string]*diag.Source{name: c.source})
	for _, d := range list {
		if !strings.Contains(d.Detail, "Did you mean") {
			d.Help = "every setting is described at " + manual
		}
	}
	if len(list) == 0 {
		list = c.validate(file.Body.(*hclsyntax.Body))
	}
	list.Sort()
	return c, list
}

// withoutConsequences drops findings that an expression gives no value of the
// right type when others say why: it names a variable, say.
func withoutConsequences(all hcl.Diagnostics) hcl.Diagnostics {
	return slices.DeleteFunc(slices.Clone(all), func(d *hcl.Diagnostic) bool {
		return d.Context != nil && slices.ContainsFunc(all, func(cause *hcl.Diagnostic) bool {
			return cause != d && cause.Subject != nil && cause.Expression != nil && d.Expression == nil &&
				cause.Subject.Start.Byte >= d.Context.Start.Byte && cause.Subject.End.Byte <= d.Context.End.Byte
		})
	})
}

func tooNested(text []byte, source *diag.Source) *diag.Diagnostic {
	tokens, _ := hclsyntax.LexConfig(text, source.Name, hcl.InitialPos) // the parser reports what is wrong
	n := 0
	for _, token := range tokens {
		switch token.Type {
		case hclsyntax.TokenOBrack, hclsyntax.TokenOBrace, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp,
			hclsyntax.TokenTemplateControl, hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenQuestion:
			n++
		}
		if n > maxNesting {
			return &diag.Diagnostic{
				ID: diag.IDConfig, Severity: diag.Error,
				Range:   diag.Range{Source: source, Start: int32(token.Range.Start.Byte), End: int32(token.Range.End.Byte)},
				Summary: fmt.Sprintf("more than %d brackets and operators", maxNesting),
				Help:    "a configuration is a list of settings, see " + manual,
			}
		}
	}
	return nil
}
