package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// castagnoli is the polynomial of the lines' checksums, CRC-32C. Its table is made at first
// use: that takes 0.2 ms, a twentieth of the shortest runs.
var castagnoli = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) })

// sumLength is the length of a line's checksum, in hex, and the space after it.
const sumLength = 8 + 1

// Journal is a journal that is being written. It may be used by several
// goroutines.
type Journal struct {
	mu   sync.Mutex
	file *os.File
	err  error // of an earlier Append; nothing may follow it
	now  func() time.Time
}

// Create makes a new, empty journal; path must not exist yet.
func Create(path string) (*Journal, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		file.Close()
		return nil, err
	}
	return &Journal{file: file, now: time.Now}, nil
}

// Open opens a journal to go on with it, cuts off a torn last line, and gives the
// records that are in it.
func Open(path string) (*Journal, []Record, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, nil, err
	}
	records, whole, err := read(file)
	if err == nil {
		err = file.Truncate(whole)
	}
	if err == nil {
		err = file.Sync()
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return &Journal{file: file, now: time.Now}, records, nil
}

// Read gives the records of a journal, which may be being written by another
// process: a torn last line is left out. A damaged line before the last one is an
// error; the records in front of it are given all the same.
func Read(path string) ([]Record, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	records, _, err := read(file)
	return records, err
}

// Append writes a record, its time filled in, and returns when it is on disk.
// After an error the journal takes no more: what came later would hide the gap.
func (j *Journal) Append(r Record) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return j.err
	}
	if r.Time.IsZero() {
		r.Time = j.now().UTC()
	}
	line, err := encode(r)
	if err != nil {
		return err
	}
	if _, err = j.file.Write(line); err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		j.err = fmt.Errorf("cannot write the journal: %w", err)
	}
	return j.err
}

// Close closes the file.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		j.err = errors.New("the journal is closed")
	}
	return j.file.Close()
}

func encode(r Record) ([]byte, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	line := fmt.Appendf(nil, "%08x ", crc32.Checksum(data, castagnoli()))
	return append(append(line, data...), '\n'), nil
}

// read gives the records and the length of what they take of the file.
func read(r io.Reader) (records []Record, whole int64, err error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, 0, err
	}
	for number := 1; len(data) > 0; number++ {
		line, rest, ended := bytes.Cut(data, []byte{'\n'})
		record, ok := decode(line)
		if !ended || !ok {
			if len(rest) > 0 {
				return records, whole, fmt.Errorf("line %d of the journal is damaged", number)
			}
			return records, whole, nil // torn
		}
		records = append(records, record)
		whole += int64(len(line)) + 1
		data = rest
	}
	return records, whole, nil
}

func decode(line []byte) (r Record, ok bool) {
	if len(line) <= sumLength {
		return r, false
	}
	sum, data := line[:sumLength], line[sumLength:]
	if string(sum) != fmt.Sprintf("%08x ", crc32.Checksum(data, castagnoli())) {
		return r, false
	}
	return r, json.Unmarshal(data, &r) == nil
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
