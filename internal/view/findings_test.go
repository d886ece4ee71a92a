package view

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/tools/txtar"

	"github.com/nixplan/nixplan/internal/diag"
)

// reports are the reports that every format is tested with.
var reports = map[string]*Report{
	"nothing": {ToolVersion: "1.2.3", Rules: testRules},
	"neat":    neatReport(),
	"hostile": hostileReport(),
}

var testRules = []Rule{
	{
		ID: "NP203", Name: "not-a-ref", Summary: "A ref is compared with something that is no full ref name.",
		Description: "Such a comparison is always false.", Severity: "error", HelpURI: "https://example.org/NP203",
	},
	{ID: "NP205", Name: "false-for-tags", Summary: "A condition is false for every tag.", Severity: "warning", HelpURI: "https://example.org/NP205"},
}

// at is the n-th place of a text in a source, n from 0.
func at(source *diag.Source, words string, n int) diag.Range {
	start := 0
	for ; ; n-- {
		start += strings.Index(source.Text[start:], words)
		if n == 0 {
			return diag.Range{Source: source, Start: int32(start), End: int32(start + len(words))}
		}
		start += len(words)
	}
}

func findingsOf(list diag.List) []Finding {
	var findings []Finding
	for _, record := range list.Records() {
		findings = append(findings, Finding{Record: record})
	}
	return findings
}

func neatReport() *Report {
	ci := diag.NewSource("nix/ci.nix", "{ src }:\n{\n  a = src.ref == \"production\";\n\ta = src.ref == \"production\";\n  é = if true\n    then 1 else 2;\n}\n")
	list := diag.List{
		{ID: "NP105", Severity: diag.Note, Summary: "no place at all", Help: "give it one"},
		{
			ID: "NP203", Severity: diag.Error, Range: at(ci, `"production"`, 0),
			Summary: "src.ref is compared with \"production\", which is no full ref name",
			Detail:  "src.ref is a full name, as refs/heads/main.",
			Help:    "write refs/heads/production",
			Related: []diag.Related{{Range: at(ci, "src", 0), Message: "src comes from here"}, {Message: "another remark"}},
			Trace:   []diag.Related{{Range: at(ci, "a =", 0), Message: "while evaluating a"}, {Message: "while calling the file"}},
			Fix: &diag.Fix{Summary: "write refs/heads/production", Edits: []diag.Edit{
				{Range: diag.Range{Source: ci, Start: at(ci, "production", 0).Start, End: at(ci, "production", 0).Start}, Text: "refs/heads/"},
			}},
		},
		{ID: "NP203", Severity: diag.Error, Range: at(ci, `"production"`, 1), Summary: "the same words on another line"},
		{ID: "NP205", Severity: diag.Warning, Range: at(ci, "if true\n    then", 0), Summary: "two lines, after a letter of two bytes"},
	}
	allowed := (&diag.Diagnostic{ID: "NP205", Severity: diag.Warning, Range: at(ci, "1", 0), Summary: "a tag makes this false"}).Record()
	findings := findingsOf(list)
	findings[1].Attrs, findings[1].Refs = []string{"a", "b"}, []string{"refs/heads/main"}
	return &Report{
		ToolVersion: "1.2.3", Findings: findings, Rules: testRules,
		Suppressed: []Suppressed{{Finding: Finding{Record: allowed}, Reason: "tags never deploy", By: at(ci, "then", 0).Place()}},
	}
}

func hostileReport() *Report {
	odd := diag.NewSource("a b:c,d%|`*.nix", "\"é日🚀\" == x\n\xff == x\n"+strings.Repeat("x", 600)+" == long\n")
	absolute := diag.NewSource("/tmp/x y.nix", "x")
	edit := func(r diag.Range) *diag.Fix {
		return &diag.Fix{Summary: "change it", Edits: []diag.Edit{{Range: r, Text: "\"\n"}}}
	}
	list := diag.List{
		{ID: "NP1", Range: at(odd, "== x", 0), Fix: edit(at(odd, "== x", 0)), Summary: "a\nb\r::error::100% \x1b[31m | `x` @team #12 <b>&amp;</b> [l](http://x)", Detail: "one\ntwo"},
		{ID: "NP1", Range: at(odd, "== x", 1), Fix: edit(at(odd, "== x", 1)), Summary: "behind a byte that is no UTF-8"},
		{ID: "NP1", Range: at(odd, "== long", 0), Summary: "far out in a long line"},
		{ID: "NP2", Severity: diag.Warning, Range: at(absolute, "x", 0), Summary: "https://user:hunter2@example.org"},
	}
	return &Report{ToolVersion: "devel", Findings: findingsOf(list)}
}

