package view

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan/diff"
)

// CommentMarker is the first line of a comment, which forges do not show. By it
// the comment is found again and updated in place.
const CommentMarker = "<!-- nixplan -->"

// Of maxMarkdown bytes no part of a comment may take more than mostOfPart, so
// that one long diff does not push everything else out; noteRoom is kept for
// saying what was left out.
const (
	mostOfPart = 15000
	noteRoom   = 300
	mostOfSpan = 400 // bytes of a value
)

// comment is a Markdown document of limited size. It is made of parts that are
// there as a whole or not at all, so no fence or tag is left open.
type comment struct {
	strings.Builder
	room int
	// shortened are the parts that are there in part, omitted those left out.
	shortened, omitted int
}

// add appends a part. It is asked for its text in at most so many bytes, and
// gives "" if that is too little; cut says that it is not all.
func (b *comment) add(part func(most int) (s string, cut bool)) {
	most := min(b.room-b.Len()-noteRoom, mostOfPart)
	s, cut := "", false
	if most > 0 {
		s, cut = part(most)
	}
	switch {
	case s == "" || len(s) > most:
		b.omitted++
	case cut:
		b.shortened++
		b.WriteString(s)
	default:
		b.WriteString(s)
	}
}

// line appends a part that has one form.
func (b *comment) line(s string) {
	b.add(func(int) (string, bool) { return s, false })
}

func diffMarkdown(c *diff.Changes) string {
	b := &comment{room: maxMarkdown}
	b.WriteString(CommentMarker + "\n")
	b.line("### nixplan: " + markdown(text.Clip(diffSummary(c), mostOfSpan)) + "\n\n")
	// No line begins with words of the repository: GitLab takes "/close" for a command.
	b.line("From " + inCode(revisionTitle(c.Base)) + " to " + inCode(revisionTitle(c.Head)) + "\n")
	if c.Entry != nil {
		before, after := "none", "none"
		if e := c.Entry.Before; e != nil {
			before = inCode(e.Path) + " (" + markdown(text.Line(string(e.Form))) + ")"
		}
		if e := c.Entry.After; e != nil {
			after = inCode(e.Path) + " (" + markdown(text.Line(string(e.Form))) + ")"
		}
		b.line("\nEntry file: " + before + " → " + after + "\n")
	}
	for _, section := range diffSections {
		first := true
		for i := range c.Jobs {
			job := &c.Jobs[i]
			if job.Reach != section.reach {
				continue
			}
			if first {
				b.line("\n#### " + section.title + "\n\n")
				first = false
			}
			b.add(func(most int) (string, bool) { return jobMarkdown(c, job, most) })
		}
	}
	findingsMarkdown(b, c)
	pinsMarkdown(b, c)
	if len(c.Files)+len(c.Scripts) > 0 {
		b.line("\n#### Files and scripts\n")
	}
	for i := range c.Files {
		f := &c.Files[i]
		title := code(f.Path)
		if f.Was != "" {
			title = code(f.Was) + " → " + title
		}
		b.add(func(most int) (string, bool) { return textMarkdown(f.Change, title, inHTML(fileNote(f)), f.Diff, most) })
	}
	for i := range c.Scripts {
		s := &c.Scripts[i]
		b.add(func(most int) (string, bool) {
			return textMarkdown(s.Change, code(s.Name), "script of "+code(s.Job), s.Diff, most)
		})
	}
	if len(c.Unchanged) > 0 {
		b.line("\n" + plural(len(c.Unchanged), "job") + " unchanged: " + markdown(text.Clip(names(c.Unchanged), mostOfSpan)) + "\n")
		if note := sameSettings(c); note != "" {
			b.line(markdown(text.Clip(note, mostOfSpan)) + "\n")
		}
	}
	if len(c.Unknown) > 0 {
		b.line("\n" + unknownJobs + markdown(text.Clip(names(c.Unknown), mostOfSpan)) + "\n")
	}
	for _, g := range c.Refs {
		if g.OnlyIn != "" {
			b.line("\nNot compared, known only in the " + g.OnlyIn + ": " + markdown(text.Clip(text.Line(g.Title), mostOfSpan)) + "\n")
		}
	}
	if n := b.shortened + b.omitted; n > 0 {
		verb := "were"
		if n == 1 {
			verb = "was"
		}
		fmt.Fprintf(b, "\n**This comment is not complete:** it would be too long. %s %s shortened or left out; `nixplan diff` shows everything.\n", plural(n, "part"), verb)
	}
	return b.String()
}

