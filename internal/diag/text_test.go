package diag

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/nixplan/nixplan/internal/text"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Each archive of testdata holds a source "in.nix", in which «…» marks ranges and
// <ESC> is an escape character, and the rendering "want". The comment's lines set the rest:
//
//	width 60
//	trace -1
//	error NP101 summary      severity, id, summary; at the first mark
//	detail text, help text
//	related text             at the next mark
//	frame text               a trace entry at the next mark, or the last one again
func TestWriteText(t *testing.T) {
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
			list, options := readCase(t, archive)
			var rendered strings.Builder
			if err := WriteText(&rendered, list.Records(), options); err != nil {
				t.Fatal(err)
			}
			got := strings.ReplaceAll(rendered.String(), "\x1b", "<ESC>")
			if *update {
				archive.Files = append(archive.Files[:1], txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(archive), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(archive.Files[1].Data), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func readCase(t *testing.T, archive *txtar.Archive) (List, TextOptions) {
	t.Helper()
	source, marks := unmark(strings.ReplaceAll(string(archive.Files[0].Data), "<ESC>", "\x1b"))
	var previous Range
	next := func() Range {
		if len(marks) == 0 {
			t.Fatal("too few marks")
		}
		mark := marks[0]
		marks = marks[1:]
		previous = Range{Source: source, Start: mark[0], End: mark[1]}
		return previous
	}
	var list List
	var options TextOptions
	for line := range strings.Lines(strings.ReplaceAll(string(archive.Comment), "<ESC>", "\x1b")) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		value = strings.ReplaceAll(value, `\n`, "\n")
		var last *Diagnostic
		if len(list) > 0 {
			last = list[len(list)-1]
		}
		switch key {
		case "width":
			options.Width, _ = strconv.Atoi(value)
		case "trace":
			options.Trace, _ = strconv.Atoi(value)
		case "color":
			options.Style = text.NewStyle(true)
		case "error", "warning", "note":
			id, summary, _ := strings.Cut(value, " ")
			severity := map[string]Severity{"error": Error, "warning": Warning, "note": Note}[key]
			list = append(list, &Diagnostic{ID: id, Severity: severity, Summary: summary})
			if len(marks) > 0 {
				list[len(list)-1].Range = next()
			}
		case "detail":
			last.Detail = value
		case "help":
			last.Help = value
		case "related":
			last.Related = append(last.Related, Related{Range: next(), Message: value})
		case "frame":
			at := previous
			if len(marks) > 0 {
				at = next()
			}
			last.Trace = append(last.Trace, Related{Range: at, Message: value})
		case "":
		default:
			t.Fatalf("unknown key %q", key)
		}
	}
	return list, options
}

// unmark removes the marks from a text and returns the ranges they enclosed.
func unmark(marked string) (*Source, [][2]int32) {
	var plain strings.Builder
	var marks [][2]int32
	for _, r := range marked {
		switch r {
		case '«':
			marks = append(marks, [2]int32{int32(plain.Len()), 0})
		case '»':
			marks[len(marks)-1][1] = int32(plain.Len())
		default:
			plain.WriteRune(r)
		}
	}
	return NewSource("in.nix", plain.String()), marks
}

func TestPlaceOfVeryLongLine(t *testing.T) {
	line := strings.Repeat("é", 5000) + "TARGET" + strings.Repeat("é", 5000)
	start := int32(strings.Index(line, "TARGET"))
	place := Range{Source: NewSource("min.nix", line), Start: start, End: start + 6}.Place()
	if len(place.Text) > maxLine {
		t.Errorf("%d bytes of text", len(place.Text))
	}
	if place.Column != int(start)+1 {
		t.Errorf("column %d, want %d", place.Column, start+1)
	}
	if got := place.Text[place.Column-place.TextColumn:]; !strings.HasPrefix(got, "TARGET") {
		t.Errorf("text at the column: %.20q", got)
	}
	if strings.ContainsRune(place.Text, '\uFFFD') {
		t.Error("a character was cut in two")
	}
}

func TestRecordWithoutPlace(t *testing.T) {
	record := (&Diagnostic{ID: "NP301", Severity: Warning, Summary: "no entry file"}).Record()
	if record.Place != nil || record.Related == nil || record.Trace == nil || record.Severity != "warning" {
		t.Errorf("got %+v", record)
	}
}

func TestSort(t *testing.T) {
	a, b := NewSource("a.nix", "xxxxx"), NewSource("b.nix", "xxxxx")
	list := List{
		{ID: "NP2", Summary: "s", Range: Range{Source: b}},
		{ID: "NP2", Summary: "s", Range: Range{Source: a, Start: 3}},
		{ID: "NP2", Summary: "t", Range: Range{Source: a, Start: 1}},
		{ID: "NP2", Summary: "s", Range: Range{Source: a, Start: 1}},
		{ID: "NP1", Summary: "s", Range: Range{Source: a, Start: 1}},
		{ID: "NP3", Summary: "nowhere"},
	}
	list.Sort()
	var got []string
	for _, d := range list {
		got = append(got, d.Range.String()+" "+d.ID+" "+d.Summary)
	}
	want := []string{" NP3 nowhere", "a.nix:1:2 NP1 s", "a.nix:1:2 NP2 s", "a.nix:1:2 NP2 t", "a.nix:1:4 NP2 s", "b.nix:1:1 NP2 s"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Of a text that nobody may see there are positions and nothing else.
func TestHiddenSource(t *testing.T) {
	const text = "a\r\n  secret\rb\n"
	shown, hidden := NewSource("f", text), NewHiddenSource("f", []byte(text))
	for offset := int32(-1); offset < int32(len(text))+2; offset++ {
		if got, want := hidden.Position(offset), shown.Position(offset); got != want {
			t.Errorf("byte %d: got %v, want %v", offset, got, want)
		}
	}
	at := Range{Source: hidden, Start: 5, End: 11}
	d := &Diagnostic{ID: "NP1", Range: at, Summary: "wrong", Related: []Related{{Range: at, Message: "here"}}}
	var out strings.Builder
	if err := WriteText(&out, []Record{d.Record()}, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	const want = "f:2:3: error: wrong [NP1]\n  note: f:2:3: here\n"
	if out.String() != want || at.Text() != "" {
		t.Errorf("got %q and %q, want %q", out.String(), at.Text(), want)
	}
}

// A credential is shown neither in the line of source nor in a message that
// repeats it.
func TestCredentialsAreHidden(t *testing.T) {
	token := "gh" + "p_Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFi12cd"
	source := NewSource("ci.nix", `{ token = "`+token+`"; }`)
	d := &Diagnostic{
		Severity: Error, Summary: "not " + token, Detail: token, Help: token,
		Range:   Range{source, 11, 11 + int32(len(token))},
		Related: []Related{{Range{source, 2, 7}, token}},
	}
	var b strings.Builder
	if err := WriteText(&b, List{d}.Records(), TextOptions{Trace: -1}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), token[6:]) {
		t.Error(b.String())
	}
}
