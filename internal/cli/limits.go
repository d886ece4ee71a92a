package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/nixplan/nixplan/eval/value"
)

// limitFlags bound an evaluation. docs/limits.md has all limits.
type limitFlags struct {
	timeout time.Duration
	memory  byteSize
}

// register adds the flags. timeout is the default; 0 means that there is none.
func (f *limitFlags) register(flags *pflag.FlagSet, timeout time.Duration) {
	flags.DurationVar(&f.timeout, "timeout", timeout, "give up after this `TIME`, such as 10s; 0: never")
	f.registerMemory(flags)
}

func (f *limitFlags) registerMemory(flags *pflag.FlagSet) {
	flags.Var(&f.memory, "max-memory", "give up beyond this `SIZE`, such as 2G (default three quarters of what there is)")
}

// limits are those of the flags. An evaluation that grows keeps the collector
// away.
func (f *limitFlags) limits() value.Limits {
	return value.Limits{Heap: int64(f.memory), DefaultHeap: func() int64 {
		heap := memory() / 4 * 3
		if f.memory > 0 {
			heap = int64(f.memory)
		}
		postponeCollector(heap)
		return heap
	}}
}

// grace is how long an evaluation may take to notice that it is to end.
const grace = 2 * time.Second

// begin gives the context for a command's work, which ends with the timeout. The
// evaluator looks at it all the time, but a file system may hang, a pipe may have
// no reader, a library knows no context: a while after the context is done the
// process ends, unless the work has, which done says. That is for commands that
// only read.
func (f *limitFlags) begin(ctx context.Context, streams *Streams) (_ context.Context, done func()) {
	cancel := context.CancelFunc(func() {})
	if f.timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, f.timeout)
	}
	finished := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-finished:
		case <-time.After(grace):
			code := streams.report(f.ended(ctx))
			ended := make(chan struct{})
			go func() {
				streams.end()
				close(ended)
			}()
			select {
			case <-ended:
			case <-time.After(grace):
			}
			os.Exit(code)
		}
	})
	return ctx, func() {
		stop()
		close(finished)
		cancel()
	}
}

// ended is what a command ends with whose context ended before it was done.
func (f *limitFlags) ended(ctx context.Context) error {
	why := "interrupted"
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		why = fmt.Sprintf("not done after %v (--timeout)", f.timeout)
	}
	return &exitError{code: exitFindings, message: why}
}

// byteSize is a number of bytes as a flag: 500M, 2G.
type byteSize int64

var byteUnits = []struct {
	suffix string
	bytes  int64
}{{"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {"", 1}}

// Set reads a whole number with or without a unit of powers of 1024.
func (s *byteSize) Set(text string) error {
	for _, unit := range byteUnits {
		digits, ok := strings.CutSuffix(strings.ToUpper(text), unit.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n < 1 || n > 1<<62/unit.bytes {
			break
		}
		*s = byteSize(n * unit.bytes)
		return nil
	}
	return fmt.Errorf("want a size such as 500M or 2G")
}

func (s *byteSize) String() string {
	for _, unit := range byteUnits {
		if n := int64(*s); n != 0 && n%unit.bytes == 0 && (unit.bytes == 1 || n/unit.bytes < 1<<10) {
			return strconv.FormatInt(n/unit.bytes, 10) + unit.suffix
		}
	}
	return ""
}

// Type names the flag's value in help.
func (s *byteSize) Type() string { return "SIZE" }
