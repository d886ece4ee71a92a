package view

import (
	"strconv"

	"golang.org/x/net/html"

	"github.com/nixplan/nixplan/plan"
)

// pageMarkup is what a page about a change consists of.
func pageMarkup(p *htmlPage) piece {
	return all(
		block("head",
			block("meta", attr("charset", "utf-8")),
			block("meta", attr("http-equiv", "Content-Security-Policy"), attr("content", p.Policy)),
			block("meta", attr("name", "viewport"), attr("content", "width=device-width, initial-scale=1")),
			block("meta", attr("name", "color-scheme"), attr("content", "light dark")),
			block("meta", attr("name", "referrer"), attr("content", "no-referrer")),
			block("meta", attr("name", "generator"), attr("content", "nixplan "+p.Tool)),
			block("link", attr("rel", "icon"), attr("href", "data:,")),
			block("title", txt(p.Title)),
			block("style", txt(p.CSS)),
		),
		block("body",
			block("a", class("skip"), attr("href", "#changes"), txt("To the changes")),
			block("header", class("top"), pageTop(p)),
			block("nav", attr("aria-label", "Contents"),
				block("ul", each(p.Contents, func(l htmlLink) piece {
					return block("li", el("a", attr("href", "#"+l.ID), txt(l.Title),
						when(l.N > 0, txt(" "), el("span", class("n"), number(l.N)))))
				}))),
			block("main", id("changes"), attr("tabindex", "-1"),
				each(p.Sections, func(s htmlSection) piece {
					return section(s.ID, s.Title, each(s.Jobs, jobCard), more(s.More))
				}),
				when(len(p.Findings) > 0, section("findings", "Findings of nixplan check", list(p.Findings, finding))),
				when(len(p.Matrix.Rows) > 0, section("refs", "Jobs and refs", matrix(&p.Matrix))),
				when(len(p.Picture.Nodes) > 0, section("picture", "What is deployed with what", pictureParts(p))),
				when(len(p.Pins) > 0, section("pins", "Pins", list(p.Pins, pin))),
				when(len(p.Files) > 0, section("files", "Files and scripts", each(p.Files, fileCard), more(p.MoreFiles))),
				when(len(p.Unchanged) > 0, section("unchanged", "Unchanged", jobNames(p.Unchanged), more(p.MoreUnchanged),
					when(p.SameSettings != "", block("p", class("about"), txt(p.SameSettings))))),
				when(len(p.Unknown) > 0, section("unknown", "Not known",
					block("p", class("about"), txt(p.UnknownNote)), jobNames(p.Unknown), more(p.MoreUnknown))),
				when(len(p.NotCompared) > 0, section("not-compared", "Not compared", list(p.NotCompared, txt))),
			),
			block("footer", el("p", txt("Made by nixplan"), when(p.Tool != "", txt(" "+p.Tool)),
				txt(" from the two revisions alone: nothing was built, and no secret is on this page."))),
		),
	)
}

func pageTop(p *htmlPage) piece {
	return all(
		block("p", class("brand"), el("b", txt("nixplan")), txt(" what a change would do to deployments")),
		block("h1", revision(p.Base), arrow(" to "), revision(p.Head)),
		block("p", class("verdict "+p.Verdict.Class), unread("", p.Verdict.Mark), txt(" "+p.Verdict.Word)),
		when(len(p.Tiles) > 0, block("ul", class("tiles"), each(p.Tiles, func(t htmlTile) piece {
			return block("li", el("span", class("tile"), txt(t.Label)), each(t.Counts, func(c htmlCount) piece {
				return all(txt(" "), el("span", class("count "+c.Class), el("b", txt(c.Mark), number(c.N)), txt(" "+c.Word)))
			}))
		}))),
		func(to *html.Node) {
			if e := p.Entry; e != nil {
				block("p", class("lead"), txt("Entry file: "), literal(e.Before), arrow(" becomes "), literal(e.After))(to)
			}
		},
	)
}

