package cli

import (
	"errors"
	"fmt"
)

// Exit statuses. They are documented for users in exitCodesHelp.
const (
	exitOK       = 0
	exitFindings = 1 // findings of level error, or the run failed
	exitChanges  = 2 // changes exist; only where a flag asks for it
	exitUsage    = 3 // bad usage, unreadable input, internal error
	exitLocked   = 4
	exitStale    = 5
)

const exitCodesHelp = `nixplan ends with one of these statuses:

  0  done, and nothing was found
  1  there are findings of level error, or the run failed
  2  changes exist (only with --detailed-exitcode)
  3  bad usage, input that cannot be read, or an internal error
  4  somebody else holds the lock
  5  the saved plan no longer matches its inputs

A job that is inactive or undetermined is not an error.
`

// An exitError ends the program with a status. An empty message means that
// everything was said already.
type exitError struct {
	code    int
	message string
	help    string
}

func (e *exitError) Error() string { return e.message }

// usagef is an error in how nixplan was called, or in what it cannot read.
func usagef(format string, args ...any) *exitError {
	return &exitError{code: exitUsage, message: fmt.Sprintf(format, args...)}
}

// errFindings ends a command whose output holds findings of level error.
var errFindings = &exitError{code: exitFindings}

// report tells the user about an error and returns the status to exit with.
func (s *Streams) report(err error) int {
	if err == nil {
		return exitOK
	}
	var exit *exitError
	if !errors.As(err, &exit) {
		exit = usagef("%v", err)
	}
	if exit.message != "" {
		fmt.Fprintf(s.Err, "nixplan: %s\n", exit.message)
	}
	if exit.help != "" {
		fmt.Fprintf(s.Err, "%s\n", exit.help)
	}
	return exit.code
}
