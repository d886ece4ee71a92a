package shell

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Handler gives state to scripts and takes it.
type Handler struct {
	// Get returns a state; found is false when there is none of that name.
	Get func(ctx context.Context, name string) (data []byte, found bool, err error)
	Put func(ctx context.Context, name string, data []byte) error
}

// The protocol: the client sends a request as a line of JSON and, for a put, Size
// bytes; it gets an answer as a line of JSON and, if Found, Size bytes.
type request struct {
	Op   string `json:"op"`
	Name string `json:"name"`
	Size int64  `json:"size,omitempty"`
}

const (
	opGet = "get"
	opPut = "put"
)

type answer struct {
	Error string `json:"error,omitempty"`
	Found bool   `json:"found,omitempty"`
	Size  int64  `json:"size,omitempty"`
}

// Serve answers getStateFile and putStateFile at a unix socket, which it makes.
// The directory of the socket must be its owner's alone. Requests may come at the
// same time. ctx is that of the calls of h.
//
// stop waits for the requests that were received and removes the socket.
func Serve(ctx context.Context, socket string, h Handler) (stop func(), err error) {
	listener, err := listen(socket)
	if err != nil {
		return nil, fmt.Errorf("cannot make a socket for scripts: %w", err)
	}
	var running sync.WaitGroup
	stopping, cancel := context.WithCancel(context.Background())
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer conn.Close()
				// A client that sends no whole request, or does not take its answer, must
				// not hold up the end.
				defer context.AfterFunc(stopping, func() { conn.SetReadDeadline(time.Unix(1, 0)) })()
				defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
				h.serve(ctx, conn)
			})
		}
	})
	var once sync.Once
	return func() {
		once.Do(func() {
			listener.Close()
			cancel()
			running.Wait()
			os.Remove(socket)
		})
	}, nil
}

func (h Handler) serve(ctx context.Context, conn net.Conn) {
	var r request
	in, err := readHead(conn, &r)
	if err != nil {
		return
	}
	a, data := h.answer(ctx, &r, in)
	a.Size = int64(len(data))
	head, err := json.Marshal(a)
	if err != nil {
		return
	}
	if _, err := conn.Write(append(head, '\n')); err == nil {
		_, _ = conn.Write(data)
	}
}

func (h Handler) answer(ctx context.Context, r *request, in io.Reader) (answer, []byte) {
	switch {
	case r.Op == opGet && h.Get != nil:
		data, found, err := h.Get(ctx, r.Name)
		if err != nil {
			return answer{Error: err.Error()}, nil
		}
		return answer{Found: found}, data
	case r.Op == opPut && h.Put != nil:
		// A helper that was killed has sent less than it said.
		data, err := readBody(in, r.Size)
		if err == nil {
			err = h.Put(ctx, r.Name, data)
		}
		if err != nil {
			return answer{Error: err.Error()}, nil
		}
		return answer{}, nil
	}
	return answer{Error: "this script may not do that"}, nil
}

// maxHead bounds a line of the protocol.
const maxHead = 1 << 20

// readHead reads a line of JSON; what follows is read from the reader it returns.
func readHead(r io.Reader, v any) (io.Reader, error) {
	in := bufio.NewReader(r)
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return in, json.Unmarshal(line, v)
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(line) > maxHead:
			return nil, errors.New("the line is too long")
		}
	}
}

// maxSocket is how long a path may be for the system's calls, which have room
// for 108 bytes on Linux and 104 on macOS.
const maxSocket = 100

func listen(socket string) (net.Listener, error) {
	short, done, err := shorten(socket)
	if err != nil {
		return nil, err
	}
	defer done()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
	if err != nil {
		return nil, withoutAddress(err)
	}
	l.SetUnlinkOnClose(false) // the short name is gone by then
	return l, nil
}

func dial(ctx context.Context, socket string) (net.Conn, error) {
	short, done, err := shorten(socket)
	if err != nil {
		return nil, err
	}
	defer done()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", short)
	return conn, withoutAddress(err)
}

// shorten gives a path to a socket that is short enough, if need be through a
// link that done removes.
func shorten(socket string) (short string, done func(), err error) {
	if len(socket) <= maxSocket {
		return socket, func() {}, nil
	}
	var failed error
	for _, base := range []string{"/tmp", "/var/tmp", os.TempDir()} {
		dir, err := os.MkdirTemp(base, "nixplan-")
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		link := filepath.Join(dir, "d")
		if err := os.Symlink(filepath.Dir(socket), link); err != nil {
			failed = errors.Join(failed, err, os.Remove(dir))
			continue
		}
		return filepath.Join(link, filepath.Base(socket)), func() { os.RemoveAll(dir) }, nil
	}
	return "", nil, failed
}

// withoutAddress is an error of package net without the name, which may be that
// of a link.
func withoutAddress(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
