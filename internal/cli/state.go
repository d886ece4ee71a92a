package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"github.com/nixplan/nixplan/executor/state"
	"github.com/nixplan/nixplan/internal/text"
)

func newStateCommand(streams *Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "state",
		Short: "Look at and change what deployments leave behind",
		Long: `NixOps knows its machines by a state, which is stored after every deployment under
the name that ci.nix gives it. It holds private keys in clear: the files that these
commands write are for nobody else to read, and a state is shown only when it is
asked for.

` + whereState,
		Args: subcommandOnly,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newStateListCommand(streams), newStateGetCommand(streams), newStatePutCommand(streams), newStateVersionsCommand(streams))
	return cmd
}

// subcommandOnly refuses words that are no subcommand.
func subcommandOnly(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unknownCommand(cmd, args[0])
	}
	return nil
}

// oneName wants the name of a state or lock.
func oneName(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		err := usagef("which one? A name is missing")
		err.help = "Usage: " + cmd.UseLine()
		return err
	}
	return noArgs(cmd, args[1:])
}

// stateOptions are what the commands about states share.
type stateOptions struct {
	streams *Streams
	backend backendFlags
	json    bool
	name    string
}

func (o *stateOptions) register(cmd *cobra.Command) {
	o.backend.register(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "write JSON")
}

// stateDocument is what the commands print as JSON.
type stateDocument struct {
	FormatVersion string          `json:"format_version"`
	Place         string          `json:"place"`
	Name          string          `json:"name,omitempty"`
	States        []state.Entry   `json:"states,omitzero"`
	Versions      []state.Version `json:"versions,omitzero"`
	Version       *state.Version  `json:"version,omitempty"`
}

func (o *stateOptions) writeJSON(store state.Store, d stateDocument) error {
	d.FormatVersion, d.Place, d.Name = "1.0", store.Place(), o.name
	return text.WriteJSON(o.streams.Out, d)
}

func newStateListCommand(streams *Streams) *cobra.Command {
	o := &stateOptions{streams: streams}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the states",
		Long:  "list shows the names of the states and the newest version of each.\n\n" + whereState,
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return runStateList(cmd.Context(), o) },
	}
	o.register(cmd)
	return cmd
}

func runStateList(ctx context.Context, o *stateOptions) error {
	store, _, err := o.backend.openBackend(ctx, o.streams)
	if err != nil {
		return err
	}
	entries, err := store.List(ctx)
	if err != nil {
		return stateError(err)
	}
	if o.json {
		return o.writeJSON(store, stateDocument{States: append([]state.Entry{}, entries...)})
	}
	if len(entries) == 0 {
		_, err := fmt.Fprintf(o.streams.Out, "There are no states in %s.\n", text.Line(store.Place()))
		return err
	}
	var rows [][]string
	for _, e := range entries {
		rows = append(rows, append([]string{text.Line(e.Name)}, versionCells(e.Newest)...))
	}
	return o.streams.table([]string{"NAME", "VERSION", "SIZE", "STORED", "BY"}, rows)
}

// table writes rows with columns that line up. Columns with nothing in any row are
// left out.
func (s *Streams) table(head []string, rows [][]string) error {
	var kept []int
	for column := range head {
		if slices.ContainsFunc(rows, func(row []string) bool { return row[column] != "" }) {
			kept = append(kept, column)
		}
	}
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{head}, rows...) {
		var cells []string
		for _, column := range kept {
			cells = append(cells, cmp.Or(row[column], "-"))
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}

// versionCells are number, size, time and who of a version.
func versionCells(v state.Version) []string {
	number := ""
	if v.Number != 0 {
		number = strconv.Itoa(v.Number)
	}
	size := ""
	if v.Size >= 0 {
		size = strconv.FormatInt(v.Size, 10)
	}
	by := v.Uploader
	if v.Job != "" {
		by = v.Job
	}
	return []string{number, size, when(v.Time), text.Line(by)}
}

func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func newStateVersionsCommand(streams *Streams) *cobra.Command {
	o := &stateOptions{streams: streams}
	cmd := &cobra.Command{
		Use:   "versions NAME",
		Short: "List the versions of a state",
		Long:  "versions shows the versions that are kept of a state, the newest first.\n\n" + whereState,
		Args:  oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return runStateVersions(cmd.Context(), o)
		},
	}
	o.register(cmd)
	return cmd
}

