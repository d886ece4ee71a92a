package hcldiag

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/nixplan/nixplan/internal/diag"
)

func TestFromHCL(t *testing.T) {
	const config = "# é\nname = \nother = 1\n"
	_, diagnostics := hclsyntax.ParseConfig([]byte(config), "nixplan.hcl", hcl.InitialPos)
	if !diagnostics.HasErrors() {
		t.Fatal("HCL accepts the text")
	}
	sources := map[string]*diag.Source{"nixplan.hcl": diag.NewSource("nixplan.hcl", config)}
	list := FromHCL(diagnostics, sources)
	if len(list) != 1 || list[0].ID != diag.IDConfig || list[0].Severity != diag.Error || list[0].Detail == "" {
		t.Fatalf("got %+v", list)
	}
	if got, want := list[0].Range.String(), "nixplan.hcl:2:8"; got != want {
		t.Errorf("at %s, want %s", got, want)
	}

	list = FromHCL(diagnostics, nil)
	if list[0].Range.Valid() || !strings.HasPrefix(list[0].Summary, "nixplan.hcl:2,") {
		t.Errorf("without the source: %+v", list[0])
	}
}

func TestFromHCLSeverityAndOrder(t *testing.T) {
	source := diag.NewSource("a.hcl", "one two")
	at := func(start, end int) *hcl.Range {
		return &hcl.Range{Filename: "a.hcl", Start: hcl.Pos{Byte: start}, End: hcl.Pos{Byte: end}}
	}
	list := FromHCL(hcl.Diagnostics{
		{Severity: hcl.DiagWarning, Summary: "second", Subject: at(4, 7)},
		{Severity: hcl.DiagError, Summary: "first", Subject: at(0, 3)},
	}, map[string]*diag.Source{"a.hcl": source})
	var got []string
	for _, d := range list {
		got = append(got, d.Severity.String()+" "+d.Summary+" "+d.Range.Text())
	}
	if diff := cmp.Diff([]string{"error first one", "warning second two"}, got); diff != "" {
		t.Error(diff)
	}
}
