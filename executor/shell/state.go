package shell

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// getStateFile asks for a state and writes it to a file. Without one there is no
// file either, and that is no error.
func (c *call) getStateFile(name, file string) error {
	fmt.Fprintf(c.err, "fetching state file %s\n", name)
	answer, data, err := c.ask(request{Op: opGet, Name: name}, nil)
	if err != nil {
		return err
	}
	if !answer.Found {
		fmt.Fprintln(c.err, "state file does not exist.")
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	defer clear(data)
	return replace(file, data, 0o600)
}

func (c *call) putStateFile(name, file string) error {
	fmt.Fprintf(c.out, "pushing state file %s...\n", name)
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	defer clear(data)
	if _, _, err := c.ask(request{Op: opPut, Name: name, Size: int64(len(data))}, data); err != nil {
		return err
	}
	fmt.Fprintln(c.out, "pushing state successful.")
	return nil
}

// ask sends a request to the running nixplan and reads the answer.
func (c *call) ask(r request, data []byte) (*answer, []byte, error) {
	if c.socket == "" {
		return nil, nil, errors.New("this script is not given state files")
	}
	conn, err := dial(c.ctx, c.socket)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot reach the nixplan that runs the script: %w", err)
	}
	defer conn.Close()
	head, err := json.Marshal(r)
	if err != nil {
		return nil, nil, err
	}
	// When the other side refuses it reads no further, so a failed write is of
	// interest only without an answer.
	_, writeErr := conn.Write(append(head, '\n'))
	if writeErr == nil {
		_, writeErr = conn.Write(data)
	}
	var a answer
	in, err := readHead(conn, &a)
	if err != nil {
		return nil, nil, fmt.Errorf("the nixplan that runs the script gave no answer: %w", errors.Join(writeErr, err))
	}
	if a.Error != "" {
		return nil, nil, errors.New(a.Error)
	}
	if !a.Found {
		return &a, nil, nil
	}
	body, err := readBody(in, a.Size)
	if err != nil {
		return nil, nil, fmt.Errorf("the nixplan that runs the script gave half an answer: %w", err)
	}
	return &a, body, nil
}

// maxState bounds a state file, in bytes.
const maxState = 1 << 30

func readBody(r io.Reader, size int64) ([]byte, error) {
	if size < 0 || size > maxState {
		return nil, fmt.Errorf("a state of %d bytes is too large", size)
	}
	// Memory is taken as data comes.
	data, err := io.ReadAll(io.LimitReader(r, size))
	if err == nil && int64(len(data)) != size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		clear(data)
		return nil, err
	}
	return data, nil
}