func render(t *testing.T, r *Report, format Format) string {
	t.Helper()
	var out bytes.Buffer
	if err := Findings(&out, r, FindingOptions{Format: format}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// The archives of testdata/findings hold a report in each format.
func TestFindings(t *testing.T) {
	for name, report := range reports {
		file := filepath.Join("testdata", "findings", name+".txtar")
		archive := &txtar.Archive{}
		for _, format := range FindingFormats {
			archive.Files = append(archive.Files, txtar.File{Name: string(format), Data: []byte(render(t, report, format))})
		}
		got := txtar.Format(archive)
		if *update {
			if err := os.WriteFile(file, got, 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestNoCredentials(t *testing.T) {
	for _, format := range FindingFormats {
		if strings.Contains(render(t, reports["hostile"], format), "hunter2") {
			t.Errorf("%s shows a password", format)
		}
	}
}

// sarifLogSchema gives the standard's own schema. It is not in this repository; the
// library imported here has it as a constant of its own.
func sarifLogSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	library := reflect.TypeFor[sarif.Report]().PkgPath()
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", library).Output()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(strings.TrimSpace(string(dir)), "schema.go")
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var schema string
	ast.Inspect(parsed, func(node ast.Node) bool {
		if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING && len(literal.Value) > len(schema) {
			schema = literal.Value
		}
		return true
	})
	if schema, err = strconv.Unquote(schema); err != nil {
		t.Fatal(err)
	}
	document := readJSON(t, schema)
	if title := document.(map[string]any)["title"]; title != "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema" {
		t.Fatalf("the schema is %q", title)
	}
	return compileSchema(t, document)
}

func TestSARIFIsValid(t *testing.T) {
	compiled := sarifLogSchema(t)
	for name, report := range reports {
		if err := compiled.Validate(readJSON(t, render(t, report, SARIF))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	valid := render(t, reports["neat"], SARIF)
	for _, spoil := range [][2]string{
		{`"level": "error"`, `"level": "bad"`},
		{`"version": "2.1.0"`, `"version": "2.1"`},
		{`"startLine": 3`, `"startLine": 0`},
		{`"ruleIndex"`, `"ruleNumber"`},
	} {
		if document := strings.ReplaceAll(valid, spoil[0], spoil[1]); document == valid || compiled.Validate(readJSON(t, document)) == nil {
			t.Errorf("a log with %s is accepted", spoil[1])
		}
	}
}

func compileSchema(t *testing.T, schema any) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("schema.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func readJSON(t *testing.T, document string) any {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func readJSONFile(t *testing.T, path string) any {
	t.Helper()
	document, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return readJSON(t, string(document))
}

// The published schema describes every field that is written, and forbids what
// it must. Readers are to ignore fields they do not know; here there are none.
func TestFindingsJSONIsValid(t *testing.T) {
	schema := readJSONFile(t, "../../docs/findings.schema.json")
	closeObjects(schema)
	compiled := compileSchema(t, schema)
	for name, report := range reports {
		if err := compiled.Validate(readJSON(t, render(t, report, JSON))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	valid := render(t, reports["neat"], JSON)
	for _, spoil := range [][2]string{
		{`"severity": "error"`, `"severity": "bad"`},
		{`"fingerprint": "`, `"fingerprint": "-`},
		{`"reason"`, `"because"`},
		{`"format_version": "1.0"`, `"format_version": "2.0"`},
	} {
		if document := strings.ReplaceAll(valid, spoil[0], spoil[1]); document == valid || compiled.Validate(readJSON(t, document)) == nil {
			t.Errorf("a document with %s is accepted", spoil[1])
		}
	}
}

// closeObjects forbids properties that the schema does not describe.
func closeObjects(schema any) {
	switch schema := schema.(type) {
	case map[string]any:
		if _, ok := schema["properties"]; ok {
			schema["additionalProperties"] = false
		}
		for _, part := range schema {
			closeObjects(part)
		}
	case []any:
		for _, part := range schema {
			closeObjects(part)
		}
	}
}

// testdata/codeclimate.schema.json says in our words what Code Climate's
// specification and GitLab's documentation ask for.
func TestCodeClimateIsValid(t *testing.T) {
	compiled := compileSchema(t, readJSONFile(t, "testdata/codeclimate.schema.json"))
	for name, report := range reports {
		if err := compiled.Validate(readJSON(t, render(t, report, CodeClimate))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	valid := render(t, reports["neat"], CodeClimate)
	for _, spoil := range [][2]string{
		{`"severity": "major"`, `"severity": "error"`},
		{`"begin": 3`, `"begin": 0`},
		{`"path": "nix/ci.nix"`, `"path": "./nix/ci.nix"`},
		{`"description"`, `"summary"`},
	} {
		if document := strings.ReplaceAll(valid, spoil[0], spoil[1]); document == valid || compiled.Validate(readJSON(t, document)) == nil {
			t.Errorf("a report with %s is accepted", spoil[1])
		}
	}
}

func TestFingerprints(t *testing.T) {
	const before = "{\n  a = x;\n  b = x;\n}\n"
	of := func(name, text, words string, n int, id string) string {
		d := diag.Diagnostic{ID: id, Range: at(diag.NewSource(name, text), words, n)}
		return newFingerprints().of(d.Record())
	}
	a := of("ci.nix", before, "a = x", 0, "NP1")
	for _, same := range []struct{ why, text string }{
		{"lines before it", "# one\n# two\n" + before},
		{"indentation", "{\n\t\ta  =  x;\n}\n"},
		{"column", "{\n  a = x;"},
	} {
		words := "a = x"
		if !strings.Contains(same.text, words) {
			words = "a  =  x"
		}
		if of("ci.nix", same.text, words, 0, "NP1") != a {
			t.Errorf("%s changed it", same.why)
		}
	}
	for _, other := range []string{
		of("ci.nix", before, "b = x", 0, "NP1"),
		of("other.nix", before, "a = x", 0, "NP1"),
		of("ci.nix", before, "a = x", 0, "NP2"),
	} {
		if other == a {
			t.Error("two findings share one")
		}
	}
	for name, report := range reports {
		prints := newFingerprints()
		var all []string
		for _, finding := range report.Findings {
			all = append(all, prints.of(finding.Record))
		}
		slices.Sort(all)
		if len(slices.Compact(all)) != len(report.Findings) {
			t.Errorf("%s: findings share one", name)
		}
	}
}

func TestCharacters(t *testing.T) {
	source := diag.NewSource("x", "é日🚀 = x;\nyy\n\xff = z;\n"+strings.Repeat("é", 400)+" = w\n")
	tests := []struct {
		name string
		at   diag.Range
		want span
	}{
		{"after wide letters", at(source, "x", 0), span{1, 7, 1, 8}},
		{"a wide letter", at(source, "🚀", 0), span{1, 3, 1, 4}},
		{"over two lines", at(source, "x;\nyy", 0), span{1, 7, 2, 0}},
		{"nothing", diag.Range{Source: source, Start: at(source, "x", 0).Start, End: at(source, "x", 0).Start}, span{1, 7, 1, 7}},
		{"no UTF-8", at(source, "z", 0), span{3, 0, 3, 0}},
		{"a long line", at(source, "w", 0), span{4, 0, 4, 0}},
	}
	for _, test := range tests {
		if got := characters(test.at.Place()); got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.name, got, test.want)
		}
	}
}

// runnerUnescape is what GitHub's runner does to a command.
func runnerUnescape(s string, property bool) string {
	if property {
		s = strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",").Replace(s)
	} else {
		s = strings.NewReplacer("%0D", "\r", "%0A", "\n").Replace(s)
	}
	return strings.ReplaceAll(s, "%25", "%")
}

func TestGitHubEscapes(t *testing.T) {
	tests := []struct{ text, data, property string }{
		{"plain", "plain", "plain"},
		{"100%", "100%25", "100%25"},
		{"%0A", "%250A", "%250A"},
		{"a\r\nb", "a%0D%0Ab", "a%0D%0Ab"},
		{"a:b,c", "a:b,c", "a%3Ab%2Cc"},
		{"::error::", "::error::", "%3A%3Aerror%3A%3A"},
		{"é;=", "é;=", "é;="},
	}
	for _, test := range tests {
		if got := gitHubData(test.text); got != test.data {
			t.Errorf("%q as data: got %q, want %q", test.text, got, test.data)
		}
		if got := gitHubProperty(test.text); got != test.property {
			t.Errorf("%q as property: got %q, want %q", test.text, got, test.property)
		}
	}
}

// Whatever the texts are, each finding is one line, and the runner reads from it
// what was meant.
func FuzzGitHub(f *testing.F) {
	f.Add("ci.nix", "message")
	f.Add("a:b,c=%2C\n::error::x", "%0A\r\n::error file=x::y%25")
	f.Fuzz(func(t *testing.T, file, summary string) {
		record := diag.Record{ID: "NP1", Severity: "error", Summary: summary, Place: &diag.Place{File: file, Line: 2, Column: 1, EndLine: 2, EndColumn: 1}}
		var out strings.Builder
		if err := writeGitHub(&out, &Report{Findings: []Finding{{Record: record}}}); err != nil {
			t.Fatal(err)
		}
		line, rest, _ := strings.Cut(out.String(), "\n")
		if rest != "" || strings.ContainsRune(line, '\r') {
			t.Fatalf("more than a line: %q", out.String())
		}
		command, data, ok := strings.Cut(strings.TrimPrefix(line, "::error "), "::")
		if !ok {
			t.Fatalf("no command: %q", line)
		}
		if got, want := runnerUnescape(data, false), message(record); got != want {
			t.Errorf("the message is %q, want %q", got, want)
		}
		properties := strings.Split(command, ",")
		var names []string
		for _, property := range properties {
			name, value, _ := strings.Cut(property, "=")
			names = append(names, name)
			if name == "title" && runnerUnescape(value, true) != "nixplan NP1" {
				t.Errorf("title %q", value)
			}
		}
		if want := []string{"file", "line", "endLine", "col", "endColumn", "title"}; !reflect.DeepEqual(names, want) {
			t.Errorf("properties %q in %q", names, line)
		}
	})
}

// Whatever the texts are, a finding is one row of three cells.
func FuzzMarkdown(f *testing.F) {
	f.Add("ci.nix", "message", "detail\nhelp")
	f.Add("a`b|c\\|d", "|\r\n\\|", "\u2028|\n\n")
	f.Fuzz(func(t *testing.T, file, summary, detail string) {
		record := diag.Record{ID: "NP1", Severity: "error", Summary: summary, Detail: detail, Place: &diag.Place{File: file, Line: 2, Column: 1, EndLine: 2, EndColumn: 1}}
		row := markdownRow(record, "https://example.org")
		if strings.IndexAny(row, "\r\n") != len(row)-1 {
			t.Fatalf("not one line: %q", row)
		}
		cells := 0
		for i := 0; i < len(row); i++ {
			switch row[i] {
			case '\\':
				i++
			case '|':
				cells++
			}
		}
		if cells != 4 {
			t.Errorf("%d bars: %q", cells, row)
		}
	})
}

func TestMarkdownIsBounded(t *testing.T) {
	record := diag.Record{ID: "NP1", Severity: "error", Summary: strings.Repeat("long ", 200)}
	report := &Report{Findings: slices.Repeat([]Finding{{Record: record}}, 1000)}
	got := render(t, report, Markdown)
	if len(got) > 65000 {
		t.Errorf("%d bytes", len(got))
	}
	if !strings.Contains(got, "### nixplan check: 1000 errors") || !strings.Contains(got, "more\n") {
		t.Errorf("does not say what was left out: %.200s", got)
	}
}
