package hash

import (
	"bytes"
	"testing"

	reference "lukechampine.com/blake3"
)

// TestBLAKE3 compares with a library, at the ends of blocks, chunks and trees,
// whatever the pieces in which the text comes.
func TestBLAKE3(t *testing.T) {
	text := make([]byte, 40<<10)
	for i := range text {
		text[i] = byte(i % 251)
	}
	lengths := []int{0, 1, 63, 64, 65, 127, 128, 129, len(text)}
	for chunk := 1; chunk <= 33; chunk++ {
		lengths = append(lengths, chunk<<10-1, chunk<<10, chunk<<10+1)
	}
	for _, length := range lengths {
		want := reference.Sum256(text[:length])
		for _, piece := range []int{1, 7, 64, 1000, len(text)} {
			h := BLAKE3.New()
			for rest := text[:length]; len(rest) > 0; {
				k := min(piece, len(rest))
				h.Write(rest[:k])
				rest = rest[k:]
				if len(rest) == length/2 {
					h.Sum(nil) // changes nothing
				}
			}
			if got := h.Sum(nil); !bytes.Equal(got, want[:]) {
				t.Errorf("%d bytes, %d at a time: got %x, want %x", length, piece, got, want)
			}
			h.Reset()
			if got, want := h.Sum(nil), reference.Sum256(nil); !bytes.Equal(got, want[:]) {
				t.Errorf("after Reset: got %x, want %x", got, want)
			}
		}
	}
}
