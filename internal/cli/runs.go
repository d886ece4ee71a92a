package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/nixplan/nixplan/executor"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/internal/view"
)

func newRunsCommand(streams *Streams) *cobra.Command {
	var (
		asJSON bool
		color  string
		prune  time.Duration
	)
	cmd := &cobra.Command{
		Use:   "runs [RUN]",
		Short: "List what nixplan apply did, and what can be carried on",
		Long: `runs lists the runs of nixplan apply on this machine, newest first. With RUN, its id or
the beginning of it, it shows what each step of that run did, from the run's journal.

A run that was interrupted says so, and whether it has a state that is not stored;
nixplan apply --resume carries it on. --prune removes the files of runs that are over and
older than that, logs included; runs that have such a state stay.`,
		Example: `  nixplan runs
  nixplan runs --prune 720h
  nixplan runs 20261128T2016
  nixplan runs --json | jq -r '.runs[] | select(.unsaved) | .id'`,
		Args: atMostOneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			paint, err := streams.color(color)
			if err != nil {
				return err
			}
			runs, err := runsOf(streams)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("prune") {
				if prune <= 0 {
					return usagef("invalid value %s for --prune: want an age such as 720h", prune)
				}
				if len(args) > 0 {
					return usagef("--prune removes all runs of an age; it takes no run")
				}
				return pruneRuns(streams, runs, prune)
			}
			if len(args) == 0 {
				return listRuns(streams, runs, asJSON, paint)
			}
			id, err := runs.Find(args[0])
			if err != nil {
				return noRun(err)
			}
			history, err := runs.History(id)
			if err != nil {
				return err
			}
			if asJSON {
				return text.WriteJSON(streams.Out, history)
			}
			return view.Run(streams.Out, history, view.Options{Width: streams.width(), Color: paint})
		},
	}
	cmd.Flags().DurationVar(&prune, "prune", 0, "remove runs that are over and older than `AGE`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	cmd.Flags().StringVar(&color, "color", "auto", "`WHEN` to use colour: auto, always or never")
	complete(cmd, "color", "auto", "always", "never")
	return cmd
}

func listRuns(streams *Streams, runs *executor.Runs, asJSON, color bool) error {
	ids, err := runs.IDs()
	if err != nil {
		return err
	}
	list := []*executor.Summary{}
	for _, id := range ids {
		summary, err := runs.Summary(id)
		if err != nil {
			summary = &executor.Summary{ID: id, Problem: err.Error()}
		}
		list = append(list, summary)
	}
	if asJSON {
		return text.WriteJSON(streams.Out, map[string]any{"runs": list})
	}
	return view.Runs(streams.Out, list, view.Options{Width: streams.width(), Color: color})
}

// pruneRuns removes the files of old runs.
func pruneRuns(streams *Streams, runs *executor.Runs, age time.Duration) error {
	removed, err := runs.Prune(time.Now().Add(-age))
	for _, id := range removed {
		fmt.Fprintf(streams.Out, "removed %s\n", id)
	}
	return err
}
