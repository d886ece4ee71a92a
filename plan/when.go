package plan

import (
	"fmt"
	"strings"
)

// String is the schedule in words, "on Mon, Tue at 04:30 UTC"; "" for nil.
func (w *When) String() string {
	if w == nil {
		return ""
	}
	var parts []string
	if len(w.DayOfWeek) > 0 {
		parts = append(parts, "on "+strings.Join(w.DayOfWeek, ", "))
	}
	if len(w.DayOfMonth) > 0 {
		parts = append(parts, "on day "+numbers("%d", w.DayOfMonth)+" of the month")
	}
	if parts == nil && len(w.Hour) == 0 {
		parts = append(parts, "every day")
	}
	// What is not given is chosen once, by the server: a single hour, a single
	// minute.
	switch {
	case len(w.Hour) == 0 && w.Minute != nil:
		parts = append(parts, fmt.Sprintf("at minute %d of an hour that is not given", *w.Minute))
	case len(w.Hour) == 0:
		parts = append(parts, "at a time that is not given")
	case w.Minute != nil:
		parts = append(parts, "at "+numbers(fmt.Sprintf("%%02d:%02d", *w.Minute), w.Hour)+" UTC")
	default:
		parts = append(parts, "in hour "+numbers("%d", w.Hour)+" UTC")
	}
	return strings.Join(parts, " ")
}

func numbers(format string, values []int) string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = fmt.Sprintf(format, value)
	}
	return strings.Join(texts, ", ")
}