// jobMarkdown is a list item, with what changes in a list below.
func jobMarkdown(c *diff.Changes, job *diff.Job, most int) (out string, cut bool) {
	title := inCode(job.Path)
	if job.Was != "" {
		title = inCode(job.Was) + " → " + title
	}
	var b strings.Builder
	b.WriteString("- **" + string(job.Change) + "** " + title + " · " + markdown(diffKind(job)))
	if active := activeFor(c, job); active != "" {
		b.WriteString(" · " + markdown(active))
	}
	b.WriteByte('\n')
	item := func(change diff.Change, label, name, before, after, refs string) string {
		s := "  - " + label
		if name != "" {
			s += " " + inCode(name)
		}
		switch {
		case before != "" && after != "":
			s += ": " + inCode(before) + " → " + inCode(after)
		case before+after != "":
			s += ": " + inCode(before+after)
		}
		if change != diff.Changed && change != diff.Activated && change != diff.Deactivated && change != diff.Doubtful {
			s = strings.Replace(s, "  - ", "  - **"+string(change)+"** ", 1)
		}
		if refs != "" {
			s += " for " + markdown(refs)
		}
		return s + "\n"
	}
	var items []string
	for i := range job.Facts {
		f := &job.Facts[i]
		name, before, after := diffValues(f)
		items = append(items, item(f.Change, topicLabel(f.Topic), name, before, after, forRefs(c, job, f.Refs)))
	}
	if len(job.Steps) > 0 {
		items = append(items, "  - steps: "+markdown(text.Clip(stepNames(job), mostOfSpan))+"\n")
	}
	const more = 40
	for i, item := range items {
		if b.Len()+len(item)+more > most {
			fmt.Fprintf(&b, "  - … and %d more\n", len(items)-i)
			return b.String(), true
		}
		b.WriteString(item)
	}
	return b.String(), false
}

// textMarkdown is a diff that unfolds. Its title and note are HTML.
func textMarkdown(change diff.Change, title, note string, d *diff.Diff, most int) (out string, cut bool) {
	head := string(change) + " " + title + " · " + note
	if counts := lineCounts(d); counts != "" {
		head += " · " + counts
	}
	if d == nil || len(d.Hunks) == 0 {
		return "\n<p>" + head + "</p>\n", false
	}
	fence := strings.Repeat("`", max(3, longestRun(d)+1))
	before := "\n<details><summary>" + head + "</summary>\n\n" + fence + "diff\n"
	after := fence + "\n\n</details>\n"
	const more = 60
	room := most - len(before) - len(after) - more
	if room < 0 {
		return "", true
	}
	var b strings.Builder
	lines, shown := 0, 0
	put := func(line string) {
		lines++
		line += "\n"
		if shown == lines-1 && b.Len()+len(line) <= room {
			b.WriteString(line)
			shown++
		}
	}
	for i := range d.Hunks {
		put(d.Hunks[i].Header())
		for _, line := range d.Hunks[i].Lines {
			put(diffLine(line))
		}
	}
	if left := lines - shown; left > 0 {
		after = fence + "\n\n… " + plural(left, "more line") + "\n\n</details>\n"
		cut = true
	}
	return before + b.String() + after, cut
}

// longestRun is the length of the longest run of backticks in a diff, which its
// fence must surpass.
func longestRun(d *diff.Diff) int {
	longest := 0
	for _, h := range d.Hunks {
		for _, line := range h.Lines {
			run := 0
			for i := range len(line) {
				if line[i] != '`' {
					run = 0
					continue
				}
				run++
				longest = max(longest, run)
			}
		}
	}
	return longest
}

func pinsMarkdown(b *comment, c *diff.Changes) {
	for i := range c.Pins {
		if i == 0 {
			b.line("\n#### Pins\n\n")
		}
		p := &c.Pins[i]
		before, after := pinValues(p)
		s := "- **" + string(p.Change) + "** " + inCode(p.Name) + ": " + inCode(before+after)
		if before != "" && after != "" {
			s = "- **" + string(p.Change) + "** " + inCode(p.Name) + ": " + inCode(before) + " → " + inCode(after)
		}
		if to := safeURL(p.Compare); to != "" {
			s += " ([compare](" + to + "))"
		}
		b.line(s + "\n")
	}
}

// safeURL is a web address without a character that would end a link; "" for
// what is none.
func safeURL(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	var b strings.Builder
	for _, c := range []byte(address) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(":/?&=._~%+-", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func findingsMarkdown(b *comment, c *diff.Changes) {
	for i := range c.Findings {
		if i == 0 {
			b.line("\n#### Findings\n\n")
		}
		f := &c.Findings[i]
		s := "- **" + string(f.Change) + "** " + markdown(text.Line(f.Severity)) + " "
		if f.Place != nil {
			s += inCode(placeOf(f.Place)) + " "
		}
		s += markdown(text.Clip(text.Line(f.Summary), 2*mostOfSpan))
		if f.ID != "" {
			s += " (" + markdown(text.Line(f.ID)) + ")"
		}
		b.line(s + "\n")
	}
}

func placeOf(p *diag.Place) string {
	return text.Line(filepath.ToSlash(p.File)) + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
}

// inCode is a value as code, not too long.
func inCode(s string) string {
	if s = text.Clip(strings.TrimSpace(text.Line(s)), mostOfSpan); s == "" {
		return "(empty)"
	}
	return codeSpan(s)
}

// inHTML writes a text in an HTML block, where Markdown is not looked at, but
// mentions and references are.
func inHTML(s string) string {
	s = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(text.Line(s))
	return strings.NewReplacer("@", "@&#8203;", "#", "#&#8203;").Replace(s)
}

// code is a value as code in an HTML block.
func code(s string) string { return "<code>" + inHTML(text.Clip(text.Line(s), mostOfSpan)) + "</code>" }
