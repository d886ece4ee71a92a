package repo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// errIndexFormat says that an index has something this reader does not know;
// the git program is asked instead.
var errIndexFormat = errors.New("unknown index format")

// readIndex lists the files in the repository's index. The format is described
// in git's gitformat-index(5).
func (g *Git) readIndex() (*Tracked, error) {
	path := filepath.Join(g.Dir, "index")
	if own := os.Getenv("GIT_INDEX_FILE"); own != "" && g.ownsIndex(own) {
		path = under(g.WorkTree, own)
	}
	data, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Tracked{}, nil // nothing was ever added
	}
	if err != nil {
		return nil, err
	}
	hash := 20
	if g.config.last("extensions", "", "objectformat") == "sha256" {
		hash = 32
	}
	return parseIndex(data, hash)
}

const (
	indexHeader = 12
	statSize    = 40 // times, device, inode, mode, owner, size
	modeOffset  = 24
	modeType    = 0o170000
	modeGitlink = 0o160000 // a submodule

	flagExtended = 0x4000 // two more bytes of flags follow
)

// parseIndex reads versions 2 to 4; hash is the length of an object's name.
func parseIndex(data []byte, hash int) (*Tracked, error) {
	if len(data) < indexHeader+hash || string(data[:4]) != "DIRC" {
		return nil, errIndexFormat
	}
	version, count := binary.BigEndian.Uint32(data[4:]), binary.BigEndian.Uint32(data[8:])
	if version < 2 || version > 4 || int64(count)*int64(statSize+hash) > int64(len(data)) {
		return nil, errIndexFormat
	}
	t := &Tracked{files: make(map[string]bool, count)}
	rest := data[indexHeader : len(data)-hash] // the file ends with its own hash
	var name []byte
	for range count {
		fixed := statSize + hash + 2
		if len(rest) < fixed {
			return nil, errIndexFormat
		}
		mode := binary.BigEndian.Uint32(rest[modeOffset:])
		if flags := binary.BigEndian.Uint16(rest[statSize+hash:]); version > 2 && flags&flagExtended != 0 {
			fixed += 2
		}
		var size int
		if name, size = indexName(rest, fixed, version, name); size < 0 {
			return nil, errIndexFormat
		}
		rest = rest[size:]
		t.files[string(name)] = true
		if mode&modeType == modeGitlink {
			t.submodules = append(t.submodules, string(name))
		}
	}
	return t, checkExtensions(rest)
}

// indexName reads an entry's name, which begins at fixed, and gives the entry's
// size, negative when it does not fit. Version 4 writes how many bytes of the
// previous name to drop and what to append; the others pad entries with zeros to
// a multiple of eight bytes.
func indexName(entry []byte, fixed int, version uint32, previous []byte) (name []byte, size int) {
	if len(entry) < fixed {
		return nil, -1
	}
	if version < 4 {
		end := bytes.IndexByte(entry[fixed:], 0)
		size = (fixed + end + 8) &^ 7
		if end < 0 || size > len(entry) {
			return nil, -1
		}
		return entry[fixed : fixed+end], size
	}
	drop, n := indexVarint(entry[fixed:])
	at := fixed + n
	end := -1
	if n > 0 && drop <= len(previous) {
		end = bytes.IndexByte(entry[at:], 0)
	}
	if end < 0 {
		return nil, -1
	}
	kept := previous[:len(previous)-drop]
	return append(kept[:len(kept):len(kept)], entry[at:at+end]...), at + end + 1
}

// indexVarint reads git's variable-length number, seven bits a byte with the
// high bit for "more", each further byte adding one so that no number has two
// forms. n is its length, 0 when it does not end.
func indexVarint(data []byte) (v, n int) {
	for i, c := range data {
		if i > 0 {
			v++
		}
		v = v<<7 | int(c&0x7f)
		if c&0x80 == 0 {
			return v, i + 1
		}
		if v > 1<<24 {
			break
		}
	}
	return 0, 0
}

// checkExtensions refuses an index of which the entries are not the whole truth:
// names of extensions that a reader must understand are not in capitals.
func checkExtensions(rest []byte) error {
	for len(rest) >= 8 {
		size := int64(binary.BigEndian.Uint32(rest[4:]))
		if rest[0] < 'A' || rest[0] > 'Z' || size > int64(len(rest)-8) {
			return errIndexFormat
		}
		rest = rest[8+size:]
	}
	return nil
}
