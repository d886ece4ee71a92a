package view

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nixplan/nixplan/internal/diag"
)

// fingerprints gives each finding of a report a name by which a later run
// recognises it: of its rule, its file, the words on its line and, where these
// are the same, how many came before. Lines that are inserted elsewhere, and
// indentation, do not change it.
//
// It is made of what is shown. A line is shown without the credentials in it,
// so nobody can find one out by trying.
type fingerprints struct{ seen map[string]int }

func newFingerprints() *fingerprints { return &fingerprints{map[string]int{}} }

func (f *fingerprints) of(record diag.Record) string {
	file, line := "", record.Summary
	if record.Place != nil {
		file, line = filepath.ToSlash(record.Place.File), record.Place.Text
	}
	key := strings.Join([]string{record.ID, file, strings.Join(strings.Fields(line), " ")}, "\x00")
	key += "\x00" + strconv.Itoa(f.occurrence(key))
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}

func (f *fingerprints) occurrence(key string) int {
	n := f.seen[key]
	f.seen[key]++
	return n
}

// span is a place as other programs count: lines from 1, columns in characters
// from 1, the end exclusive. A column is 0 when it is not known, which stands
// for the whole line; endColumn is known only if column is.
type span struct{ line, column, endLine, endColumn int }

// characters converts a place, whose columns count bytes.
func characters(place *diag.Place) span {
	s := span{line: place.Line, endLine: max(place.Line, place.EndLine)}
	// Of a long line only a part is here, and a byte that is no UTF-8 was
	// replaced by three others.
	if place.TextColumn > 0 || strings.ContainsRune(place.Text, utf8.RuneError) || !within(place.Text, place.Column) {
		return s
	}
	s.column = utf8.RuneCountInString(place.Text[:place.Column-1]) + 1
	// The text of a later line is not here; the range then ends with it.
	if place.EndLine == place.Line && within(place.Text, place.EndColumn) {
		s.endColumn = utf8.RuneCountInString(place.Text[:place.EndColumn-1]) + 1
	}
	return s
}

func within(line string, column int) bool { return column >= 1 && column <= len(line)+1 }
