package eval_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// The corpus is described in testdata/corpus/README.md.
const corpusDir = "testdata/corpus"

// answer is what an evaluator says about an expression: a printed value, or the
// class of an error with a message for people.
type answer struct {
	Value   string
	Class   string
	Message string
}

// same compares what goldens fix: values to the byte, errors by class.
func (a answer) same(b answer) bool { return a.Value == b.Value && a.Class == b.Class }

func (a answer) String() string {
	if a.Class == "" {
		return a.Value
	}
	return strings.TrimSpace("error: " + a.Class + "\n" + a.Message)
}

// answerClasses are the classes goldens may name.
var answerClasses = []string{"throw", "assert", "abort", "type", "undefined-variable", "missing-attribute", "missing-argument",
	"unexpected-argument", "infinite-recursion", "division-by-zero", "syntax", "duplicate", "not-found", "out-of-range", "regex",
	"json", "overflow", "stack-overflow", "other"}

// expression is one NAME.nix with its goldens.
type expression struct {
	Archive, Name, Source string
	Golden                *answer // Nix 2.8's; nil before the first -update
	Head                  *answer // today's Nix's where it differs
	Reason                string  // why it differs, from exceptions.txt
	HeadOnly              bool    // nixplan's 2.8 mode gives Head as well
}

func (e *expression) id() string { return e.Archive + "/" + e.Name }

// want is what nixplan must say.
func (e *expression) want() *answer {
	if e.Head != nil {
		return e.Head
	}
	return e.Golden
}

// corpusArchive is one txtar of the corpus.
type corpusArchive struct {
	Name, File  string
	Comment     []byte
	Expressions []*expression
	Extra       []txtar.File // files/…, for expressions that read files
}

// readCorpus reads all archives and checks their form.
func readCorpus(t *testing.T) []*corpusArchive {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(corpusDir, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no corpus")
	}
	reasons := readExceptions(t)
	var archives []*corpusArchive
	for _, file := range files {
		a, err := readArchive(file)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		archives = append(archives, a)
		for _, e := range a.Expressions {
			e.Reason = reasons[e.id()]
			delete(reasons, e.id())
			if reason, ok := reasons[e.id()+"*"]; ok {
				e.Reason, e.HeadOnly = reason, true
				delete(reasons, e.id()+"*")
			}
			switch {
			case e.Head == nil && e.Reason != "":
				t.Errorf("%s is in exceptions.txt but has no %s.head", e.id(), e.Name)
			case e.Head != nil && e.Reason == "":
				t.Errorf("%s has a %s.head but no line in exceptions.txt", e.id(), e.Name)
			case e.Head != nil && e.Golden != nil && e.Head.same(*e.Golden):
				t.Errorf("%s: %s.head equals the golden", e.id(), e.Name)
			}
		}
	}
	for id := range reasons {
		t.Errorf("exceptions.txt names %s, which does not exist", id)
	}
	return archives
}

func readArchive(file string) (*corpusArchive, error) {
	parsed, err := txtar.ParseFile(file)
	if err != nil {
		return nil, err
	}
	a := &corpusArchive{Name: strings.TrimSuffix(filepath.Base(file), ".txtar"), File: file, Comment: parsed.Comment}
	byName := map[string]*expression{}
	for _, f := range parsed.Files {
		if strings.HasPrefix(f.Name, "files/") {
			a.Extra = append(a.Extra, f)
			continue
		}
		ext := filepath.Ext(f.Name)
		name := strings.TrimSuffix(f.Name, ext)
		e := byName[name]
		if ext == ".nix" {
			if e != nil {
				return nil, fmt.Errorf("%s twice", f.Name)
			}
			e = &expression{Archive: a.Name, Name: name, Source: string(f.Data)}
			byName[name] = e
			a.Expressions = append(a.Expressions, e)
			continue
		}
		if e == nil {
			return nil, fmt.Errorf("%s comes before %s.nix", f.Name, name)
		}
		golden, err := readAnswer(ext, string(f.Data))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		field := &e.Golden
		if ext == ".head" {
			field = &e.Head
		}
		if *field != nil {
			return nil, fmt.Errorf("%s: a second golden", f.Name)
		}
		*field = golden
	}
	return a, nil
}

func readAnswer(ext, text string) (*answer, error) {
	text = strings.TrimSuffix(text, "\n")
	isError := ext == ".err"
	if ext == ".head" {
		text, isError = strings.CutPrefix(text, "error: ")
	}
	switch {
	case ext != ".out" && ext != ".err" && ext != ".head":
		return nil, errors.New("not .nix, .out, .err, .head or files/…")
	case !isError:
		return &answer{Value: text}, nil
	}
	class, message, _ := strings.Cut(text, "\n")
	if !slices.Contains(answerClasses, class) {
		return nil, fmt.Errorf("no error class %q", class)
	}
	return &answer{Class: class, Message: message}, nil
}

// readExceptions reads lines `archive/name: reason`, or `archive/name*: reason`
// for what nixplan's 2.8 mode does not follow 2.8 in.
func readExceptions(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(corpusDir, "exceptions.txt"))
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, reason, ok := strings.Cut(line, ": ")
		if !ok || reasons[id] != "" {
			t.Fatalf("exceptions.txt: bad or second line %q", line)
		}
		reasons[id] = reason
	}
	return reasons
}

// extract writes the archive's expressions and extra files to a new directory.
func (a *corpusArchive) extract(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range a.Expressions {
		write(e.Name+".nix", []byte(e.Source))
	}
	for _, f := range a.Extra {
		write(f.Name, f.Data)
	}
	return dir
}

// format is the archive's text.
func (a *corpusArchive) format() []byte {
	out := &txtar.Archive{Comment: a.Comment}
	add := func(name, text string) {
		out.Files = append(out.Files, txtar.File{Name: name, Data: []byte(text)})
	}
	for _, e := range a.Expressions {
		add(e.Name+".nix", e.Source)
		switch g := e.Golden; {
		case g == nil:
		case g.Class == "":
			add(e.Name+".out", g.Value+"\n")
		default:
			add(e.Name+".err", strings.TrimSpace(g.Class+"\n"+g.Message)+"\n")
		}
		if h := e.Head; h != nil {
			add(e.Name+".head", h.String()+"\n")
		}
	}
	out.Files = append(out.Files, a.Extra...)
	return txtar.Format(out)
}