// section is a part of the page that the contents list.
func section(name, title string, pieces ...piece) piece {
	heading := "h-" + name
	return block("section", id(name), attr("aria-labelledby", heading), block("h2", id(heading), txt(title)), all(pieces...))
}

func jobCard(j htmlJob) piece {
	return block("article", class("card "+j.Class),
		block("header",
			badge(j.Badge),
			block("h3", renamed(j.Was, j.Path)),
			block("p", class("about"), txt(j.Kind), when(j.Active != "", txt(" · "+j.Active)))),
		when(len(j.Facts) > 0, block("ul", class("facts"), each(j.Facts, func(f htmlFact) piece {
			return block("li", class(f.Class), unread("mark", f.Mark), heard(f.Word+" "), el("span", class("topic"), txt(f.Topic)),
				el("span", class("what"), when(f.Name != "", literal(f.Name)), values(f.htmlValues),
					when(f.Refs != "", txt(" "), el("span", class("refs"), txt("for "+f.Refs)))))
		}))),
		more(j.More),
		when(j.Steps != "", block("p", class("steps"), el("span", class("topic"), txt("steps")), txt(" "+j.Steps))),
	)
}

func finding(f htmlFinding) piece {
	return all(badge(f.Badge), txt(" "), el("b", class("severity "+f.Severity), txt(f.Severity)), txt(" "),
		when(f.Place != "", literal(f.Place), txt(" ")), txt(f.Summary),
		when(f.ID != "", txt(" "), el("span", class("about"), txt(f.ID))))
}

func pin(p htmlPin) piece {
	return all(badge(p.Badge), txt(" "), literal(p.Name), values(p.htmlValues),
		when(p.Compare != "", txt(" "), el("a", attr("href", p.Compare), txt("what lies between"), heard(" the revisions of "+p.Name))))
}

func matrix(m *htmlMatrix) piece {
	return all(
		scroll("Table of jobs and refs", block("table", class("matrix"),
			block("thead", el("tr", el("th", attr("scope", "col"), txt("Job")), each(m.Columns, func(refs []htmlRef) piece {
				return el("th", attr("scope", "col"), each(refs, func(r htmlRef) piece {
					return el("span", class("ref"), when(r.Kind != "", el("small", txt(r.Kind)), txt(" ")), txt(r.Name))
				}))
			}))),
			block("tbody", each(m.Rows, matrixRow)))),
		more(m.More),
		block("p", class("legend"), each(m.Legend, func(state string) piece {
			return all(el("span", stateMark(state), txt(" "+state)), txt(" "))
		})),
	)
}

func matrixRow(r htmlRow) piece {
	return block("tr", class(r.Class),
		el("th", attr("scope", "row"), when(r.Mark != "", unread("mark", r.Mark), heard(r.Word+" ")), renamed(r.Was, r.Name)),
		each(r.Cells, func(c htmlCell) piece {
			return el("td", when(c.Differs(), class("differs")),
				when(c.Before != "", stateMark(c.Before), unread("to", "→")), stateMark(c.After),
				el("span", class("vh"), when(c.Before != "", txt(c.Before+", becomes ")), txt(c.After)))
		}))
}

// stateMark is a sign for a state, which something else says in words.
func stateMark(state string) piece {
	mark := "·"
	switch plan.RefState(state) {
	case plan.Active:
		mark = "●"
	case plan.Inactive:
		mark = "○"
	case plan.Undetermined:
		mark = "◌"
	case plan.Failed:
		mark = "✗"
	}
	return unread("state "+state, mark)
}

func pictureParts(p *htmlPage) piece {
	return all(
		scroll("The picture", svg(p.Picture)),
		block("p", class("legend"), each(p.Legend, func(b htmlBadge) piece {
			return all(el("span", class(b.Class), el("b", class("mark"), txt(b.Mark)), txt(" "+b.Word)), txt(" "))
		}), txt(p.PictureNote)),
		block("details", class("card words"), block("summary", txt("The picture in words")), block("ul", each(p.Words, pictureWord))),
	)
}

