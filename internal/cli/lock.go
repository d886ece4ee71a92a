package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/nixplan/nixplan/executor/state"
	"github.com/nixplan/nixplan/internal/text"
)

func newLockCommand(streams *Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lock",
		Short: "Look at and release locks of deployments",
		Long: `A run that deploys holds the lock of the state it changes, so that no other deploys
the same machines meanwhile.

` + whereState,
		Args: subcommandOnly,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLockListCommand(streams), newLockReleaseCommand(streams))
	return cmd
}

type lockOptions struct {
	streams *Streams
	backend backendFlags
	json    bool
	names   []string
	lease   string
}

func (o *lockOptions) register(cmd *cobra.Command) {
	o.backend.register(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "write JSON")
}

// lockDocument is what the commands print as JSON.
type lockDocument struct {
	FormatVersion string         `json:"format_version"`
	Place         string         `json:"place"`
	Locks         []state.Holder `json:"locks,omitzero"`
	Released      *released      `json:"released,omitempty"`
}

type released struct {
	Name    string `json:"name"`
	LeaseID string `json:"lease_id,omitempty"`
}

func (o *lockOptions) writeJSON(locker state.Locker, d lockDocument) error {
	d.FormatVersion, d.Place = "1.0", locker.Place()
	return text.WriteJSON(o.streams.Out, d)
}

func newLockListCommand(streams *Streams) *cobra.Command {
	o := &lockOptions{streams: streams}
	cmd := &cobra.Command{
		Use:   "list [NAME…]",
		Short: "List who holds locks",
		Long: `list shows the locks that are held, or that a run which died left behind
(abandoned): all of a directory; of Hercules CI, which does not list them, those that
are named, or those of all states.

` + whereState,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.names = args
			return runLockList(cmd.Context(), o)
		},
	}
	o.register(cmd)
	return cmd
}

func runLockList(ctx context.Context, o *lockOptions) error {
	_, locker, err := o.backend.openBackend(ctx, o.streams)
	if err != nil {
		return err
	}
	holders := []state.Holder{}
	if len(o.names) == 0 {
		all, err := locker.List(ctx)
		if err != nil {
			return stateError(err)
		}
		holders = append(holders, all...)
	}
	for _, name := range o.names {
		of, err := locker.Holders(ctx, name)
		if err != nil {
			return stateError(err)
		}
		holders = append(holders, of...)
	}
	if o.json {
		return o.writeJSON(locker, lockDocument{Locks: holders})
	}
	if len(holders) == 0 {
		_, err := fmt.Fprintf(o.streams.Out, "No lock is held in %s.\n", text.Line(locker.Place()))
		return err
	}
	var rows [][]string
	for _, h := range holders {
		rows = append(rows, []string{
			text.Line(h.Name), text.Line(h.LeaseID), lockStatus(h), text.Line(h.Run), lockedBy(h), lockProcess(h),
			when(h.Since), when(h.Expires), text.Line(h.Description),
		})
	}
	return o.streams.table([]string{"NAME", "LEASE", "STATUS", "RUN", "BY", "PROCESS", "SINCE", "EXPIRES", "DESCRIPTION"}, rows)
}

func lockStatus(h state.Holder) string {
	switch {
	case h.Abandoned:
		return "abandoned"
	case h.Orphaned:
		return "orphaned"
	case !h.Exclusive:
		return "shared"
	}
	return "held"
}

func lockedBy(h state.Holder) string {
	if h.Host == "" {
		return text.Line(h.User)
	}
	return text.Line(h.User + "@" + h.Host)
}

func lockProcess(h state.Holder) string {
	if h.PID == 0 {
		return ""
	}
	return strconv.Itoa(h.PID)
}

func newLockReleaseCommand(streams *Streams) *cobra.Command {
	o := &lockOptions{streams: streams}
	cmd := &cobra.Command{
		Use:   "release NAME",
		Short: "Release a lock that a run left behind",
		Long: `release ends a lease by hand. A run that died may have changed machines and not
stored its state; prefer to resume it (nixplan apply --resume RUN).

In a directory only what was abandoned is released; while the run or something it
started is running the status is 4. Hercules CI cannot tell, so there the lease has to
be named with --lease; one that nobody renews ends by itself after a few minutes.

` + whereState,
		Example: `  nixplan lock release nixops-neat.json`,
		Args:    oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.names = args
			return runLockRelease(cmd.Context(), o)
		},
	}
	o.register(cmd)
	cmd.Flags().StringVar(&o.lease, "lease", "", "the `ID` of the lease to release")
	return cmd
}

func runLockRelease(ctx context.Context, o *lockOptions) error {
	_, locker, err := o.backend.openBackend(ctx, o.streams)
	if err != nil {
		return err
	}
	name := o.names[0]
	if err := locker.Release(ctx, name, o.lease); err != nil {
		return explainRelease(err)
	}
	if o.json {
		return o.writeJSON(locker, lockDocument{Released: &released{name, o.lease}})
	}
	_, err = fmt.Fprintf(o.streams.Out, "The lock of %s is released.\n", text.Line(name))
	return err
}

// explainRelease says what to do about a lock that was not released.
func explainRelease(err error) error {
	var blocked *state.BlockedError
	if !errors.As(err, &blocked) {
		return stateError(err)
	}
	exit := &exitError{code: exitLocked, message: blocked.Error() + "; it is not released"}
	exit.help = "End what is running first."
	for _, h := range blocked.Holders {
		if h.PID == 0 && h.LeaseID != "" {
			exit.help = "If it is no longer in use, name it: --lease " + text.ShellWord(h.LeaseID)
		}
	}
	return exit
}
