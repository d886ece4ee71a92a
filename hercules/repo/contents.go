package repo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"
)

// contents reads objects one at a time from a git program that stays, since
// starting one for each would take longer than what they are read for.
type contents struct {
	g *Git

	mu        sync.Mutex
	cmd       *exec.Cmd
	cancel    context.CancelFunc
	in        io.WriteCloser
	out       *bufio.Reader
	complaint bytes.Buffer
}

var errEnded = errors.New("git cat-file ended early")

// read gives an object's contents as they are stored. It is nil without an error
// when git does not have the object.
func (c *contents) read(object string, most int64) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cmd == nil {
		if err := c.start(); err != nil {
			return nil, err
		}
	}
	data, missing, err := c.ask(object, most)
	if err != nil {
		c.stop() // what it would say next belongs to this question
		if errors.Is(err, errEnded) && c.g.partial() {
			return nil, nil // it may not fetch, and gives up
		}
		if detail := strings.TrimSpace(c.complaint.String()); detail != "" {
			err = c.g.failure("cat-file", detail, err)
		}
		return nil, err
	}
	if missing {
		return nil, nil
	}
	return data, nil
}

func (c *contents) start() error {
	ctx, cancel := context.WithCancel(context.Background())
	cmd := c.g.prepare(ctx, nil, "cat-file", "--batch")
	in, err := cmd.StdinPipe()
	if err != nil {
		cancel()
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		cancel()
		return err
	}
	c.complaint.Reset()
	cmd.Stderr = &c.complaint
	if err := cmd.Start(); err != nil {
		cancel()
		return startError(err)
	}
	c.cmd, c.cancel, c.in, c.out = cmd, cancel, in, bufio.NewReaderSize(out, 1<<16)
	return nil
}

// ask reads the record "<object> <type> <size>\n<contents>\n", or "<object>
// missing".
func (c *contents) ask(object string, most int64) (data []byte, missing bool, err error) {
	if _, err := io.WriteString(c.in, object+"\n"); err != nil {
		return nil, false, errEnded
	}
	header, err := c.out.ReadString('\n')
	if err != nil {
		return nil, false, errEnded
	}
	fields := strings.Fields(header)
	if len(fields) == 2 && fields[1] == "missing" {
		return nil, true, nil
	}
	if len(fields) != 3 || fields[1] != "blob" {
		return nil, false, &Error{Path: "git object " + object, Problem: "is no file: git says " + strconv.Quote(strings.TrimSpace(header))}
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil || size < 0 {
		return nil, false, fmt.Errorf("git cat-file gave a size of %q", fields[2])
	}
	if size > most {
		return nil, false, fmt.Errorf("is larger than %d bytes", most)
	}
	data = make([]byte, size+1) // and the line's end
	if _, err := io.ReadFull(c.out, data); err != nil {
		return nil, false, errEnded
	}
	return data[:size:size], false, nil
}

// stop ends git. Reading again starts another one.
func (c *contents) stop() {
	if c.cmd == nil {
		return
	}
	c.in.Close()
	c.cancel()
	_ = c.cmd.Wait() // it was killed
	c.cmd = nil
}

func (c *contents) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stop()
}
