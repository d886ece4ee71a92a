package view

import (
	"io"
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

// Why writes why a job is in its state.
func Why(w io.Writer, y *plan.Why, o Options) error {
	if o.Format == JSON {
		return text.WriteJSON(w, y)
	}
	if o.Width <= 0 {
		o.Width = 100
	}
	h := &human{Options: o, style: text.NewStyle(o.Color)}
	h.why(y)
	_, err := io.WriteString(w, h.String())
	return err
}

func (h *human) why(y *plan.Why) {
	state := h.state(y.State)
	if y.State == plan.Failed {
		state = h.style.Red(string(y.State))
	}
	h.WriteString(h.stateSymbol(y.State) + " " + h.style.Bold(text.Line(y.Path)) + gap + text.Line(string(y.Kind)) + gap +
		state + " for " + text.Line(y.Ref) + "\n")
	h.paragraph(whyLead(y))
	var records []diag.Record
	for i := range y.Reasons {
		records = append(records, reasonRecord(&y.Reasons[i], y.Ref == y.ShownFor))
	}
	for i := range y.Needs {
		records = append(records, needRecord(&y.Needs[i]))
	}
	if len(records) > 0 {
		h.WriteByte('\n')
		// A strings.Builder does not fail.
		_ = diag.WriteText(h, records, diag.TextOptions{Width: h.Width, Style: h.style, Trace: h.Trace})
	}
	h.diagnostics(y.Diagnostics)
	if y.State != plan.Undetermined || len(y.Active.Any)+len(y.Active.Refs) > 0 {
		h.WriteString("\n")
		h.paragraph("active for: " + text.Line(y.Active.Text))
	}
}

func (h *human) paragraph(s string) {
	for _, line := range text.Wrap(s, h.Width-2) {
		h.WriteString("  " + line + "\n")
	}
}

// whyLead is the answer in a sentence; what it rests on follows.
func whyLead(y *plan.Why) string {
	defined := place(y.Position)
	switch {
	case y.State == plan.Failed:
		return "it cannot be evaluated"
	case y.State == plan.Absent && y.ShownFor == "":
		return "it does not exist for this ref, and for none that was tried"
	case y.State == plan.Absent && len(y.Reasons) == 0:
		return "it does not exist for this ref; for " + text.Line(y.ShownFor) + " it does, defined at " + defined
	case y.State == plan.Absent:
		return "it does not exist for this ref; for " + text.Line(y.ShownFor) + " it does, because"
	case y.Never:
		return "its own condition is false for every ref, at " + defined
	case y.Elsewhere != "":
		return elsewhere(y.Elsewhere)
	case len(y.Needs) > 0:
		return "its condition needs what is not here"
	case len(y.Reasons) == 0 && y.State == plan.Active:
		return "it does not depend on the ref; it is defined at " + defined
	case len(y.Reasons) == 1:
		return "because of one comparison"
	}
	return "because of " + plural(len(y.Reasons), "comparison")
}

// reasonRecord is a comparison with the values of what it looks at.
func reasonRecord(r *plan.Reason, asked bool) diag.Record {
	outcome := text.Line(r.Result)
	if outcome == "" {
		outcome = "undetermined"
	}
	var detail []string
	said := map[string]bool{}
	for _, fact := range r.Facts {
		said[fact.Name] = true
		value := text.Line(fact.Value)
		if value == "" {
			value = "unknown"
		}
		detail = append(detail, text.Line(fact.Name)+" is "+value+": "+text.Line(fact.From))
	}
	for _, o := range r.Operands {
		if o.Value != o.Expression && o.Value != "" && !said[o.Expression] {
			detail = append(detail, text.Line(o.Expression)+" is "+text.Line(o.Value))
		}
	}
	return diag.Record{
		Severity: diag.Note.String(), Summary: text.Line(r.Expression) + " is " + outcome,
		Detail: strings.Join(detail, "\n"), Place: r.Place, Trace: r.Trail,
	}
}

func needRecord(n *plan.Need) diag.Record {
	r := diag.Record{Severity: diag.Note.String(), Summary: text.Line(n.Needs) + " is not known", Place: n.Place}
	if n.Reason != "" {
		r.Summary += ": " + text.Line(n.Reason)
	}
	if n.From != "" && !strings.Contains(n.Needs, n.From) {
		r.Detail = "it would come from " + text.Line(n.From)
	}
	r.Help = n.Provide
	if r.Help == "" && n.From != "" {
		r.Help = "pass --fetch to get it, or -I with the place of a copy"
	}
	return r
}
