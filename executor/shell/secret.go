package shell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/itchyny/gojq"
)

// readString is what `jq -e -r` prints for a filter on a secret's data: strings
// as they are, other values as indented JSON, a line end after each. It is an
// error if the last one is null or false, or if there is none.
func readString(ctx context.Context, secret, filter string) ([]byte, error) {
	var last any
	text, err := query(ctx, secret, filter, func(b *bytes.Buffer, v any, order *keyOrder) {
		last = v
		if s, ok := v.(string); ok {
			b.WriteString(s)
		} else {
			order.write(b, v, "  ")
		}
	})
	if err == nil && (last == nil || last == false) {
		clear(text)
		err = &failure{1, fmt.Errorf("could not find path %s in secret %s", filter, secret)}
	}
	if err != nil {
		return nil, err
	}
	return text, nil
}

// readJSON is what `jq -c` prints: JSON on one line for each value.
func readJSON(ctx context.Context, secret, filter string) ([]byte, error) {
	return query(ctx, secret, filter, func(b *bytes.Buffer, v any, order *keyOrder) { order.write(b, v, "") })
}

// Statuses of jq.
const (
	statusInput   = 2
	statusCompile = 3
	statusError   = 5
)

// query runs a filter on a secret's data and prints each of its outputs on
// lines. Nothing is printed if the filter fails. The errors say where, and never
// with what: messages of jq hold values.
func query(ctx context.Context, secret, filter string, print func(*bytes.Buffer, any, *keyOrder)) ([]byte, error) {
	// jq is given this text; a filter that closes more brackets than it opens is
	// one in both or in none.
	query, err := gojq.Parse(".[$secretName].data | " + filter)
	if err != nil {
		return nil, &failure{statusCompile, fmt.Errorf("%q is not a jq filter", filter)}
	}
	same := func(v any, _ []any) any { return v }
	input, order, inputErr := readSecrets()
	code, err := gojq.Compile(query,
		gojq.WithVariables([]string{"$secretName", "$ARGS", "$__prog_args"}),
		gojq.WithEnvironLoader(os.Environ),
		// jq would show the value on standard error.
		gojq.WithFunction("debug", 0, 1, same),
		gojq.WithFunction("stderr", 0, 0, same),
		gojq.WithFunction("input_filename", 0, 0, func(any, []any) any { return nil }),
	)
	if err != nil {
		return nil, &failure{statusCompile, fmt.Errorf("the jq filter %q cannot be compiled: %s", filter, err)}
	}
	if inputErr != nil {
		return nil, &failure{statusInput, inputErr}
	}
	var b bytes.Buffer
	args := map[string]any{"positional": []any{}, "named": map[string]any{"secretName": secret}}
	iter := code.RunWithContext(ctx, input, secret, args, nil)
	for {
		v, ok := iter.Next()
		if !ok {
			return b.Bytes(), nil
		}
		if err, failed := v.(error); failed {
			var halt *gojq.HaltError
			if errors.As(err, &halt) && halt.ExitCode() == 0 {
				return b.Bytes(), nil
			}
			clear(b.Bytes())
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			status := statusError
			if halt != nil {
				status = halt.ExitCode()
			}
			return nil, &failure{status, fmt.Errorf("the jq filter %q fails on the data of secret %s (what it finds there is not shown)", filter, secret)}
		}
		print(&b, v, order)
		b.WriteByte('\n')
	}
}

// readSecrets reads the job's secrets.json.
func readSecrets() (any, *keyOrder, error) {
	order := &keyOrder{map[uintptr][]string{}}
	path := os.Getenv(secretsVariable)
	if path == "" {
		return nil, order, fmt.Errorf("$%s is not set", secretsVariable)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		return nil, order, fmt.Errorf("cannot read the secrets at $%s: %w", secretsVariable, err)
	}
	defer clear(text)
	v, err := order.decode(text)
	if err != nil {
		return nil, order, fmt.Errorf("the file at $%s is not JSON", secretsVariable)
	}
	return v, order, nil
}

// field reads a field of a secret as the functions do that write files.
func (c *call) field(secret, name string) ([]byte, error) {
	return readString(c.ctx, secret, "."+name)
}
