package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/nixplan/nixplan/internal/text"
)

// unknownCommand is the error for a word that is no subcommand of cmd.
func unknownCommand(cmd *cobra.Command, word string) error {
	var names []string
	for _, sub := range cmd.Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	err := usagef("unknown command %q", word)
	err.help = suggestion(word, names, "Run 'nixplan help' for the commands.")
	return err
}

// flagError gives errors about flags a hint: the flag that was meant, or where
// to look.
func flagError(cmd *cobra.Command, cause error) error {
	err := usagef("%v", cause)
	see := "Run '" + cmd.CommandPath() + " --help' for the flags."
	name, ok := strings.CutPrefix(cause.Error(), "unknown flag: --")
	if !ok {
		err.help = see
		return err
	}
	// What follows an unknown command was meant for that command.
	if word := firstWord(cmd.Flags().Args()); !cmd.HasParent() && word != "" {
		return unknownCommand(cmd, word)
	}
	var names []string
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if !flag.Hidden {
			names = append(names, "--"+flag.Name)
		}
	})
	err.help = suggestion("--"+name, names, see)
	return err
}

func firstWord(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// suggestion names those of names that word is probably a slip for, or says
// otherwise.
func suggestion(word string, names []string, otherwise string) string {
	similar := text.Similar(word, names)
	if len(similar) == 0 {
		return otherwise
	}
	return "Did you mean " + strings.Join(similar, " or ") + "?"
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		err := usagef("unexpected argument %q", args[0])
		err.help = "Usage: " + cmd.UseLine()
		return err
	}
	return nil
}

func atMostOneArg(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return noArgs(cmd, args[1:])
	}
	return nil
}

// joinPairs rewrites `--arg NAME VALUE`, which takes two words as Nix's does, to
// the one word that the flag package knows. "NAME=VALUE" is one word already,
// because no name has an equals sign.
func joinPairs(args []string) []string {
	var joined []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return append(joined, args[i:]...)
		}
		if (arg == "--arg" || arg == "--argstr") && i+2 < len(args) && !strings.Contains(args[i+1], "=") {
			arg += "=" + args[i+1] + "=" + args[i+2]
			i += 2
		}
		joined = append(joined, arg)
	}
	return joined
}