func runStateVersions(ctx context.Context, o *stateOptions) error {
	store, _, err := o.backend.openBackend(ctx, o.streams)
	if err != nil {
		return err
	}
	versions, err := store.Versions(ctx, o.name)
	if err != nil {
		return stateError(err)
	}
	if o.json {
		return o.writeJSON(store, stateDocument{Versions: versions})
	}
	var rows [][]string
	for _, v := range versions {
		rows = append(rows, append(versionCells(v), v.SHA256))
	}
	return o.streams.table([]string{"VERSION", "SIZE", "STORED", "BY", "SHA256"}, rows)
}

type stateGetOptions struct {
	stateOptions
	file    string
	version int
}

func newStateGetCommand(streams *Streams) *cobra.Command {
	o := &stateGetOptions{stateOptions: stateOptions{streams: streams}}
	cmd := &cobra.Command{
		Use:   "get NAME --file FILE",
		Short: "Read a state",
		Long: `get writes a state to a file that nobody else can read, or with --file - to
standard output. The status is 1 if there is no such state.

` + whereState,
		Example: `  nixplan state get nixops-neat.json --file nixops-neat.json
  nixplan state get nixops-neat.json --version 3 --file - | jq keys`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			if cmd.Flags().Changed("version") && o.version < 1 {
				return usagef("--version is a number from 1 on; 'nixplan state versions' lists them")
			}
			return runStateGet(cmd.Context(), o)
		},
	}
	o.register(cmd)
	cmd.Flags().StringVar(&o.file, "file", "", "write to `FILE`, \"-\" for standard output")
	cmd.Flags().IntVar(&o.version, "version", 0, "the version `NUMBER` instead of the newest")
	return cmd
}

func runStateGet(ctx context.Context, o *stateGetOptions) error {
	switch {
	case o.file == "":
		return usagef("say where to write the state: --file FILE, or --file - for standard output")
	case o.file == "-" && o.json:
		return usagef("--file - and --json both write to standard output; give --file a name")
	}
	store, _, err := o.backend.openBackend(ctx, o.streams)
	if err != nil {
		return err
	}
	var file *state.File
	if o.version != 0 {
		file, err = store.GetVersion(ctx, o.name, o.version)
	} else {
		file, err = store.Get(ctx, o.name)
	}
	if err != nil {
		return stateError(err)
	}
	if o.file == "-" {
		_, err = o.streams.Out.Write(file.Data)
	} else {
		err = writePrivate(o.file, file.Data)
	}
	if err != nil {
		return usagef("cannot write the state: %v", err)
	}
	if o.json {
		return o.writeJSON(store, stateDocument{Version: &file.Version})
	}
	return nil
}

// writePrivate writes a file that nobody else can read, also where there was one that
// others could. What is no plain file, such as a pipe, is written to.
func writePrivate(path string, data []byte) error {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return fmt.Errorf("%s: is a directory", path)
	}
	if err == nil && !info.Mode().IsRegular() {
		return writeInto(path, data)
	}
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved
	}
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(0o600))
	if err != nil {
		return err
	}
	defer f.Cleanup()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}

// stateError gives errors of backends their exit status.
func stateError(err error) error {
	var exit *exitError
	var blocked *state.BlockedError
	switch {
	case err == nil || errors.As(err, &exit):
		return err
	case errors.As(err, &blocked):
		return &exitError{code: exitLocked, message: blocked.Error()}
	case errors.Is(err, state.ErrNotExist), errors.Is(err, state.ErrNoLease):
		return &exitError{code: exitFindings, message: err.Error()}
	}
	return usagef("%v", err)
}
