package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/nixplan/nixplan/executor/private"
)

// helperNames are the functions that call nixplan. The others are bash.
var helperNames = []string{
	"readSecretString", "readSecretJSON", "writeAWSSecret", "writeSSHKey", "writeDockerKey", "writeGPGKey",
	"getStateFile", "putStateFile",
}

// call is one call of a helper.
type call struct {
	ctx    context.Context
	name   string
	args   []string
	socket string
	out    io.Writer
	err    io.Writer
	home   string
}

// failure is an error with an exit status of its own.
type failure struct {
	status int
	err    error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// Helper runs a function of an effect's scripts, by its name and arguments, and
// returns the status that the function ends with. Its environment is the
// process's. Messages have no value of a secret.
func Helper(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	c := &call{ctx: ctx, out: stdout, err: stderr, home: os.Getenv("HOME")}
	if len(args) >= 2 && args[0] == "--socket" {
		c.socket, args = args[1], args[2:]
	}
	if len(args) == 0 {
		fmt.Fprintf(stderr, "nixplan %s is for the functions that nixplan gives to scripts: %s\n", HelperCommand, strings.Join(helperNames, ", "))
		return 3
	}
	c.name, c.args = args[0], args[1:]
	if err := private.ProtectMemory(); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", c.name, err)
		return 1
	}
	err := c.run()
	if err == nil {
		return 0
	}
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{1, err}
	}
	fmt.Fprintf(stderr, "%s: %v\n", c.name, f.err)
	return f.status
}

func (c *call) run() error {
	switch c.name {
	case "readSecretString":
		text, err := readString(c.ctx, c.arg(0, ""), c.arg(1, ""))
		if err != nil {
			return &failure{1, err}
		}
		defer clear(text)
		_, err = c.out.Write(text)
		return err
	case "readSecretJSON":
		text, err := readJSON(c.ctx, c.arg(0, ""), c.arg(1, ""))
		if err != nil {
			return err
		}
		defer clear(text)
		_, err = c.out.Write(text)
		return err
	case "writeAWSSecret":
		return c.writeAWSSecret(c.arg(0, "aws"), c.arg(1, "default"))
	case "writeSSHKey":
		return c.writeSSHKey(c.arg(0, "ssh"), c.arg(1, c.inHome(".ssh/id_rsa")))
	case "writeDockerKey":
		return c.writeDockerKey(c.arg(0, "docker"), c.arg(1, c.inHome(".docker")))
	case "writeGPGKey":
		return c.writeGPGKey(c.arg(0, "gpg"))
	case "getStateFile":
		return c.getStateFile(c.arg(0, ""), c.arg(1, c.arg(0, "")))
	case "putStateFile":
		return c.putStateFile(c.arg(0, ""), c.arg(1, c.arg(0, "")))
	case "result":
		return writeResult(c.arg(0, ""))
	}
	return fmt.Errorf("there is no such function")
}

// arg is an argument, or what bash's ${1:-DEFAULT} gives.
func (c *call) arg(i int, otherwise string) string {
	if i < len(c.args) && c.args[i] != "" {
		return c.args[i]
	}
	return otherwise
}

// inHome is a path below $HOME, or "" without one.
func (c *call) inHome(path string) string {
	if c.home == "" {
		return ""
	}
	return filepath.Join(c.home, path)
}
