package view

import (
	"embed"
	"fmt"
	"strings"

	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
	"github.com/nixplan/nixplan/plan/graph"
)

//go:embed page
var page embed.FS

// pageCSS is a style sheet of ours.
func pageCSS(name string) string {
	css, err := page.ReadFile("page/" + name)
	if err != nil {
		panic(err) // it is part of the program
	}
	return string(css)
}

// The picture's measures in pixels. The width of a name is that of its cells in
// a monospaced font, of which common ones differ little.
const (
	nodePadding = 34 // left of the text, with the icon
	nodeEnd     = 14 // right of it
	nameCell    = 7.6
	noteCell    = 6.1
	headCell    = 7.5
	mostCells   = 26 // of a name; the whole is in the title
	mostNote    = 32
	leastWidth  = 120

	pictureMargin = 16
	headHeight    = 30
	lineHeight    = 20
)

// picture is a laid out graph as it is drawn.
type picture struct {
	Title, Desc   string
	Width, Height int
	Texts         []pictureText
	Nodes         []pictureNode
	Edges         []pictureEdge
}

type pictureText struct {
	X, Y int
	Text string
}

type pictureNode struct {
	X, Y, W, H          int
	Class               string
	Icon                graph.Kind
	Title, Name, Note   string
	NameY, NoteY, IconY int
	Mark                string
}

type pictureEdge struct{ Class, Path string }

// graphSize is how much room nodes take.
var graphSize = graph.Size{
	Between: 64, Along: 14,
	Node: func(n *graph.Node) (width, height int) {
		name, note := nodeTexts(n)
		cells := max(float64(text.Width(name))*nameCell, float64(text.Width(note))*noteCell)
		height = 30
		if note != "" {
			height = 46
		}
		return max(leastWidth, nodePadding+int(cells)+nodeEnd), height
	},
}

// nodeTexts are the two lines of a node.
func nodeTexts(n *graph.Node) (name, note string) {
	name, note = nodeName(n), text.Line(n.Note)
	if n.Problem != "" {
		note = text.Line(n.Problem)
	}
	return clipMiddle(name, mostCells), text.Clip(note, mostNote)
}

// nodeName is the whole name of a node on one line.
func nodeName(n *graph.Node) string {
	if n.Count > 1 {
		return plural(n.Count, string(n.Kind))
	}
	return text.Line(n.Name)
}

// nodeTitle says all there is to say of a node.
func nodeTitle(n *graph.Node) string {
	parts := []string{string(n.Kind) + " " + nodeName(n)}
	if n.Count > 1 {
		parts = []string{nodeName(n) + ": " + names(n.Names)}
	}
	for _, s := range []string{n.Note, string(n.State), n.Problem, string(n.Mark)} {
		if s != "" {
			parts = append(parts, text.Line(s))
		}
	}
	return strings.Join(parts, ", ")
}

// clipMiddle cuts from the middle of a name: the ends tell names apart.
func clipMiddle(s string, n int) string {
	if text.Width(s) <= n {
		return s
	}
	head := text.Clip(s, (n+1)/2) // with the ellipsis
	runes := []rune(s)
	from := len(runes)
	for width := 0; from > 0; from-- {
		if width += text.Width(string(runes[from-1])); width > n/2 {
			break
		}
	}
	return head + string(runes[from:])
}

var nodeMarks = map[graph.Mark]string{graph.Added: "+", graph.Removed: "−", graph.Changed: "~"}

var columnTitles = map[graph.Kind]string{
	graph.Job: "Jobs", graph.File: "Network files", graph.Machine: "Machines", graph.Secret: "Secrets",
}

// draw makes a picture of a graph. heading are lines above it, for a picture that
// stands alone.
func draw(g *graph.Graph, heading ...string) *picture {
	at := graph.Place(g, graphSize)
	out := &picture{Title: "What is deployed with what", Desc: describeGraph(g)}
	left, top := pictureMargin, pictureMargin
	for _, line := range heading {
		top += lineHeight
		out.Texts = append(out.Texts, pictureText{left, top - 6, line})
	}
	if len(at.Columns) > 0 {
		top += headHeight
	}
	for _, c := range at.Columns {
		var titles []string
		for _, kind := range c.Kinds {
			titles = append(titles, columnTitles[kind])
		}
		title := strings.Join(titles, " and ")
		title = title[:1] + strings.ToLower(title[1:])
		out.Texts = append(out.Texts, pictureText{left + c.X, top - 14, title})
	}
	for i := range g.Nodes {
		n, box := &g.Nodes[i], at.Boxes[i]
		node := pictureNode{
			X: left + box.X, Y: top + box.Y, W: box.W, H: box.H,
			Class: nodeClass(n), Icon: n.Kind, Title: nodeTitle(n), Mark: nodeMarks[n.Mark],
			IconY: box.H/2 - 7, NameY: box.H/2 + 4, NoteY: box.H/2 + 13,
		}
		if node.Name, node.Note = nodeTexts(n); node.Note != "" {
			node.NameY = box.H/2 - 3
		}
		out.Nodes = append(out.Nodes, node)
	}
	for i, line := range at.Lines {
		out.Edges = append(out.Edges, pictureEdge{strings.TrimSpace("edge " + markClass(g.Edges[i].Mark)), curve(line, left, top)})
	}
	wide := 0.0
	for _, t := range out.Texts {
		wide = max(wide, float64(t.X)+float64(text.Width(t.Text))*headCell)
	}
	out.Width = max(left+at.Width, int(wide)) + pictureMargin
	out.Height = top + at.Height + pictureMargin
	return out
}

// nodeClass is made of words of ours only.
func nodeClass(n *graph.Node) string {
	class := "node " + string(n.Kind)
	switch n.State {
	case plan.Active, plan.Undetermined:
		class += " " + string(n.State)
	}
	if n.Count > 1 {
		class += " several"
	}
	if n.Problem != "" {
		class += " problem"
	}
	if mark := markClass(n.Mark); mark != "" {
		class += " " + mark
	}
	return class
}

func markClass(m graph.Mark) string {
	if nodeMarks[m] == "" {
		return ""
	}
	return string(m)
}

// curve is the path of an edge: level at both ends.
func curve(line []graph.Point, left, top int) string {
	var b strings.Builder
	for i, p := range line {
		x, y := left+p.X, top+p.Y
		switch {
		case i == 0:
			fmt.Fprintf(&b, "M%d %d", x, y)
		case i == 2: // past a column
			fmt.Fprintf(&b, "L%d %d", x, y)
		default:
			before := line[i-1]
			middle := left + (before.X+p.X)/2
			fmt.Fprintf(&b, "C%d %d %d %d %d %d", middle, top+before.Y, middle, y, x, y)
		}
	}
	return b.String()
}

// describeGraph counts what a picture shows.
func describeGraph(g *graph.Graph) string {
	count := map[graph.Kind]int{}
	for i := range g.Nodes {
		count[g.Nodes[i].Kind] += g.Nodes[i].Count
	}
	var parts []string
	for _, kind := range []graph.Kind{graph.Job, graph.File, graph.Machine, graph.Secret} {
		if n := count[kind]; n > 0 || kind == graph.Job {
			parts = append(parts, plural(n, string(kind)))
		}
	}
	s := strings.Join(parts, ", ")
	if g.Omitted > 0 {
		s += "; " + omittedJobs(g)
	}
	return s
}

// omittedJobs says what the picture lacks.
func omittedJobs(g *graph.Graph) string {
	verb := "are"
	if g.Omitted == 1 {
		verb = "is"
	}
	return plural(g.Omitted, "more job") + " " + verb + " not in the picture"
}
