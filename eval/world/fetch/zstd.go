package fetch

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strings"
)

// zstdReader decompresses a file that zstd made. The standard library has a decoder for
// what is compressed in programs and gives it to nobody else, so the file becomes a section
// of one. See docs/decisions/0016-zstd.md.
//
// Repetitions of what lies more than 8 MB back are errors. `zstd --long` and the levels
// from 20 can make such files.
func zstdReader(ctx context.Context, file io.ReaderAt) (io.Reader, error) {
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
	program, err := elf.NewFile(&behind{ctx: ctx, head: head.Bytes(), file: file})
	if err != nil {
		return nil, err
	}
	return explained{program.Sections[data].Open()}, nil
}

// explained says of an error in decompressing what can be done.
type explained struct{ io.Reader }

func (r explained) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && strings.Contains(err.Error(), "offset past window") {
		err = errors.New("it repeats what lies more than 8 MB back: compress it without --long and with a level below 20")
	}
	return n, err
}

// behind is a file with a head before it, for whoever reads little at a time.
type behind struct {
	ctx  context.Context
	head []byte
	file io.ReaderAt

	piece []byte // of the file
	at    int64  // where in the file it is
}

func (b *behind) ReadAt(p []byte, at int64) (int, error) {
	n := 0
	if at < int64(len(b.head)) {
		n = copy(p, b.head[at:])
	}
	for at -= int64(len(b.head)); n < len(p); {
		from := at + int64(n) - b.at
		if from < 0 || from >= int64(len(b.piece)) {
			if err := b.read(at + int64(n)); err != nil {
				return n, err
			}
			from = 0
		}
		n += copy(p[n:], b.piece[from:])
	}
	return n, nil
}

// read reads the piece at a place.
func (b *behind) read(at int64) error {
	if err := b.ctx.Err(); err != nil {
		return err
	}
	const most = 64 << 10
	if b.piece == nil {
		b.piece = make([]byte, most)
	}
	n, err := b.file.ReadAt(b.piece[:most], at)
	b.piece, b.at = b.piece[:n], at
	if n > 0 {
		return nil
	}
	return err
}
