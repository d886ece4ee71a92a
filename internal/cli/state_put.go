package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/nixplan/nixplan/executor/state"
	"github.com/nixplan/nixplan/internal/text"
)

type statePutOptions struct {
	stateOptions
	file  string
	base  string
	force bool
	wait  time.Duration
}

func newStatePutCommand(streams *Streams) *cobra.Command {
	o := &statePutOptions{stateOptions: stateOptions{streams: streams}}
	cmd := &cobra.Command{
		Use:   "put NAME --file FILE",
		Short: "Store a state",
		Long: `put stores a file, or with --file - standard input, as the newest version of a
state. Older versions are kept.

It takes the lock for as long as it needs, and the status is 4 if a run holds it. A
lock that was left by a run that died does not keep put from storing what that run
could not; it stays.

Unless the state is new, --base says which version the file was made from. If that is
no longer the newest, nothing is stored and the status is 1. --force stores without
looking at locks or versions.

` + whereState,
		Example: `  nixplan state put nixops-neat.json --base 3 --file nixops-neat.json
  nixplan state put nixops-neat.json --force --file - < nixops-neat.json`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return runStatePut(cmd.Context(), o)
		},
	}
	o.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&o.file, "file", "", "the `FILE` to store, \"-\" for standard input")
	flags.StringVar(&o.base, "base", "", "the `VERSION` that the file was made from: its number or SHA-256")
	flags.BoolVar(&o.force, "force", false, "store whatever is there and whoever holds the lock")
	flags.StringVar(&o.backend.lease, "lease", "", "the lease `ID` of a run that could not store its state: with Hercules CI it does not block")
	flags.DurationVar(&o.wait, "lock-timeout", 0, "how `LONG` to wait for a lock that others hold")
	return cmd
}

func runStatePut(ctx context.Context, o *statePutOptions) error {
	switch {
	case o.file == "":
		return usagef("say what to store: --file FILE, or --file - for standard input")
	case o.backend.lease != "" && uuid.Validate(o.backend.lease) != nil:
		return usagef("%q is not the id of a lease", o.backend.lease)
	case o.force && o.base != "":
		return usagef("--force stores whatever is there, so --base says nothing")
	}
	data, err := readState(o.streams, o.file)
	if err != nil {
		return err
	}
	store, locker, err := o.backend.openBackend(ctx, o.streams)
	if err != nil {
		return err
	}
	var stored state.Version
	if o.force {
		stored, err = store.Replace(ctx, o.name, data)
	} else {
		stored, err = o.putLocked(ctx, store, locker, data)
	}
	if err != nil {
		return o.explainPut(err)
	}
	if o.json {
		return o.writeJSON(store, stateDocument{Version: &stored})
	}
	number := ""
	if stored.Number != 0 {
		number = fmt.Sprintf("version %d, ", stored.Number)
	}
	_, err = fmt.Fprintf(o.streams.Out, "%s is stored: %s%d bytes, in %s\n", text.Line(o.name), number, stored.Size, text.Line(store.Place()))
	return err
}

// readState reads the file that is to be stored.
func readState(streams *Streams, path string) ([]byte, error) {
	read, name := func() ([]byte, error) { return os.ReadFile(path) }, path
	if path == "-" {
		read, name = func() ([]byte, error) { return io.ReadAll(streams.In) }, "standard input"
	}
	data, err := read()
	if err != nil {
		return nil, usagef("cannot read %s: %v", name, bareError(err))
	}
	return data, nil
}

// putLocked stores while nobody else can.
func (o *statePutOptions) putLocked(ctx context.Context, store state.Store, locker state.Locker, data []byte) (state.Version, error) {
	lease, err := locker.Acquire(ctx, o.name, state.AcquireOptions{
		Description: "nixplan state put", Wait: o.wait,
		Blocked: func(holders []state.Holder) {
			if o.wait != 0 {
				fmt.Fprintf(o.streams.Err, "nixplan: %v; waiting\n", &state.BlockedError{Name: o.name, Holders: holders})
			}
		},
	})
	var blocked *state.BlockedError
	var project *state.ProjectError
	switch {
	case err == nil:
		defer lease.Release(context.WithoutCancel(ctx))
	case errors.As(err, &blocked) && blocked.Abandoned():
		fmt.Fprintf(o.streams.Err, "nixplan: note: %v; it stays as it is\n", blocked)
	case errors.As(err, &project):
		// An effect that does not know its project has no locks; neither have those
		// that it could meet.
	default:
		return state.Version{}, err
	}
	base, err := findBase(ctx, store, o.name, o.base)
	if err != nil {
		return state.Version{}, err
	}
	return store.Put(ctx, o.name, data, base)
}

// findBase is the version that a user names, nil for "".
func findBase(ctx context.Context, store state.Store, name, base string) (*state.Version, error) {
	if base == "" {
		return nil, nil
	}
	if len(base) == 64 {
		return &state.Version{SHA256: strings.ToLower(base)}, nil
	}
	number, err := strconv.Atoi(base)
	if err != nil || number < 1 {
		return nil, usagef("--base is the number of a version or a whole SHA-256, not %q", base)
	}
	versions, err := store.Versions(ctx, name)
	if err != nil {
		return nil, err
	}
	for _, v := range versions {
		if v.Number != number {
			continue
		}
		if v.SHA256 == "" { // a server that does not say
			file, err := store.GetVersion(ctx, name, number)
			if err != nil {
				return nil, err
			}
			v = file.Version
		}
		return &v, nil
	}
	return nil, usagef("there is no version %d of %q; 'nixplan state versions' lists them", number, name)
}

// explainPut says what to do about a state that was not stored.
func (o *statePutOptions) explainPut(err error) error {
	var conflict *state.ConflictError
	if !errors.As(err, &conflict) {
		return stateError(err)
	}
	exit := &exitError{code: exitFindings, message: conflict.Error() + "; nothing is stored"}
	switch {
	case conflict.Newest == nil:
		exit.help = "Leave --base out to store the first version."
	case conflict.Base == nil:
		exit.message = fmt.Sprintf("there is a state %q already, and nothing is stored", o.name)
		exit.help = "If the file was made from the newest version, say so with --base; 'nixplan state versions' lists them.\n" +
			"--force stores it as the newest in any case, and keeps the others."
	default:
		exit.help = "Get the newest version and make the change there, or use --force to store the file as the newest in any case."
	}
	return exit
}
