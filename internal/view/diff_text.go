package view

import (
	"strings"

	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan/diff"
)

// diff writes changes, those first that an agent would carry out.
func (h *human) diff(c *diff.Changes) {
	title := revisionTitle(c.Base) + " → " + revisionTitle(c.Head)
	h.WriteString(h.style.Bold(title) + "\n")
	h.wrapped("", diffSummary(c))
	if c.Entry != nil {
		before, after := "no entry file", "no entry file"
		if e := c.Entry.Before; e != nil {
			before = text.Line(e.Path) + " (" + text.Line(string(e.Form)) + ")"
		}
		if e := c.Entry.After; e != nil {
			after = text.Line(e.Path) + " (" + text.Line(string(e.Form)) + ")"
		}
		h.wrapped("", "entry file: "+before+" → "+after)
	}
	for _, section := range diffSections {
		first := true
		for i := range c.Jobs {
			job := &c.Jobs[i]
			if job.Reach != section.reach {
				continue
			}
			if first {
				h.WriteString("\n" + h.style.Bold(section.title) + "\n")
				first = false
			}
			h.diffJob(c, job)
		}
	}
	h.diffFindings(c)
	h.diffPins(c)
	h.diffFiles(c)
	if len(c.Unchanged) > 0 {
		h.WriteByte('\n')
		h.wrapped("", "unchanged: "+names(c.Unchanged))
		if note := sameSettings(c); note != "" {
			h.wrapped("", "("+note+")")
		}
	}
	if len(c.Unknown) > 0 {
		h.WriteByte('\n')
		h.wrapped("", unknownJobs+names(c.Unknown))
	}
	h.diffRefs(c)
}

// sameSettings says of which unchanged jobs not everything was compared.
func sameSettings(c *diff.Changes) string {
	switch n := len(c.SameSettings); {
	case n == 0:
		return ""
	case n == len(c.Unchanged):
		return "unchanged jobs are compared by their settings; what is built for them is not looked at"
	default:
		return "compared by their settings, while what is built for them is not looked at: " + names(c.SameSettings)
	}
}

// unknownJobs introduces jobs of which it is not known whether they change.
const unknownJobs = "not known whether these change, because they are undetermined, or cannot be evaluated, before and after: "

// wrapped writes a paragraph.
func (h *human) wrapped(indent, s string) {
	for i, line := range text.Wrap(s, max(20, h.Width-len(indent)-2)) {
		if i > 0 {
			line = "  " + line
		}
		h.WriteString(indent + line + "\n")
	}
}

func (h *human) mark(change diff.Change) string {
	mark := diffMarks[change]
	switch mark {
	case "+":
		return h.style.Green(mark)
	case "-":
		return h.style.Red(mark)
	}
	return h.style.Yellow(mark)
}

func (h *human) diffJob(c *diff.Changes, job *diff.Job) {
	title := text.Line(job.Path)
	if job.Was != "" {
		title = text.Line(job.Was) + " → " + title
	}
	h.WriteString("\n" + h.mark(job.Change) + " " + h.style.Bold(title) + gap + diffKind(job))
	if job.Change == diff.Added || job.Change == diff.Removed {
		h.WriteString(gap + string(job.Change))
	}
	if active := activeFor(c, job); active != "" {
		h.WriteString(gap + h.style.Dim(active))
	}
	h.WriteByte('\n')
	labels := 0
	for i := range job.Facts {
		labels = max(labels, len(topicLabel(job.Facts[i].Topic)))
	}
	for i := range job.Facts {
		f := &job.Facts[i]
		name, before, after := diffValues(f)
		h.diffRow(f.Change, labels, topicLabel(f.Topic), name, before, after, forRefs(c, job, f.Refs))
	}
	if len(job.Steps) > 0 {
		h.diffRow(diff.Changed, max(labels, len("steps")), "steps", stepNames(job), "", "", "")
	}
}

