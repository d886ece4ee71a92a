// Package hcldiag brings the diagnostics of HCL, in which nixplan's
// configuration is written, into nixplan's form. It stands apart from package
// diag so that programs without a configuration do not link HCL.
package hcldiag

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/nixplan/nixplan/internal/diag"
)

// FromHCL converts diagnostics. sources holds the texts by the file names that
// HCL was given; a place in any other file is put into the summary instead,
// because a Range needs its text.
func FromHCL(diagnostics hcl.Diagnostics, sources map[string]*diag.Source) diag.List {
	list := make(diag.List, 0, len(diagnostics))
	for _, d := range diagnostics {
		result := &diag.Diagnostic{ID: diag.IDConfig, Severity: severity(d.Severity), Summary: d.Summary, Detail: d.Detail}
		if d.Subject != nil {
			if source := sources[d.Subject.Filename]; source != nil {
				result.Range = diag.Range{
					Source: source,
					Start:  int32(d.Subject.Start.Byte),
					End:    int32(d.Subject.End.Byte),
				}
			} else {
				result.Summary = d.Subject.String() + ": " + d.Summary
			}
		}
		list = append(list, result)
	}
	list.Sort()
	return list
}

func severity(s hcl.DiagnosticSeverity) diag.Severity {
	if s == hcl.DiagWarning {
		return diag.Warning
	}
	return diag.Error
}
