package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	password  = `hunter2"canary\pass'wörd/$x`
	multiLine = "-----BEGIN KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAE\nbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQy\nab==\n-----END KEY-----\n"
)

func values(texts ...string) []Value {
	var list []Value
	for i, text := range texts {
		list = append(list, Value{fmt.Sprint("value ", i), []byte(text)})
	}
	return list
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func wrap(s string, width int, end string) string {
	var b strings.Builder
	for len(s) > width {
		b.WriteString(s[:width] + end)
		s = s[width:]
	}
	return b.String() + s
}

// forms are outputs with a value, and what must be left of them; "" leaves that
// open.
func forms(t *testing.T) []struct{ name, text, want string } {
	list := []struct{ name, text, want string }{
		{"plain", "a " + password + " b", "a [redacted] b"},
		{"alone", password, Mark},
		{"twice", password + password, Mark}, // one run of what must not be seen
		{"with a line end", "x=" + password + "\n", "x=[redacted]\n"},
		{"JSON", encoded(t, map[string]string{"p": password}), `{"p":"[redacted]"}`},
		{"JSON in JSON", encoded(t, encoded(t, []string{password})), `"[\"[redacted]\"]"`},
		{"JSON in ASCII", `{"p": "hunter2\"canary\\pass'w\u00f6rd/$x"}`, `{"p": "[redacted]"}`},
		{"query", "https://x/?p=" + url.QueryEscape(password) + "&q", "https://x/?p=[redacted]&q"},
		{"path", "https://x/" + url.PathEscape(password) + "/q", "https://x/[redacted]/q"},
		{"hex", "a" + hex.EncodeToString([]byte(password)) + "z", "a[redacted]z"},
		{"HEX", strings.ToUpper(hex.EncodeToString([]byte(password))), Mark},
		{"xxd", wrap(hex.EncodeToString([]byte(password)), 10, "\n"), Mark},
		{"lines", "key:\n" + multiLine + "end\n", "key:\n[redacted]\nend\n"},
		{"indented lines", "key: |\n  " + strings.ReplaceAll(multiLine, "\n", "\n  ") + "\n", ""},
		{"CRLF", strings.ReplaceAll(multiLine, "\n", "\r\n"), "[redacted]\r\n"},
		{"one of the lines", "> bm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQy <", "> [redacted] <"},
		{"lines as JSON", encoded(t, multiLine), `"[redacted]\n"`},
		{"short", "abc abcd", "abc abcd"},
		{"nothing", "", ""},
		{"a part", password[:12] + "!" + password[12:], password[:12] + "!" + password[12:]},
	}
	for before := range 4 {
		for after := range 3 {
			text := strings.Repeat("<", before) + password + strings.Repeat(">", after)
			for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding} {
				list = append(list, struct{ name, text, want string }{fmt.Sprintf("base64 %d %d", before, after), encoding.EncodeToString([]byte(text)), ""})
			}
		}
	}
	for _, width := range []int{5, 64, 76} {
		for _, end := range []string{"\n", "\r\n", "\n    "} {
			text := wrap(base64.StdEncoding.EncodeToString([]byte("user:"+password+strings.Repeat(multiLine, 3))), width, end)
			list = append(list, struct{ name, text, want string }{fmt.Sprintf("wrapped at %d", width), text, ""})
		}
	}
	return list
}

// reveals reports what a text shows of the values, however written.
func reveals(text string) bool {
	var compact strings.Builder
	for _, c := range text {
		if !strings.ContainsRune(" \r\n\t", c) {
			compact.WriteRune(c)
		}
	}
	all := text + "\n" + compact.String()
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		// All runs of base64, at all alignments.
		for run := range strings.FieldsFuncSeq(compact.String(), func(r rune) bool {
			return r > 0x7f || !isAlnum(byte(r)) && !strings.ContainsRune("+/-_", r)
		}) {
			for skip := range min(4, len(run)) {
				part := run[skip:]
				decoded, _ := encoding.DecodeString(part[:len(part)/4*4])
				all += "\n" + string(decoded)
			}
			decoded, _ := hex.DecodeString(run[:len(run)/2*2])
			all += "\n" + string(decoded)
		}
	}
	return strings.Contains(all, "canary") || strings.Contains(all, "c3NoLWVkM") || strings.Contains(all, "AAAAMwAAAAt")
}

func TestForms(t *testing.T) {
	r := New(values(password, multiLine, "abc", "", "12345"))
	if got := r.Short(); !slices.Equal(got, []string{"value 2", "value 4"}) {
		t.Errorf("too short: %q", got)
	}
	for _, test := range forms(t) {
		if got := r.String(test.text); test.want != "" && got != test.want || reveals(got) {
			t.Errorf("%s:\n%s\nbecomes\n%s\nwant\n%s", test.name, test.text, got, test.want)
		}
	}
}

