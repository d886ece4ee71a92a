package fetch

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io"
	"math"
)

// zstdReader decompresses a file that zstd made. The standard library has a decoder for
// what is compressed in programs and gives it to nobody else, so the file becomes a section
// of one. See docs/decisions/0016-zstd.md.
//
// Repetitions of what lies more than 8 MB back are errors. `zstd --long` and the levels
// from 20 can make such files.
func zstdReader(file io.ReaderAt) (io.Reader, error) {
	const (
		order = elf.ELFDATA2LSB
		names = 1 // the section of sections' names
		data  = 2
	)
	header := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(order), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_REL), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT),
		Shnum: data + 1, Shstrndx: names,
	}
	compression := elf.Chdr64{Type: uint32(elf.COMPRESS_ZSTD), Size: math.MaxInt64, Addralign: 1}
	sections := [data + 1]elf.Section64{
		names: {Type: uint32(elf.SHT_STRTAB), Size: 1},
		data:  {Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_COMPRESSED), Size: math.MaxInt64 / 2},
	}
	header.Ehsize, header.Shentsize = uint16(binary.Size(header)), uint16(binary.Size(sections[0]))
	header.Shoff = uint64(header.Ehsize)
	sections[names].Off = header.Shoff + uint64(binary.Size(sections))
	sections[data].Off = sections[names].Off + sections[names].Size
	var head bytes.Buffer
	for _, part := range []any{header, sections, byte(0), compression} {
		if err := binary.Write(&head, binary.LittleEndian, part); err != nil {
			return nil, err
		}
	}
	program, err := elf.NewFile(&behind{head.Bytes(), file})
	if err != nil {
		return nil, err
	}
	return program.Sections[data].Open(), nil
}

// behind is a file with a head before it.
type behind struct {
	head []byte
	file io.ReaderAt
}

func (b *behind) ReadAt(p []byte, at int64) (int, error) {
	n := 0
	if at < int64(len(b.head)) {
		n = copy(p, b.head[at:])
	}
	if n == len(p) {
		return n, nil
	}
	more, err := b.file.ReadAt(p[n:], at+int64(n)-int64(len(b.head)))
	return n + more, err
}
