package cli

import (
	"github.com/spf13/cobra"

	"github.com/nixplan/nixplan/executor/shell"
)

// newEffectHelperCommand is what the bash functions of an effect's scripts call.
// It is not for people.
func newEffectHelperCommand(streams *Streams) *cobra.Command {
	return &cobra.Command{
		Use:                shell.HelperCommand,
		Hidden:             true,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if code := shell.Helper(cmd.Context(), args, streams.In, streams.Out, streams.Err); code != exitOK {
				return &exitError{code: code}
			}
			return nil
		},
	}
}
