package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/internal/config"
)

type initOptions struct {
	streams *Streams
	target  string // DIR, "" for the repository of the working directory
	force   bool
	dryRun  bool
}

func newInitCommand(streams *Streams) *cobra.Command {
	o := &initOptions{streams: streams}
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a configuration and a pre-commit hook",
		Long: `init writes nixplan.hcl, in which every setting is explained and those that git
tells are filled in, and adds a hook that runs nixplan check to
.pre-commit-config.yaml. What is there already stays as it is.

DIR is the repository's root or a directory with an entry file of its own.
Without it, it is the repository around the working directory.`,
		Example: `  nixplan init
  nixplan init --dry-run`,
		Args: atMostOneArg,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.target = args[0]
			}
			return runInit(o)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.force, "force", false, "replace a nixplan.hcl that is there")
	flags.BoolVar(&o.dryRun, "dry-run", false, "write nothing, show what would be written")
	return cmd
}

func runInit(o *initOptions) error {
	project, err := hercules.FindProject(o.target)
	if err != nil {
		return err
	}
	if project.Git != nil && project.Git.Bare() {
		return usagef("%s has no work tree to write files to", project.Root)
	}
	if err := o.writeConfig(project); err != nil {
		return err
	}
	if project.Git == nil {
		o.say("%s: left out, as this is no git repository", preCommitFile)
		return nil
	}
	return o.addHook(project.Git.WorkTree)
}

func (o *initOptions) writeConfig(project *hercules.Project) error {
	path := filepath.Join(project.Root, config.FileName)
	_, err := os.Lstat(path)
	exists := err == nil
	switch {
	case exists && !o.force:
		o.say("%s: kept, as it is there already (--force replaces it)", config.FileName)
		return nil
	case !exists && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return o.write(path, []byte(initialConfig(detectSettings(project))), "written")
}

func (o *initOptions) addHook(top string) error {
	path := filepath.Join(top, preCommitFile)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return o.write(path, []byte(newPreCommitConfig(Version())), "written")
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return o.leave(errors.New("it is not a regular file"))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed, err := addPreCommitHook(text, Version())
	if err != nil {
		return o.leave(err)
	}
	if bytes.Equal(changed, text) {
		o.say("%s: kept, as nixplan is in it already", preCommitFile)
		return nil
	}
	return o.write(path, changed, "a hook was added")
}

// leave ends with what to add by hand to a file that cannot be changed.
func (o *initOptions) leave(cause error) error {
	return &exitError{
		code:    exitFindings,
		message: fmt.Sprintf("%s was not changed: %v", preCommitFile, cause),
		help:    "Add this to its list of repos:\n\n" + hookEntry(Version(), "  "),
	}
}

// write replaces a file at once, so that whoever reads it meanwhile sees the old
// content or the new one.
func (o *initOptions) write(path string, content []byte, done string) error {
	name := filepath.Base(path)
	if o.dryRun {
		o.say("%s would be:\n", name)
		for line := range strings.Lines(string(content)) {
			o.say("%s", strings.TrimRight("  "+strings.TrimRight(line, "\r\n"), " "))
		}
		o.say("")
		return nil
	}
	if err := renameio.WriteFile(path, content, 0o666, renameio.WithExistingPermissions()); err != nil {
		return fmt.Errorf("cannot write %s: %w", name, err)
	}
	o.say("%s: %s", name, done)
	return nil
}

func (o *initOptions) say(format string, args ...any) {
	io.WriteString(o.streams.Out, fmt.Sprintf(format, args...)+"\n")
}
