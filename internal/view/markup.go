package view

import (
	"io"

	"golang.org/x/net/html"
)

// Pages and pictures are made as trees: what a repository holds can only become a
// text or the value of an attribute, and html.Render escapes it there. Why these are no
// templates: docs/decisions/0017-pages-as-trees.md.

// piece adds to an element what it stands for: attributes first, then what is in it.
type piece func(to *html.Node)

// el is an element. In a picture all are SVG's.
func el(name string, pieces ...piece) piece {
	return func(to *html.Node) {
		n := &html.Node{Type: html.ElementNode, Data: name, Namespace: to.Namespace}
		if name == "svg" {
			n.Namespace = name
		}
		all(pieces...)(n)
		to.AppendChild(n)
	}
}

// block is an element that begins a line of the source.
func block(name string, pieces ...piece) piece { return all(txt("\n"), el(name, pieces...)) }

// txt is a text.
func txt(s string) piece {
	return func(to *html.Node) {
		if s != "" {
			to.AppendChild(&html.Node{Type: html.TextNode, Data: s})
		}
	}
}

// attr is an attribute. Of addresses of a repository only those that safeURL gives
// may become one.
func attr(key, value string) piece {
	return func(to *html.Node) { to.Attr = append(to.Attr, html.Attribute{Key: key, Val: value}) }
}

// class is the attribute, or none.
func class(names string) piece { return when(names != "", attr("class", names)) }

func id(name string) piece { return attr("id", name) }

func all(pieces ...piece) piece {
	return func(to *html.Node) {
		for _, add := range pieces {
			add(to)
		}
	}
}

func when(is bool, pieces ...piece) piece {
	if !is {
		return all()
	}
	return all(pieces...)
}

func each[T any](list []T, of func(T) piece) piece {
	return func(to *html.Node) {
		for _, element := range list {
			of(element)(to)
		}
	}
}

// writeMarkup writes a document.
func writeMarkup(w io.Writer, pieces ...piece) error {
	document := &html.Node{Type: html.DocumentNode}
	all(pieces...)(document)
	return html.Render(w, document)
}

// doctype makes browsers follow today's standards.
func doctype(to *html.Node) { to.AppendChild(&html.Node{Type: html.DoctypeNode, Data: "html"}) }
