package hash

import (
	"encoding/binary"
	"hash"
	"math/bits"
)

// blake3 is the unkeyed BLAKE3 of the specification at
// https://github.com/BLAKE3-team/BLAKE3-specs with a hash of 32 bytes. It is our
// own because the libraries ask the processor what it can do when the program
// starts, which under a hypervisor takes every run 0.2 ms, and hardly any run has
// such a hash.
type blake3 struct {
	chunk  [8]uint32   // chaining value of the chunk under way
	block  [64]byte    // its last, incomplete or not yet compressed block
	filled int         // bytes in block
	blocks int         // compressed blocks of the chunk
	chunks uint64      // complete chunks
	stack  [][8]uint32 // one subtree for each bit that is set in chunks
}

// The flags of a compression.
const (
	blake3ChunkStart = 1 << iota
	blake3ChunkEnd
	blake3Parent
	blake3Root

	blake3Blocks = 16 // in a chunk
)

var blake3IV = [8]uint32{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}

func newBLAKE3() hash.Hash { return &blake3{chunk: blake3IV} }

func (h *blake3) Reset()         { *h = blake3{chunk: blake3IV, stack: h.stack[:0]} }
func (h *blake3) Size() int      { return 32 }
func (h *blake3) BlockSize() int { return len(h.block) }

// Write compresses a block only when more comes: the last one of a chunk and of
// everything is compressed with other flags.
func (h *blake3) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if h.filled == len(h.block) {
			h.next()
		}
		k := copy(h.block[h.filled:], p)
		h.filled += k
		p = p[k:]
	}
	return n, nil
}

// next compresses the full block, and at a chunk's end merges the subtrees that
// are complete now: as many as chunks has zeros at its end.
func (h *blake3) next() {
	h.chunk = h.last(0)
	h.filled = 0
	if h.blocks++; h.blocks < blake3Blocks {
		return
	}
	node := h.chunk
	h.chunks++
	for n := h.chunks; n&1 == 0; n >>= 1 {
		node = blake3Join(h.stack[len(h.stack)-1], node, 0)
		h.stack = h.stack[:len(h.stack)-1]
	}
	h.stack = append(h.stack, node)
	h.chunk, h.blocks = blake3IV, 0
}

// last is the chaining value of the chunk after its current block.
func (h *blake3) last(flags uint32) [8]uint32 {
	if h.blocks == 0 {
		flags |= blake3ChunkStart
	}
	if h.blocks == blake3Blocks-1 {
		flags |= blake3ChunkEnd
	}
	var words [16]uint32
	for i := range words {
		words[i] = binary.LittleEndian.Uint32(h.block[4*i:])
	}
	return blake3Compress(&h.chunk, &words, h.chunks, uint32(h.filled), flags)
}

// Sum appends the hash of what was written so far.
func (h *blake3) Sum(b []byte) []byte {
	end := *h
	clear(end.block[end.filled:])
	flags := uint32(blake3ChunkEnd)
	if len(h.stack) == 0 {
		flags |= blake3Root
	}
	node := end.last(flags)
	for i := len(h.stack) - 1; i >= 0; i-- {
		flags = 0
		if i == 0 {
			flags = blake3Root
		}
		node = blake3Join(h.stack[i], node, flags)
	}
	for _, word := range node {
		b = binary.LittleEndian.AppendUint32(b, word)
	}
	return b
}

func blake3Join(left, right [8]uint32, flags uint32) [8]uint32 {
	var words [16]uint32
	copy(words[:8], left[:])
	copy(words[8:], right[:])
	return blake3Compress(&blake3IV, &words, 0, 64, flags|blake3Parent)
}

func blake3Compress(cv *[8]uint32, block *[16]uint32, counter uint64, length, flags uint32) (out [8]uint32) {
	s := [16]uint32{
		cv[0], cv[1], cv[2], cv[3], cv[4], cv[5], cv[6], cv[7],
		blake3IV[0], blake3IV[1], blake3IV[2], blake3IV[3],
		uint32(counter), uint32(counter >> 32), length, flags,
	}
	m := *block
	for round := 0; ; round++ {
		blake3Mix(&s, 0, 4, 8, 12, m[0], m[1])
		blake3Mix(&s, 1, 5, 9, 13, m[2], m[3])
		blake3Mix(&s, 2, 6, 10, 14, m[4], m[5])
		blake3Mix(&s, 3, 7, 11, 15, m[6], m[7])
		blake3Mix(&s, 0, 5, 10, 15, m[8], m[9])
		blake3Mix(&s, 1, 6, 11, 12, m[10], m[11])
		blake3Mix(&s, 2, 7, 8, 13, m[12], m[13])
		blake3Mix(&s, 3, 4, 9, 14, m[14], m[15])
		if round == 6 {
			break
		}
		m = [16]uint32{
			m[2], m[6], m[3], m[10], m[7], m[0], m[4], m[13],
			m[1], m[11], m[12], m[5], m[9], m[14], m[15], m[8],
		}
	}
	for i := range out {
		out[i] = s[i] ^ s[i+8]
	}
	return out
}

func blake3Mix(s *[16]uint32, a, b, c, d int, x, y uint32) {
	s[a] += s[b] + x
	s[d] = bits.RotateLeft32(s[d]^s[a], -16)
	s[c] += s[d]
	s[b] = bits.RotateLeft32(s[b]^s[c], -12)
	s[a] += s[b] + y
	s[d] = bits.RotateLeft32(s[d]^s[a], -8)
	s[c] += s[d]
	s[b] = bits.RotateLeft32(s[b]^s[c], -7)
}
