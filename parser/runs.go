package parser

// Run is a stretch of a string's text and where it was written. When Len is
// the length of Source, the stretch stands in the source byte for byte (but for
// a lone carriage return, which means "\n"); else it is what an escape or a line
// end means, and Source is the whole of that.
type Run struct {
	Part   int   // index in String.Parts of the text part it belongs to
	Offset int32 // in the part's Text, in bytes
	Len    int32 // in bytes
	Source Span
}

// Verbatim reports whether the stretch stands in the source as it is.
func (r Run) Verbatim() bool { return r.Len == r.Source.End-r.Source.Start }

// Runs tells where the text of a string of this file was written. The runs of
// all text parts come in order and without gaps; what leaves no text, such as
// stripped indentation, belongs to none. They are found by reading the literal
// again, so that parsing does not pay for them.
func (f *File) Runs(s *String) []Run {
	switch s.Kind {
	case Quoted:
		return f.quotedRuns(s)
	case Indented:
		return f.indentedRuns(s)
	}
	var runs []Run
	for i, part := range s.Parts {
		if part.Expr == nil {
			runs = append(runs, Run{Part: i, Len: int32(len(part.Text)), Source: part.Span})
		}
	}
	return runs
}

func (f *File) quotedRuns(s *String) []Run {
	var runs []Run
	for i, part := range s.Parts {
		if part.Expr != nil {
			continue
		}
		offset := int32(0)
		for at := part.Start; at < part.End; {
			text, n := quotedPiece(f.Text, int(at))
			if n == 0 {
				break
			}
			if text != "" {
				runs = append(runs, Run{i, offset, int32(len(text)), Span{at, at + int32(n)}})
			}
			offset += int32(len(text))
			at += int32(n)
		}
	}
	return runs
}

func (f *File) indentedRuns(s *String) []Run {
	pieces := f.pieces(s)
	strip := stripper{indent: minIndent(pieces)}
	var runs []Run
	part, offset := 0, int32(0)
	for i, p := range pieces {
		if p.expr != nil {
			strip.expr()
			if offset > 0 {
				part++ // the text before the interpolation
			}
			part, offset = part+1, 0
			continue
		}
		text := p.text
		if i == len(pieces)-1 {
			text = trimLast(text)
		}
		for j := 0; j < len(text); {
			var from int
			from, j = strip.keep(text, j)
			if from == j {
				continue
			}
			source := p.Span
			if p.raw {
				source = Span{p.Start + int32(from), p.Start + int32(j)}
			}
			runs = append(runs, Run{part, offset, int32(j - from), source})
			offset += int32(j - from)
		}
	}
	return runs
}

// pieces reads what lies between the quotes of an indented string again. The
// interpolations are not parsed: their places are known.
func (f *File) pieces(s *String) []piece {
	var holes []Part
	for _, part := range s.Parts {
		if part.Expr != nil {
			holes = append(holes, part)
		}
	}
	var pieces []piece
	for at := int32(indQuoteEnd(f.Text, int(s.Start))); at < s.End; {
		if len(holes) > 0 && holes[0].Start == at {
			pieces = append(pieces, piece{Span: holes[0].Span, expr: holes[0].Expr})
			at, holes = holes[0].End, holes[1:]
			continue
		}
		p, ok := nextPiece(f.Text, int(at))
		if !ok {
			break
		}
		pieces = append(pieces, p)
		at = p.End
	}
	return pieces
}
