package shell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// writeAWSSecret appends a profile to ~/.aws/credentials.
func (c *call) writeAWSSecret(secret, profile string) error {
	key, err := c.field(secret, "aws_secret_access_key")
	if err != nil {
		return err
	}
	defer clear(key)
	id, err := c.field(secret, "aws_access_key_id")
	if err != nil {
		return err
	}
	defer clear(id)
	dir := c.inHome(".aws")
	if dir == "" {
		return errNoHome
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	text := bytes.Join([][]byte{
		[]byte("\n[" + profile + "]\naws_secret_access_key = "), bytes.TrimRight(key, "\n"),
		[]byte("\naws_access_key_id = "), bytes.TrimRight(id, "\n"), []byte("\n\n"),
	}, nil)
	defer clear(text)
	return appendTo(filepath.Join(dir, "credentials"), text)
}

var errNoHome = errors.New("$HOME is not set")

// writeSSHKey writes a private key, and the public one if that is not there.
func (c *call) writeSSHKey(secret, file string) error {
	if file == "" {
		return errNoHome
	}
	key, err := c.field(secret, "privateKey")
	if err != nil {
		return err
	}
	defer clear(key)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	if err := replace(file, key, 0o400); err != nil {
		return err
	}
	public := file + ".pub"
	if f, err := os.Open(public); err == nil {
		return f.Close()
	}
	text, err := c.field(secret, "publicKey")
	if err != nil {
		if text, err = derivePublic(c.ctx, file); err != nil {
			fmt.Fprintf(c.err, "warning: could not write %s. do we need it? (%v)\n", public, err)
			return nil
		}
	}
	return replace(public, text, 0o600)
}

// derivePublic asks ssh-keygen for the public part of a key. The passphrase is
// given, and empty, so that it does not ask for one on a terminal.
func derivePublic(ctx context.Context, file string) ([]byte, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "ssh-keygen", "-y", "-P", "", "-f", file)
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("the secret has no publicKey, and ssh-keygen does not tell it: %w", err)
	}
	return out.Bytes(), nil
}

// writeDockerKey writes what docker needs to talk to a host over TLS.
func (c *call) writeDockerKey(secret, dir string) error {
	if dir == "" {
		return errNoHome
	}
	files := []struct {
		field, name string
		text        []byte
	}{
		{field: "clientKey", name: "key.pem"},
		{field: "clientCertificate", name: "cert.pem"},
		{field: "CACertificate", name: "ca.pem"},
	}
	for i := range files {
		text, err := c.field(secret, files[i].field)
		if err != nil {
			return err
		}
		defer clear(text)
		files[i].text = text
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for i, f := range files {
		if err := replace(filepath.Join(dir, f.name), f.text, 0o400); err != nil {
			for _, written := range files[:i] {
				err = errors.Join(err, os.Remove(filepath.Join(dir, written.name)))
			}
			return err
		}
	}
	return nil
}

// writeGPGKey imports a key and trusts it ultimately.
func (c *call) writeGPGKey(secret string) error {
	key, err := c.field(secret, "privateKey")
	if err != nil {
		return err
	}
	defer clear(key)
	if _, err := c.gpg(key, c.out, "--import"); err != nil {
		return err
	}
	listing, err := c.gpg(key, nil, "--with-colons", "--import-options", "show-only", "--import", "--fingerprint")
	if err != nil {
		return err
	}
	var trust strings.Builder
	for line := range strings.Lines(string(listing)) {
		if fields := strings.Split(line, ":"); fields[0] == "fpr" && len(fields) > 9 {
			trust.WriteString(fields[9] + ":6\n")
		}
	}
	_, err = c.gpg([]byte(trust.String()), c.out, "--import-ownertrust")
	return err
}

// gpg runs gpg with an input and returns what it prints, unless that goes to
// out.
func (c *call) gpg(input []byte, out interface{ Write([]byte) (int, error) }, args ...string) ([]byte, error) {
	var printed bytes.Buffer
	cmd := exec.CommandContext(c.ctx, "gpg", args...)
	cmd.Stdin = bytes.NewReader(input)
	cmd.Stdout, cmd.Stderr = &printed, c.err
	if out != nil {
		cmd.Stdout = out
	}
	// The agent that it starts may keep them open.
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return nil, &failure{exit.ExitCode(), fmt.Errorf("gpg %s: %w", args[0], err)}
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return nil, fmt.Errorf("gpg %s: %w", args[0], err)
	}
	return printed.Bytes(), nil
}