func pictureWord(w *htmlWord) piece {
	return block("li", el("span", class("about"), txt(w.Kind)), txt(" "), literal(w.Name), when(w.Note != "", txt(" "+w.Note)),
		when(w.Mark != "", txt(" "), el("span", class(w.Mark), txt(w.Mark))),
		when(len(w.Below) > 0, el("ul", each(w.Below, pictureWord))))
}

func fileCard(t htmlText) piece {
	title := all(badge(t.Badge), txt(" "), el("span", class("path"), renamed(t.Was, t.Path)), txt(" "), el("span", class("about"), txt(t.Note)),
		when(t.Counts != "", txt(" "), el("span", class("counts"), when(t.Plain, txt(t.Counts)), when(!t.Plain,
			el("span", class("added"), txt("+"), number(t.Added)), txt(" "), el("span", class("removed"), txt("−"), number(t.Removed))))))
	if len(t.Lines) == 0 {
		return block("p", class("card text flat "+t.Class), title)
	}
	column := func(name string) piece { return el("th", attr("scope", "col"), txt(name)) }
	return block("details", class("card text "+t.Class), when(t.Open, attr("open", "")),
		block("summary", title),
		block("div", class("diff"), block("table", attr("aria-label", t.Label),
			block("thead", class("vh"), el("tr", column("line before"), column("line after"), column("text"))),
			block("tbody", each(t.Lines, diffRow)))),
		more(t.More),
	)
}

func diffRow(l htmlLine) piece {
	if l.Hunk {
		return block("tr", class(l.Class), el("td", class("hunk"), attr("colspan", "3"), txt(l.Text)))
	}
	return block("tr", class(l.Class),
		el("td", class("n"), when(l.Old > 0, number(l.Old))),
		el("td", class("n"), when(l.New > 0, number(l.New))),
		el("td", class("t"), el("span", class("sign"), txt(l.Sign)), txt(l.Text), when(l.Strong != "", el("b", txt(l.Strong))), txt(l.Rest)))
}

func revision(r htmlRevision) piece {
	return all(literal(r.Name), when(r.Rev != "", txt(" "), el("span", class("rev"), txt(r.Rev))))
}

func badge(b htmlBadge) piece {
	return el("span", class("badge "+b.Class), unread("", b.Mark), txt(" "+b.Word))
}

func values(v htmlValues) piece {
	if v.Before == "" && v.After == "" {
		return all()
	}
	return all(txt(" "), el("span", class("values"),
		when(v.Before != "", el("del", txt(v.Before))),
		when(v.Before != "" && v.After != "", arrow(" becomes ")),
		when(v.After != "", el("ins", txt(v.After)))))
}

// renamed is a name, behind the one that it had.
func renamed(was, name string) piece {
	return all(when(was != "", literal(was), arrow(" is now ")), literal(name))
}

// arrow is heard as a word.
func arrow(word string) piece { return all(txt(" "), unread("to", "→"), heard(word), txt(" ")) }

// heard is for those who do not see what lies around it.
func heard(words string) piece { return el("span", class("vh"), txt(words)) }

// unread is a sign that says nothing to those who do not see it.
func unread(name, sign string) piece {
	return el("span", class(name), attr("aria-hidden", "true"), txt(sign))
}

func literal(s string) piece { return el("code", txt(s)) }

func number(n int) piece { return txt(strconv.Itoa(n)) }

// more says what is left out, if something is.
func more(s string) piece { return when(s != "", block("p", class("more"), txt(s))) }

func list[T any](elements []T, of func(T) piece) piece {
	return block("ul", class("card list"), each(elements, func(e T) piece { return block("li", of(e)) }))
}

func jobNames(list []string) piece {
	return block("p", class("names"), each(list, func(name string) piece { return all(literal(name), txt(" ")) }))
}

// scroll is a part that may be wider than the page.
func scroll(label string, pieces ...piece) piece {
	return block("div", class("card scroll"), attr("role", "region"), attr("aria-label", label), attr("tabindex", "0"), all(pieces...))
}
