// Package cli is nixplan's command line: a file for each subcommand, which turns
// flags into an options struct and hands it to a function that does the work.
package cli

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/nixplan/nixplan/executor/shell"
	"github.com/nixplan/nixplan/internal/diag"
)

// Main runs the command line that the process was given and returns the status
// to exit with. The first interrupt or SIGTERM cancels what is going on, the
// second ends the process.
func Main() int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	log.SetOutput(io.Discard) // package http writes there what odd servers send
	// The runtime makes two threads to listen to signals, a tenth of what the
	// shortest runs take. Before that an interrupt ends the process at once.
	defer time.AfterFunc(signalsAfter, func() {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
		<-signals
		signal.Stop(signals)
		cancel()
	}).Stop()
	return Run(ctx, systemStreams(), os.Args[1:])
}

// signalsAfter is how long a run takes that is worth ending in order.
const signalsAfter = 10 * time.Millisecond

// Run runs one command line, given without the program's name.
func Run(ctx context.Context, streams *Streams, args []string) int {
	defer streams.end()
	return guard(streams, args, func() int {
		root := newRoot(streams, args)
		if len(args) == 0 || args[0] != shell.HelperCommand {
			args = joinPairs(args)
		}
		root.SetArgs(args)
		return streams.report(root.ExecuteContext(ctx))
	})
}

// guard turns a panic into a message that asks for a report. Nothing a user
// gives to nixplan should come this far.
func guard(streams *Streams, args []string, f func() int) (code int) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		code = exitUsage
		fmt.Fprintf(streams.Err, `nixplan: internal error [%s]: %v
This is a mistake in nixplan, not in your files. Please report it at
https://github.com/nixplan/nixplan/issues with this message, the command line,
the file it was run on if you can share it, and
  %s
NIXPLAN_DEBUG=1 shows where in nixplan it happened.
`, diag.IDInternal, cause, versionLine())
		if streams.Getenv("NIXPLAN_DEBUG") == "1" {
			fmt.Fprintf(streams.Err, "\n%q\n%s", args, debug.Stack())
		}
	}()
	return f()
}

// subcommands make the command for each word that may come first.
var subcommands = []struct {
	name string
	make func(*Streams) *cobra.Command
}{
	{"plan", newPlanCommand},
	{"refs", newRefsCommand},
	{"why", newWhyCommand},
	{"graph", newGraphCommand},
	{"show", newShowCommand},
	{"diff", newDiffCommand},
	{"apply", newApplyCommand},
	{"runs", newRunsCommand},
	{"check", newCheckCommand},
	{"rules", newRulesCommand},
	{"eval", newEvalCommand},
	{"init", newInitCommand},
	{"secrets", newSecretsCommand},
	{"state", newStateCommand},
	{"lock", newLockCommand},
	{"version", newVersionCommand},
	{shell.HelperCommand, newEffectHelperCommand},
	{"exit-codes", func(*Streams) *cobra.Command {
		return &cobra.Command{Use: "exit-codes", Short: "What the exit statuses mean", Long: exitCodesHelp}
	}},
}

// addSubcommands adds the one that the command line names, or all when it names
// none: to make all with their flags took a sixth of the shortest runs.
func addSubcommands(root *cobra.Command, streams *Streams, args []string) {
	first := slices.IndexFunc(args, func(arg string) bool { return !strings.HasPrefix(arg, "-") })
	for _, sub := range subcommands {
		if first >= 0 && args[first] == sub.name {
			root.AddCommand(sub.make(streams))
			root.CompletionOptions.DisableDefaultCmd = true
			return
		}
	}
	for _, sub := range subcommands {
		root.AddCommand(sub.make(streams))
	}
}

// newRoot makes what the command line args needs of the command.
func newRoot(streams *Streams, args []string) *cobra.Command {
	var printVersion bool
	root := &cobra.Command{
		Use:   "nixplan",
		Short: "Show what a Hercules CI agent would do with a repository, and do it",
		Long: `nixplan evaluates a repository's ci.nix as a Hercules CI agent does and shows
which deployments would run for a git ref, and why. It works offline and does
not need Nix. nixplan apply carries a plan out.`,
		Example: `  nixplan plan                                  the checked-out branch
  nixplan plan --ref refs/heads/production      some other ref
  nixplan plan --format json | jq '.jobs[].state'
  nixplan eval -E 'builtins.length [ 1 2 ]'`,
		SilenceErrors: true,
		SilenceUsage:  true,
		// Args is called for what is no subcommand.
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if printVersion {
				return runVersion(streams)
			}
			return cmd.Help()
		},
	}
	root.Flags().BoolVar(&printVersion, "version", false, "print the version")
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(newHelpCommand())
	addSubcommands(root, streams, args)
	return root
}

func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND | TOPIC]",
		Short: "Help about a command or a topic",
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			topic, rest, err := root.Find(args)
			if err != nil || topic == root && len(rest) > 0 {
				return unknownCommand(root, args[0])
			}
			if !topic.Runnable() && !topic.HasSubCommands() {
				fmt.Fprint(cmd.OutOrStdout(), topic.Long)
				return nil
			}
			topic.InitDefaultHelpFlag()
			return topic.Help()
		},
	}
}

// version is set by the linker for releases.
var version = ""

// Version is nixplan's version: of the release, of the module as "go install"
// got it, or "devel".
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") {
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	return "devel"
}

func versionLine() string {
	return fmt.Sprintf("nixplan %s (%s, %s/%s)", Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func newVersionCommand(streams *Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE:  func(*cobra.Command, []string) error { return runVersion(streams) },
	}
}

func runVersion(streams *Streams) error {
	_, err := fmt.Fprintln(streams.Out, versionLine())
	return err
}