// What bash and jq make of a value.
func TestFormsOfPrograms(t *testing.T) {
	const value = "hunter2 canary's \"$x\" `\\` é\t!;"
	r := New(values(value))
	for _, script := range []string{
		`set -x; : "$v"`, `printf %q "$v"`, `declare -p v`, `set | grep ^v=`, `export v; export -p | grep ' v='`, `echo "${v@Q}"`,
		`printf %s "$v" | base64`, `printf 'x%s' "$v" | base64 -w 20`, `printf %s "$v" | od -An -tx1`, `jq -n '$ENV.v'`, `jq -n '$ENV.v' -a`, `jq -rn '$ENV.v | @uri, @html, @base64, @json, @sh'`,
		`jq -n '$ENV.v | @json'`, `trap 'echo "$BASH_COMMAND"' DEBUG; eval ": $(printf %q "$v")"`,
	} {
		for _, program := range []string{"bash", "jq"} {
			if _, err := exec.LookPath(program); err != nil {
				if os.Getenv("CI") != "" {
					t.Fatal(err)
				}
				t.Skip(err)
			}
		}
		cmd := exec.Command("bash", "-c", script)
		cmd.Env = append(os.Environ(), "v="+value, "LC_ALL=C.UTF-8")
		out, err := cmd.CombinedOutput()
		if err != nil || len(out) == 0 {
			t.Errorf("%s: %v", script, err)
		}
		if got := r.Bytes(out); reveals(string(got)) || !bytes.Contains(got, []byte(Mark)) {
			t.Errorf("%s\nprints  %s\nbecomes %s", script, out, got)
		}
	}
}

// chunks writes a text in parts and returns what comes out.
func chunks(t *testing.T, r *Redactor, text string, cuts ...int) string {
	t.Helper()
	var out bytes.Buffer
	w := r.Writer(&out)
	last := 0
	for _, cut := range append(cuts, len(text)) {
		p := []byte(text[last:cut])
		if n, err := w.Write(p); n != len(p) || err != nil {
			t.Fatal(n, err)
		}
		clear(p) // a writer must not keep it
		last = cut
	}
	if err := errors.Join(w.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// A value split at every byte, and written byte by byte.
func TestSplitWrites(t *testing.T) {
	r := New(values(password, multiLine))
	for _, test := range forms(t) {
		text := "before " + test.text + " after\n"
		want := r.String(text)
		every := make([]int, len(text))
		for i := range len(text) {
			every[i] = i
			if got := chunks(t, r, text, i); got != want {
				t.Fatalf("%s, split at %d:\n%s\nwant\n%s", test.name, i, got, want)
			}
		}
		if got := chunks(t, r, text, every...); got != want {
			t.Errorf("%s, byte by byte:\n%s\nwant\n%s", test.name, got, want)
		}
	}
}

// Output is passed on at once unless a value may begin there.
func TestHoldsNothingBack(t *testing.T) {
	r := New(values(password, multiLine))
	var mu sync.Mutex
	var out bytes.Buffer
	read := func() string { mu.Lock(); defer mu.Unlock(); return out.String() }
	w := r.Writer(writerFunc(func(p []byte) (int, error) { mu.Lock(); defer mu.Unlock(); return out.Write(p) }))
	io.WriteString(w, "building 1 of 3.")
	if got := read(); got != "building 1 of 3." {
		t.Errorf("%q is held back", got)
	}
	io.WriteString(w, "..\n")
	io.WriteString(w, "wait for web "+password[:3])
	if got := read(); got != "building 1 of 3...\nwait for web " {
		t.Errorf("%q", got)
	}
	io.WriteString(w, "\n") // no value
	for start := time.Now(); !strings.HasSuffix(read(), "hun\n"); time.Sleep(time.Millisecond) {
		if time.Since(start) > 10*time.Second {
			t.Fatalf("a line is held back: %q", read())
		}
	}
	// The beginning of a value stays until it is known how it goes on.
	io.WriteString(w, password[:10])
	time.Sleep(3 * idle)
	if got := read(); strings.HasSuffix(got, password[:10]) {
		t.Error("the beginning of a value is passed on")
	}
	io.WriteString(w, password[10:]+"\n")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := read(), "building 1 of 3...\nwait for web hun\n[redacted]\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if _, err := w.Write([]byte("late")); err == nil {
		t.Error("a closed writer can be written to")
	}
}

// A program that is killed while it writes a value leaves half of one.
func TestCutOff(t *testing.T) {
	r := New(values(password))
	if got := chunks(t, r, "x "+password[:len(password)-3]); got != "x "+Mark {
		t.Errorf("%q", got)
	}
	if got := chunks(t, r, "x "+password[:4]); got != "x "+password[:4] {
		t.Errorf("%q", got)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestWriterError(t *testing.T) {
	full := errors.New("no space")
	w := New(nil).Writer(writerFunc(func([]byte) (int, error) { return 0, full }))
	if _, err := w.Write([]byte("x")); !errors.Is(err, full) {
		t.Error(err)
	}
	if err := w.Close(); !errors.Is(err, full) {
		t.Error(err)
	}
}

// Several goroutines write to one output, and to outputs of their own.
func TestConcurrentWriters(t *testing.T) {
	r := New(values(password))
	var out bytes.Buffer
	shared := r.Writer(&out)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			var own bytes.Buffer
			w := r.Writer(&own)
			for range 100 {
				io.WriteString(shared, "a "+password+" line\n")
				io.WriteString(w, password)
				io.WriteString(w, "\n")
			}
			w.Close()
			if own.String() != strings.Repeat(Mark+"\n", 100) {
				t.Error(own.String())
			}
		})
	}
	wait.Wait()
	shared.Close()
	if out.String() != strings.Repeat("a "+Mark+" line\n", 800) {
		t.Error("the shared output is mixed up")
	}
}

