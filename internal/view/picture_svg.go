package view

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/nixplan/nixplan/plan/graph"
)

// writeSVG writes a picture that stands alone: a file that browsers and forges
// show, in the colours of the one who looks at it.
func writeSVG(w io.Writer, g *graph.Graph, heading []string) error {
	p := draw(g, heading...)
	var b strings.Builder
	err := writeMarkup(&b, el("svg", attr("xmlns", svgNamespace), class("np-graph"), size(p.Width, p.Height), viewBox(p),
		block("style", txt(pageCSS("graph.css"))),
		// The rules of the sheet are for what is in an svg in one of this class.
		block("svg", el("rect", class("back"), size(p.Width, p.Height))),
		svg(p),
	), txt("\n"))
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xmlText(b.String()))
	return err
}

const svgNamespace = "http://www.w3.org/2000/svg"

// svg is a picture as an element.
func svg(p *picture) piece {
	return block("svg", attr("xmlns", svgNamespace), size(p.Width, p.Height), viewBox(p), attr("role", "img"), attr("aria-labelledby", "np-title np-desc"),
		block("title", id("np-title"), txt(p.Title)),
		block("desc", id("np-desc"), txt(p.Desc)),
		each(p.Texts, func(t pictureText) piece { return block("text", class("head"), xy(t.X, t.Y), txt(t.Text)) }),
		each(p.Edges, func(e pictureEdge) piece { return block("path", class(e.Class), attr("d", e.Path)) }),
		each(p.Nodes, func(n pictureNode) piece {
			return block("g", class(n.Class), translate(n.X, n.Y),
				el("title", txt(n.Title)),
				el("rect", class("box"), size(n.W, n.H), attr("rx", "8")),
				el("g", translate(12, n.IconY), icon(n.Icon)),
				el("text", class("name"), xy(nodePadding, n.NameY), txt(n.Name)),
				when(n.Note != "", el("text", class("note"), xy(nodePadding, n.NoteY), txt(n.Note))),
				when(n.Mark != "",
					el("circle", class("dot"), attr("cx", strconv.Itoa(n.W)), attr("cy", "0"), attr("r", "8")),
					el("text", class("mark"), xy(n.W, 4), txt(n.Mark))))
		}),
		txt("\n"),
	)
}

// icon is drawn in a square of 14.
func icon(kind graph.Kind) piece {
	path := func(d string) piece { return el("path", class("icon"), attr("d", d)) }
	switch kind {
	case graph.Job:
		return el("circle", class("icon"), attr("cx", "7"), attr("cy", "7"), attr("r", "4.6"))
	case graph.File:
		return path("M3 1h5.2l3.3 3.3V13H3zM8 1.2V4.6h3.3M5.2 7.5h4M5.2 10h4")
	case graph.Machine:
		return path("M1.8 2.2h10.4v4H1.8zM1.8 7.8h10.4v4H1.8zM4 4.2h.1M4 9.8h.1M6.6 4.2h3.2M6.6 9.8h3.2")
	default:
		return path("M6.6 9.4a2.8 2.8 0 1 1-4-4 2.8 2.8 0 0 1 4 4M6.7 5.3 11.6 1.2M9.2 3.2l1.9 2.2M7.8 4.4l1.3 1.5")
	}
}

func size(width, height int) piece {
	return all(attr("width", strconv.Itoa(width)), attr("height", strconv.Itoa(height)))
}

func viewBox(p *picture) piece { return attr("viewBox", fmt.Sprintf("0 0 %d %d", p.Width, p.Height)) }

func xy(x, y int) piece { return all(attr("x", strconv.Itoa(x)), attr("y", strconv.Itoa(y))) }

func translate(x, y int) piece { return attr("transform", fmt.Sprintf("translate(%d %d)", x, y)) }

// xmlText replaces what XML cannot hold, which HTML can.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		if r == 0xFFFE || r == 0xFFFF || r < 0x20 && r != '\n' && r != '\t' && r != '\r' {
			return 0xFFFD
		}
		return r
	}, s)
}
