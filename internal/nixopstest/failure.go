package nixopstest

import (
	"errors"
	"fmt"
	"strings"
)

// exception is a Python exception that nobody catches: a traceback, status 1.
type exception struct {
	class   string // "Exception", "KeyError"
	message string
}

func (e *exception) Error() string {
	if e.message == "" {
		return e.class
	}
	return e.class + ": " + e.message
}

func raise(class, format string, args ...any) error {
	return &exception{class, fmt.Sprintf(format, args...)}
}

// raisef raises NixOps' usual class.
func raisef(format string, args ...any) error { return raise("Exception", format, args...) }

// traceback is what Python prints of an exception. The frames are alike.
func traceback(err error) string {
	return `Traceback (most recent call last):
  File "/nix/store/0c3pyb6gfyjfr3jrnd2xk7hmjc8iv9hb-nixops/bin/.nixops-wrapped", line 991, in <module>
    args.op()
  File "/nix/store/0c3pyb6gfyjfr3jrnd2xk7hmjc8iv9hb-nixops/lib/python/site-packages/nixops/script_defs.py", line 412, in op
    self.run()
` + err.Error() + "\n"
}

// said is an error that NixOps catches: "error: " and the text, status 1.
type said struct{ text string }

func (e *said) Error() string { return e.text }

func sayf(format string, args ...any) error { return &said{fmt.Sprintf(format, args...)} }

// several is how NixOps reports what its parallel tasks raised: one as it is,
// more as a list.
func several(names []string, errs map[string]error) error {
	var failed []string
	for _, name := range names {
		if errs[name] != nil {
			failed = append(failed, name)
		}
	}
	switch len(failed) {
	case 0:
		return nil
	case 1:
		return errs[failed[0]]
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Multiple exceptions (%d): ", len(failed))
	for _, name := range failed {
		fmt.Fprintf(&b, "\n  * %s: %s", name, message(errs[name]))
	}
	return &said{b.String()}
}

// message is an error without its class.
func message(err error) string {
	if e, ok := errors.AsType[*exception](err); ok {
		return e.message
	}
	return err.Error()
}

// ended is the end of the process by a fault, its status chosen.
type ended struct{ status int }

func (e *ended) Error() string { return fmt.Sprintf("exit status %d", e.status) }

// report prints what ended a command and gives the exit status.
func (p *process) report(err error) int {
	if e, ok := errors.AsType[*ended](err); ok {
		return e.status
	}
	if e, ok := errors.AsType[*usageError](err); ok {
		p.progress("%s", e.Error())
		return 2
	}
	if e, ok := errors.AsType[*said](err); ok {
		p.progress("error: %s", e.text)
		return 1
	}
	p.progress("%s", strings.TrimSuffix(traceback(err), "\n"))
	return 1
}