// naive redacts by looking for each pattern everywhere.
func naive(list []Value, text string) string {
	var plain, wrapped patterns
	for _, v := range list {
		plain.addValue(v.Text)
		wrapped.addValueEncodings(v.Text)
	}
	hide := make([]bool, len(text))
	for p := range plain.texts {
		for i := range len(text) {
			if strings.HasPrefix(text[i:], p) {
				for j := range len(p) {
					hide[i+j] = true
				}
			}
		}
	}
	for p := range wrapped.texts {
		for i := range len(text) {
			k, gap, j := 0, 0, i
			for ; j < len(text) && k < len(p); j++ {
				if strings.IndexByte(" \t\r\n", text[j]) >= 0 {
					if gap++; k == 0 || gap >= maxGap {
						break
					}
					continue
				}
				gap = 0
				if text[j] != p[k] {
					break
				}
				k++
			}
			if k == len(p) {
				for at := i; at < j; at++ {
					hide[at] = true
				}
			}
		}
	}
	var b strings.Builder
	for i := range len(text) {
		switch {
		case !hide[i]:
			b.WriteByte(text[i])
		case i == 0 || !hide[i-1]:
			b.WriteString(Mark)
		}
	}
	return b.String()
}

// FuzzWriter compares with a search for each pattern, for two values in any
// text, in two writes.
func FuzzWriter(f *testing.F) {
	f.Add("secret", "abcabcabd", "x secret abcabcabcabd secre", 7)
	f.Add("line one\nline two", "aaaaaaa", "aaaaaaaaaa line one\r\nline two", 3)
	f.Add("c2VjcmV0c2VjcmV0", "secretsecret", "c2Vjc\nmV0c2VjcmV0 YzJWamNtVjBjMlZqY21WMA==", 4)
	f.Add("öäüöäü", `a"b\c'd`, `a\"b\\c'd %C3%B6%C3%A4%C3%BC%C3%B6%C3%A4%C3%BC`, 1)
	f.Fuzz(func(t *testing.T, a, b, text string, cut int) {
		if len(a)+len(b) > 200 || len(text) > 2000 {
			return
		}
		list := values(a, b)
		r := New(list)
		text += a + text + base64.StdEncoding.EncodeToString([]byte(text+b)) + b
		want := naive(list, text)
		if got := r.String(text); got != want {
			t.Fatalf("%q\ngot  %q\nwant %q", text, got, want)
		}
		cut = min(max(cut, 0), len(text))
		var out bytes.Buffer
		w := r.Writer(&out)
		io.WriteString(w, text[:cut])
		io.WriteString(w, text[cut:]+"\x00\x00") // which ends what could have begun
		w.Close()
		if want := naive(list, text+"\x00\x00"); out.String() != want && !bytes.Contains([]byte(a+b), []byte{0}) {
			t.Fatalf("%q cut at %d\ngot  %q\nwant %q", text, cut, out.String(), want)
		}
	})
}

func BenchmarkWriter(b *testing.B) {
	r := New(values(password, strings.Repeat(multiLine, 20)))
	line := []byte("web> copying path '/nix/store/abcdefghijklmnopqrstuvwxyz012345-hello-2.12' to 'ssh://root@web'...\n")
	w := r.Writer(io.Discard)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		w.Write(line)
	}
}
