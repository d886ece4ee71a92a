package view

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
	"github.com/nixplan/nixplan/plan/graph"
)

const (
	SVG     Format = "svg"
	DOT     Format = "dot"     // of Graphviz
	Mermaid Format = "mermaid" // as forges draw it in Markdown
)

// GraphFormats are the formats of a picture.
var GraphFormats = []Format{SVG, DOT, Mermaid}

// Graph draws g, which was made from p.
func Graph(w io.Writer, p *plan.Plan, g *graph.Graph, format Format) error {
	heading := []string{text.Clip(text.Line(p.Repository.Name)+" @ "+text.Line(p.Ref), 90)}
	if len(g.Nodes) == 0 {
		heading = append(heading, "There are no jobs")
	}
	if g.Omitted > 0 {
		heading = append(heading, omittedJobs(g))
	}
	switch format {
	case DOT:
		return writeDot(w, g, heading)
	case Mermaid:
		return writeMermaid(w, g, heading)
	}
	return writeSVG(w, g, heading)
}

// mostDrawn is how many cells of a name are written where a program other than
// ours finds the room.
const mostDrawn = 120

// nodeLines are the lines of a node's label.
func nodeLines(n *graph.Node) []string {
	lines := []string{nodeName(n)}
	for _, s := range []string{n.Note, n.Problem} {
		if s = text.Line(s); s != "" {
			lines = append(lines, s)
		}
	}
	if n.Kind == graph.Job && n.State != "" {
		lines = append(lines, text.Line(string(n.State)))
	}
	for i := range lines {
		lines[i] = clipMiddle(lines[i], mostDrawn)
	}
	return lines
}

// dotShapes are the shapes of Graphviz by kind.
var dotShapes = map[graph.Kind]string{
	graph.Job: "box", graph.File: "note", graph.Machine: "box3d", graph.Secret: "hexagon",
}

func writeDot(w io.Writer, g *graph.Graph, heading []string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph nixplan {\n  label=%s; labelloc=t; labeljust=l;\n", dotString(heading...))
	b.WriteString("  rankdir=LR; ranksep=1; fontname=\"sans-serif\";\n  node [fontname=\"monospace\", fontsize=11]; edge [fontname=\"sans-serif\", fontsize=9, arrowsize=0.6];\n")
	for i := range g.Nodes {
		n := &g.Nodes[i]
		style := "solid"
		switch {
		case n.State == plan.Active:
			style = "bold"
		case n.State == plan.Undetermined || n.Problem != "":
			style = "dashed"
		}
		if n.Kind == graph.Job {
			style = "rounded," + style
		}
		fmt.Fprintf(&b, "  n%d [label=%s, shape=%s, style=%q", i+1, dotString(nodeLines(n)...), dotShapes[n.Kind], style)
		if n.Count > 1 {
			fmt.Fprintf(&b, ", tooltip=%s, peripheries=2", dotString(names(n.Names)))
		}
		b.WriteString("];\n")
	}
	for _, e := range g.Edges {
		fmt.Fprintf(&b, "  n%d -> n%d", e.From+1, e.To+1)
		if e.Label != "" {
			fmt.Fprintf(&b, " [label=%s]", dotString(clipMiddle(text.Line(e.Label), mostDrawn)))
		}
		b.WriteString(";\n")
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// dotString quotes lines. In a quoted string of Graphviz a backslash begins what
// it replaces by names (\N, \G), and an ampersand a character of HTML.
func dotString(lines ...string) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;")
	for i, line := range lines {
		lines[i] = escape.Replace(line)
	}
	return `"` + strings.Join(lines, `\n`) + `"`
}

func writeMermaid(w io.Writer, g *graph.Graph, heading []string) error {
	var b strings.Builder
	title, err := json.Marshal(strings.Join(heading, ", ")) // YAML takes JSON; entities are for labels
	if err != nil {
		return err
	}
	fmt.Fprintf(&b, "---\ntitle: %s\n---\nflowchart LR\n", title)
	shapes := map[graph.Kind][2]string{
		graph.Job: {"(", ")"}, graph.File: {"[", "]"}, graph.Machine: {"[[", "]]"}, graph.Secret: {"{{", "}}"},
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		lines := nodeLines(n)
		for j := range lines {
			lines[j] = mermaidLabel(lines[j])
		}
		shape := shapes[n.Kind]
		fmt.Fprintf(&b, "  n%d%s\"%s\"%s", i+1, shape[0], strings.Join(lines, "<br/>"), shape[1])
		if n.State == plan.Active || n.State == plan.Undetermined {
			b.WriteString(":::" + string(n.State))
		}
		b.WriteByte('\n')
	}
	for _, e := range g.Edges {
		label := ""
		if e.Label != "" {
			label = `|"` + mermaidLabel(clipMiddle(text.Line(e.Label), mostDrawn)) + `"|`
		}
		fmt.Fprintf(&b, "  n%d -->%s n%d\n", e.From+1, label, e.To+1)
	}
	b.WriteString("  classDef active stroke-width:3px\n  classDef undetermined stroke-dasharray:5 3\n")
	_, err = io.WriteString(w, b.String())
	return err
}

// mermaidLabel writes a text for a quoted label: letters, digits and what is
// common in names as they are, the rest of ASCII by number. So nothing is taken
// for the end of the label, for HTML or for Markdown, which is looked for in
// labels before numbers are read.
func mermaidLabel(s string) string {
	var b strings.Builder
	digits := true // so far: "1." would begin a list
	for i, r := range s {
		switch {
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == ' ' || r >= 0x80,
			(r == '.' || r == '-') && i > 0 && !digits:
			b.WriteRune(r)
		case r == '/' && i > 0 && s[i-1] != '/': // "//" would make a link
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "#%d;", r)
		}
		digits = digits && r >= '0' && r <= '9'
	}
	return b.String()
}
