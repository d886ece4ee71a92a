package view

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
	"github.com/nixplan/nixplan/plan/diff"
	"github.com/nixplan/nixplan/plan/graph"
)

// How much a page has of what can be very many; what is left out is said.
const (
	mostCards     = 300 // jobs of a section
	mostFacts     = 200 // of a job
	mostRows      = 300 // of the table of refs
	mostColumns   = 40
	mostTexts     = 500
	mostDiffed    = 20000 // lines of all diffs
	mostOpen      = 400   // lines of the diffs that are unfolded from the start
	mostOpenLines = 80    // of one of them
	mostListed    = 500   // names of jobs that do not change
)

// htmlPage is what the page shows. Every text is fit for a line.
type htmlPage struct {
	Tool, Policy             string
	CSS                      string
	Title                    string
	Base, Head               htmlRevision
	Verdict                  htmlBadge
	Tiles                    []htmlTile
	Entry                    *htmlValues
	Contents                 []htmlLink
	Sections                 []htmlSection
	Findings                 []htmlFinding
	Matrix                   htmlMatrix
	Picture                  *picture
	PictureNote              string
	Legend                   []htmlBadge
	Words                    []*htmlWord
	Pins                     []htmlPin
	Files                    []htmlText
	MoreFiles                string
	Unchanged                []string
	MoreUnchanged            string
	SameSettings             string
	Unknown                  []string
	UnknownNote, MoreUnknown string
	NotCompared              []string
}

type htmlBadge struct{ Class, Mark, Word string }

type htmlTile struct {
	Label  string
	Counts []htmlCount
}

type htmlCount struct {
	Class, Mark, Word string
	N                 int
}

type htmlLink struct {
	ID, Title string
	N         int
}

type htmlValues struct{ Before, After string }

type htmlSection struct {
	ID, Title string
	Jobs      []htmlJob
	N         int // how many there are
	More      string
}

type htmlJob struct {
	Class                   string
	Badge                   htmlBadge
	Path, Was, Kind, Active string
	Facts                   []htmlFact
	More, Steps             string
}

type htmlFact struct {
	htmlBadge
	htmlValues
	Topic, Name, Refs string
}

type htmlFinding struct {
	Badge                        htmlBadge
	Severity, Place, Summary, ID string
}

type htmlPin struct {
	htmlValues
	Name, Compare string
	Badge         htmlBadge
}

// htmlClasses colour what changes.
var htmlClasses = map[diff.Change]string{
	diff.Added: "added", diff.Removed: "removed", diff.Moved: "changed", diff.Changed: "changed",
	diff.Activated: "added", diff.Deactivated: "removed", diff.Doubtful: "doubtful",
	diff.New: "removed", diff.Fixed: "added", // of findings, which nobody wants more of
}

// htmlMarks are the marks in characters that a terminal may not have; a ">" before a
// number would be read as "more than".
var htmlMarks = strings.NewReplacer("-", "−", ">", "→")

func htmlChange(change diff.Change) htmlBadge {
	return htmlBadge{htmlClasses[change], htmlMarks.Replace(diffMarks[change]), string(change)}
}

