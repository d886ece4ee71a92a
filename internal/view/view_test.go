package view

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"gopkg.in/yaml.v3"

	"github.com/nixplan/nixplan/plan"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Each archive of testdata holds a plan, "plan.json", in which lists may be
// left out, and its rendering, "want". The comment's words set the options:
// "format=json width=60 all color". <ESC> stands for the escape character.
func TestPlan(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no test data", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p := readPlan(t, archive.Files[0].Data)
			var got bytes.Buffer
			if err := Plan(&got, p, readOptions(t, string(archive.Comment))); err != nil {
				t.Fatal(err)
			}
			escaped := strings.ReplaceAll(got.String(), "\x1b", "<ESC>")
			if *update {
				archive.Files = append(archive.Files[:1], txtar.File{Name: "want", Data: []byte(escaped)})
				if err := os.WriteFile(file, txtar.Format(archive), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(archive.Files[1].Data), escaped); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func readPlan(t *testing.T, document []byte) *plan.Plan {
	t.Helper()
	p := &plan.Plan{}
	if err := json.Unmarshal(document, p); err != nil {
		t.Fatal(err)
	}
	for i := range p.Jobs {
		if p.Jobs[i].Steps == nil {
			p.Jobs[i].Steps = plan.StepsOf(&p.Jobs[i], plan.StepOptions{})
		}
	}
	p.Normalize()
	return p
}

func readOptions(t *testing.T, comment string) Options {
	t.Helper()
	var o Options
	for _, word := range strings.Fields(comment) {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "format":
			format, err := ParseFormat(value, PlanFormats)
			if err != nil {
				t.Fatal(err)
			}
			o.Format = format
		case "width":
			o.Width, _ = strconv.Atoi(value)
		case "all":
			o.All = true
		case "color":
			o.Color = true
		default:
			t.Fatalf("unknown option %q", word)
		}
	}
	return o
}

// YAML holds exactly what JSON holds, for every plan of the test data.
func TestYAMLEqualsJSON(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p := readPlan(t, archive.Files[0].Data)
		p.ToolVersion = "1.0" // a string that YAML would take for a number
		var asJSON, asYAML bytes.Buffer
		if err := Plan(&asJSON, p, Options{Format: JSON}); err != nil {
			t.Fatal(err)
		}
		if err := Plan(&asYAML, p, Options{Format: YAML}); err != nil {
			t.Fatal(err)
		}
		var fromYAML any
		if err := yaml.Unmarshal(asYAML.Bytes(), &fromYAML); err != nil {
			t.Fatal(err)
		}
		back, err := json.Marshal(fromYAML)
		if err != nil {
			t.Fatal(err)
		}
		var want, got any
		if err := json.Unmarshal(asJSON.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(back, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", file, diff)
		}
	}
}

func TestParseFormat(t *testing.T) {
	if _, err := ParseFormat("xml", PlanFormats); err == nil || !strings.Contains(err.Error(), "human, json, yaml") {
		t.Errorf("got %v", err)
	}
}

// JSON and YAML do not drive a terminal either, and say the same all the same.
func TestDocumentsAreHarmless(t *testing.T) {
	const name = "c1\u009b31m \u202egnp \u2066x\u2069\x7f"
	p := &plan.Plan{Ref: name, Builds: []plan.Build{{Path: name}}}
	p.Normalize()
	for _, format := range []Format{JSON, YAML} {
		var out bytes.Buffer
		if err := Plan(&out, p, Options{Format: format}); err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexAny(out.String(), "\u009b\u202e\u2066\u2069\x7f"); i >= 0 {
			t.Errorf("%s: a raw character at %d: %q", format, i, out.String())
		}
		var document struct{ Ref string }
		if err := yaml.Unmarshal(out.Bytes(), &document); err != nil || document.Ref != name {
			t.Errorf("%s: %v: the ref is %q", format, err, document.Ref)
		}
	}
}