// diffRow writes a change in one line where it fits, else the two values below
// each other.
func (h *human) diffRow(change diff.Change, labels int, label, name, before, after, refs string) {
	name, before, after = text.Line(name), text.Line(before), text.Line(after)
	head := "    " + h.mark(change) + " " + h.style.Cyan(text.Pad(label, labels)) + "  "
	room := max(20, h.Width-8-labels)
	pad := strings.Repeat(" ", 8+labels)
	suffix := ""
	if refs != "" {
		suffix = "  for " + refs
	}
	value := strings.TrimSpace(before + after)
	if before != "" && after != "" {
		value = before + " → " + after
	}
	line := strings.TrimSpace(name + gap + value)
	switch {
	case text.Width(line+suffix) <= room:
		if suffix != "" {
			line += h.style.Dim(suffix)
		}
		h.WriteString(head + line + "\n")
		return
	case text.Width(line) <= room:
		h.WriteString(head + line + "\n")
		for _, part := range text.Wrap(strings.TrimSpace(suffix), room-2) {
			h.WriteString(pad + "  " + h.style.Dim(part) + "\n")
		}
		return
	}
	first := strings.TrimSpace(name + suffix)
	var lines []string
	if first != "" {
		lines = append(lines, text.Wrap(first, room)...)
	}
	values := func(mark, value string) {
		if value == "" {
			return
		}
		for i, part := range text.Wrap(value, room-2) {
			if i > 0 {
				mark = " "
			}
			lines = append(lines, mark+" "+part)
		}
	}
	values("-", before)
	values("+", after)
	for i, line := range lines {
		if i == 0 {
			h.WriteString(head + line + "\n")
		} else {
			h.WriteString(pad + line + "\n")
		}
	}
}

func (h *human) diffFiles(c *diff.Changes) {
	if len(c.Files)+len(c.Scripts) == 0 {
		return
	}
	h.WriteString("\n" + h.style.Bold("Files and scripts") + "\n")
	for i := range c.Files {
		f := &c.Files[i]
		title := text.Line(f.Path)
		if f.Was != "" {
			title = text.Line(f.Was) + " → " + title
		}
		h.diffText(f.Change, title, fileNote(f), f.Diff)
	}
	for i := range c.Scripts {
		s := &c.Scripts[i]
		h.diffText(s.Change, text.Line(s.Name), "script of "+text.Line(s.Job), s.Diff)
	}
}

// diffText writes a diff of a text with its title.
func (h *human) diffText(change diff.Change, title, note string, d *diff.Diff) {
	h.WriteString("\n" + h.mark(change) + " " + h.style.Bold(title) + gap + note)
	if counts := lineCounts(d); counts != "" {
		h.WriteString(gap + counts)
	}
	h.WriteByte('\n')
	if d == nil {
		return
	}
	for i := range d.Hunks {
		hunk := &d.Hunks[i]
		h.WriteString("    " + h.style.Cyan(hunk.Header()) + "\n")
		for _, line := range hunk.Lines {
			line = diffLine(line)
			switch line[0] {
			case '+':
				line = h.style.Green(line)
			case '-':
				line = h.style.Red(line)
			}
			h.WriteString("    " + strings.TrimRight(line, " ") + "\n")
		}
	}
}

func (h *human) diffPins(c *diff.Changes) {
	if len(c.Pins) == 0 {
		return
	}
	h.WriteString("\n" + h.style.Bold("Pins") + "\n\n")
	width := 0
	for i := range c.Pins {
		width = max(width, text.Width(text.Line(c.Pins[i].Name)))
	}
	for i := range c.Pins {
		p := &c.Pins[i]
		before, after := pinValues(p)
		value := text.Line(before + after)
		if before != "" && after != "" {
			value = text.Line(before) + " → " + text.Line(after)
		}
		head := "  " + h.mark(p.Change) + " " + text.Pad(text.Line(p.Name), width)
		for _, line := range text.Wrap(value, max(20, h.Width-6-width)) {
			h.WriteString(head + "  " + line + "\n")
			head = strings.Repeat(" ", 4+width)
		}
		if p.Compare != "" {
			h.WriteString(strings.Repeat(" ", 6+width) + h.style.Dim(text.Line(p.Compare)) + "\n")
		}
	}
}

func (h *human) diffFindings(c *diff.Changes) {
	if len(c.Findings) == 0 {
		return
	}
	h.WriteString("\n" + h.style.Bold("Findings") + "\n\n")
	for i := range c.Findings {
		f := &c.Findings[i]
		line := string(f.Change) + " " + text.Line(f.Severity) + ": " + text.Line(f.Summary)
		if f.Place != nil {
			line = placeOf(f.Place) + ": " + line
		}
		if f.ID != "" {
			line += " [" + text.Line(f.ID) + "]"
		}
		for j, part := range text.Wrap(line, max(20, h.Width-6)) {
			if j == 0 {
				h.WriteString("  " + h.mark(f.Change) + " " + part + "\n")
			} else {
				h.WriteString("      " + part + "\n")
			}
		}
	}
}

func (h *human) diffRefs(c *diff.Changes) {
	for _, g := range c.Refs {
		switch {
		case g.OnlyIn != "":
			h.wrapped("", "not compared, known only in the "+g.OnlyIn+": "+text.Line(g.Title))
		case !g.Changes && len(c.Jobs) > 0:
			h.wrapped("", "no job changes for "+text.Line(g.Title))
		}
	}
}