// writeDiffPage writes what a change would do as a page: one file, which needs
// neither network nor scripts.
func writeDiffPage(w io.Writer, c *diff.Changes, o *diff.Overview) error {
	p := &htmlPage{
		Tool: text.Line(c.ToolVersion), Base: htmlRevisionOf(c.Base), Head: htmlRevisionOf(c.Head), Verdict: verdict(c), Tiles: tiles(c), Words: graphWords(o.Picture),
	}
	p.Title = "nixplan: " + p.Base.Name + " to " + p.Head.Name
	css := pageCSS("graph.css") + pageCSS("diff.css")
	sum := sha256.Sum256([]byte(css))
	p.CSS = css
	// Should something of the repository get past the escaping after all, a browser
	// neither runs it nor asks anybody for it.
	p.Policy = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src data:; base-uri 'none'; form-action 'none'"
	if c.Entry != nil {
		p.Entry = &htmlValues{entryTitle(c.Entry.Before), entryTitle(c.Entry.After)}
	}
	for _, section := range diffSections {
		if s := htmlJobs(c, section.reach); len(s.Jobs) > 0 {
			s.Title = section.title
			p.Sections = append(p.Sections, s)
		}
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		h := htmlFinding{Badge: htmlChange(f.Change), Severity: text.Line(f.Severity), Summary: text.Line(f.Summary), ID: text.Line(f.ID)}
		if f.Place != nil {
			h.Place = placeOf(f.Place)
		}
		p.Findings = append(p.Findings, h)
	}
	p.Matrix = htmlMatrixOf(o)
	p.Picture = draw(o.Picture)
	p.Legend = graphLegend(o.Picture)
	if o.Picture.Omitted > 0 {
		p.PictureNote = omittedJobs(o.Picture) + "."
	}
	for i := range c.Pins {
		pin := &c.Pins[i]
		before, after := pinValues(pin)
		p.Pins = append(p.Pins, htmlPin{
			Name: text.Line(pin.Name), Badge: htmlChange(pin.Change), Compare: safeURL(pin.Compare),
			htmlValues: htmlValues{text.Line(before), text.Line(after)},
		})
	}
	p.texts(c)
	p.Unchanged, p.MoreUnchanged = htmlNames(c.Unchanged)
	if note := sameSettings(c); note != "" {
		p.SameSettings = htmlSentence(note)
	}
	p.Unknown, p.MoreUnknown = htmlNames(c.Unknown)
	p.UnknownNote = htmlSentence(strings.TrimSuffix(unknownJobs, ": "))
	for _, g := range c.Refs {
		if g.OnlyIn != "" {
			p.NotCompared = append(p.NotCompared, "Known only in the "+g.OnlyIn+": "+text.Line(g.Title))
		}
	}
	p.contents(c)
	return writeMarkup(w, doctype, block("html", attr("lang", "en"), class("np-graph"), pageMarkup(p)), txt("\n"))
}

func entryTitle(e *plan.Entry) string {
	if e == nil {
		return "none"
	}
	return text.Line(e.Path) + " (" + text.Line(string(e.Form)) + ")"
}

// htmlRevision is what revisionParts gives.
type htmlRevision struct{ Name, Rev string }

func htmlRevisionOf(r diff.Revision) htmlRevision {
	name, commit := revisionParts(r)
	return htmlRevision{name, commit}
}

// verdict is the answer in one line.
func verdict(c *diff.Changes) htmlBadge {
	may := 0
	for i := range c.Jobs {
		if c.Jobs[i].Reach == diff.MayRun {
			may++
		}
	}
	verb := func(n int, one, many string) string {
		if n == 1 {
			return one
		}
		return many
	}
	switch n := c.Counts.Reaching; {
	case c.Empty() && len(c.Unknown) > 0:
		return htmlBadge{"doubtful", "◌", "Nothing changes as far as is known"}
	case c.Empty():
		return htmlBadge{"calm", "✓", "Nothing changes"}
	case n > 0:
		return htmlBadge{"reaches", "●", plural(n, "changed job") + verb(n, " reaches", " reach") + " a deployment"}
	case may > 0:
		return htmlBadge{"doubtful", "◌", plural(may, "changed job") + " may reach a deployment"}
	}
	return htmlBadge{"calm", "✓", "No deployment changes"}
}

// tiles are the counts at the top.
func tiles(c *diff.Changes) []htmlTile {
	n := &c.Counts
	var out []htmlTile
	add := func(label string, counts ...htmlCount) {
		t := htmlTile{Label: label}
		for _, count := range counts {
			if count.N > 0 {
				t.Counts = append(t.Counts, count)
			}
		}
		if t.Counts != nil {
			out = append(out, t)
		}
	}
	count := func(class, mark, word string, n int) htmlCount { return htmlCount{class, mark, word, n} }
	add("Jobs", count("added", "+", "added", n.JobsAdded), count("removed", "−", "removed", n.JobsRemoved),
		count("changed", "→", "moved", n.JobsMoved), count("changed", "~", "changed", n.JobsChanged))
	add("Where jobs run", count("added", "+", "active", n.Activated), count("removed", "−", "inactive", n.Deactivated), count("doubtful", "?", "undetermined", n.Undetermined))
	add("Machines", count("added", "+", "added", n.MachinesAdded), count("removed", "−", "removed", n.MachinesRemoved), count("changed", "~", "retargeted", n.MachinesChanged))
	add("Files and scripts", count("changed", "~", "changed", n.Files+n.Scripts))
	add("Pins", count("changed", "~", "changed", n.Pins))
	add("Findings", count("removed", "+", "new", n.FindingsNew), count("added", "−", "fixed", n.FindingsFixed))
	return out
}

// htmlNames are the first of many names, and how many there are besides.
func htmlNames(list []string) (names []string, more string) {
	for i, name := range list {
		if i == mostListed {
			return names, fmt.Sprintf("… and %d more.", len(list)-i)
		}
		names = append(names, text.Line(name))
	}
	return names, ""
}

