package xmlx

import (
	"testing"

	"github.com/nixplan/nixplan/eval/internal/oracle"
)

func TestWriter(t *testing.T) {
	texts := []string{"", "a", `<a b="c">&'</a>`, "\n\r\t", "é\x01"}
	list := ""
	for _, s := range texts {
		list += oracle.Quote(s) + " "
	}
	expr := "builtins.toXML { a = [ " + list + "]; b = { }; c = null; }"
	w := NewWriter()
	w.Open("expr")
	w.Open("attrs")
	w.Open("attr", Attr{"name", "a"})
	w.Open("list")
	for _, s := range texts {
		w.Empty("string", Attr{"value", s})
	}
	w.Close()
	w.Close()
	w.Open("attr", Attr{"name", "b"})
	w.Open("attrs")
	w.Close()
	w.Close()
	w.Open("attr", Attr{"name", "c"})
	w.Empty("null")
	w.Close()
	w.Close()
	w.Close()
	want := oracle.Answers(t, "xml", []string{expr})[expr].Value
	if got := oracle.Quote(w.String()); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
