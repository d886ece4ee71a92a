package check

import (
	"slices"
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
)

// aboutArguments are the findings that rest on what the functions of
// hercules-ci-effects take.
var aboutArguments = []string{"NP501", diag.IDAction, diag.IDNixOps2, diag.IDArgument}

// doubt makes a warning of an error that rests on the model of a source which the
// program's own source is only like: a fork may accept what the original refuses.
func (r *Repository) doubt(record diag.Record) diag.Record {
	like := r.ev.Likenesses()
	if len(like) == 0 || record.Severity != diag.Error.String() {
		return record
	}
	raised := record.Place
	if n := len(record.Related); n > 0 {
		raised = record.Related[n-1].Place
	}
	inModel := raised != nil && strings.HasPrefix(raised.File, "<")
	if inModel || slices.Contains(aboutArguments, record.ID) {
		record.Severity = diag.Warning.String()
		record.Detail = strings.TrimSpace(record.Detail + "\nThis is so if " + like[0] + ".")
	}
	return record
}