// htmlSentence begins in upper case and ends with a stop.
func htmlSentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

// contents are the sections there are.
func (p *htmlPage) contents(c *diff.Changes) {
	add := func(id, title string, n int, there bool) {
		if there {
			p.Contents = append(p.Contents, htmlLink{id, title, n})
		}
	}
	short := map[string]string{string(diff.Runs): "Deployments", string(diff.MayRun): "May change", string(diff.Idle): "Idle jobs"}
	for i := range p.Sections {
		add(p.Sections[i].ID, short[p.Sections[i].ID], p.Sections[i].N, true)
	}
	add("findings", "Findings", len(p.Findings), len(p.Findings) > 0)
	add("refs", "Refs", 0, len(p.Matrix.Rows) > 0)
	add("picture", "Picture", 0, len(p.Picture.Nodes) > 0)
	add("pins", "Pins", len(p.Pins), len(p.Pins) > 0)
	add("files", "Files", len(c.Files)+len(c.Scripts), len(p.Files) > 0)
	add("unchanged", "Unchanged", len(c.Unchanged), len(p.Unchanged) > 0)
	add("unknown", "Not known", len(c.Unknown), len(p.Unknown) > 0)
}

func htmlJobs(c *diff.Changes, reach diff.Reach) htmlSection {
	s := htmlSection{ID: string(reach)}
	left := 0
	for i := range c.Jobs {
		job := &c.Jobs[i]
		switch {
		case job.Reach != reach:
		case len(s.Jobs) == mostCards:
			left++
		default:
			s.Jobs = append(s.Jobs, htmlJobOf(c, job))
		}
	}
	s.N = len(s.Jobs) + left
	if left > 0 {
		s.More = "… and " + plural(left, "more job") + "; nixplan diff lists them all."
	}
	return s
}

func htmlJobOf(c *diff.Changes, job *diff.Job) htmlJob {
	h := htmlJob{
		Class: htmlClasses[job.Change], Badge: htmlChange(job.Change), Path: text.Line(job.Path), Was: text.Line(job.Was),
		Kind: diffKind(job), Active: activeFor(c, job), Steps: stepNames(job),
	}
	for i := range job.Facts {
		if i == mostFacts {
			h.More = fmt.Sprintf("… and %d more.", len(job.Facts)-i)
			break
		}
		f := &job.Facts[i]
		name, before, after := diffValues(f)
		h.Facts = append(h.Facts, htmlFact{
			htmlBadge: htmlChange(f.Change), Topic: topicLabel(f.Topic), Name: text.Line(name),
			htmlValues: htmlValues{text.Line(before), text.Line(after)}, Refs: forRefs(c, job, f.Refs),
		})
	}
	return h
}

// htmlWord is a node of the picture in a list, with what hangs on it.
type htmlWord struct {
	Kind, Name, Note, Mark string
	Below                  []*htmlWord
}

// graphWords tells in words what the picture shows.
func graphWords(g *graph.Graph) []*htmlWord {
	var jobs []*htmlWord
	below := make(map[int][]graph.Edge)
	for _, e := range g.Edges {
		below[e.From] = append(below[e.From], e)
	}
	var word func(i int, label string) *htmlWord
	word = func(i int, label string) *htmlWord {
		n := &g.Nodes[i]
		w := &htmlWord{Kind: string(n.Kind), Name: nodeName(n), Mark: markClass(n.Mark)}
		var notes []string
		for _, s := range []string{label, n.Note, string(n.State), n.Problem} {
			if s != "" {
				notes = append(notes, text.Line(s))
			}
		}
		if n.Count > 1 {
			w.Name = names(n.Names)
		}
		w.Note = strings.Join(notes, ", ")
		for _, e := range below[i] {
			label := e.Label
			if g.Nodes[e.To].Kind == graph.Secret && label != "" {
				label = "as " + label
			}
			w.Below = append(w.Below, word(e.To, label))
		}
		return w
	}
	for i := range g.Nodes {
		if g.Nodes[i].Kind == graph.Job {
			jobs = append(jobs, word(i, ""))
		}
	}
	return jobs
}

// graphLegend explains the marks that the picture has.
func graphLegend(g *graph.Graph) []htmlBadge {
	var out []htmlBadge
	for _, mark := range []graph.Mark{graph.Added, graph.Removed, graph.Changed} {
		for i := range g.Nodes {
			if g.Nodes[i].Mark == mark {
				out = append(out, htmlBadge{string(mark), nodeMarks[mark], string(mark)})
				break
			}
		}
	}
	return out
}
