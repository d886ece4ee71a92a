package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"github.com/nixplan/nixplan/internal/view"
	"github.com/nixplan/nixplan/plan"
)

type showOptions struct {
	streams   *Streams
	file      string
	format    string
	color     string
	all       bool
	steps     bool
	showTrace bool
}

func newShowCommand(streams *Streams) *cobra.Command {
	o := &showOptions{streams: streams}
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Show a saved plan",
		Long: `show writes a plan that nixplan plan --out saved, as nixplan plan would have. Nothing
but the file is read: not the repository, not git.

A file that was cut short or changed since is refused, and so is one of a nixplan
with another major format version. A plan holds no secret's value.`,
		Example: `  nixplan plan --out plan.json && nixplan show plan.json
  nixplan show plan.json --steps
  nixplan show plan.json --format yaml`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			err := usagef("nixplan show needs one saved plan")
			err.help = "Usage: " + cmd.UseLine()
			return err
		},
		RunE: func(_ *cobra.Command, args []string) error {
			o.file = args[0]
			return runShow(o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.format, "format", string(view.Human), "output `FORMAT`: human, json or yaml (see docs/plan.schema.json)")
	flags.BoolVar(&o.all, "all", false, "show plain builds and pins as well")
	flags.BoolVar(&o.steps, "steps", false, "show what each step of a job runs, reads and writes")
	flags.StringVar(&o.color, "color", "auto", "`WHEN` to use colour: auto, always or never")
	flags.BoolVar(&o.showTrace, "show-trace", false, "show the whole trace of errors")
	complete(cmd, "format", "human", "json", "yaml")
	complete(cmd, "color", "auto", "always", "never")
	return cmd
}

func runShow(o *showOptions) error {
	format, err := view.ParseFormat(o.format, view.PlanFormats)
	if err != nil {
		return usagef("%v", err)
	}
	color, err := o.streams.color(o.color)
	if err != nil {
		return err
	}
	p, err := loadPlan(o.file)
	if err != nil {
		return err
	}
	err = view.Plan(o.streams.Out, p, view.Options{
		Format: format, Width: o.streams.width(), Color: color, All: o.all, Steps: o.steps, Trace: traceLength(o.showTrace),
	})
	if err != nil {
		return fmt.Errorf("cannot write the plan: %w", err)
	}
	return nil
}

// savePlan writes a plan, so that the file is there as a whole or not at all.
func savePlan(path string, p *plan.Plan) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return usagef("cannot save the plan to %s: it is there, and no regular file", path)
	}
	document, err := plan.Save(p)
	if err == nil {
		err = renameio.WriteFile(path, document, 0o644)
	}
	if err != nil {
		return usagef("cannot save the plan to %s: %v", path, bareError(err))
	}
	return nil
}

// largestPlan is how many bytes a saved plan may have. One of a thousand jobs has
// a few million.
const largestPlan = 256 << 20

// loadPlan reads a saved plan.
func loadPlan(path string) (*plan.Plan, error) {
	document, err := readRegular(path, largestPlan)
	if err != nil {
		return nil, usagef("cannot read the plan %s: %v", path, bareError(err))
	}
	p, err := plan.Load(document)
	var load *plan.LoadError
	if errors.As(err, &load) {
		refused := usagef("cannot read the plan %s: %s", path, load.Problem)
		refused.help = load.Help
		return nil, refused
	}
	return p, err
}

// readRegular reads a file of at most so many bytes.
func readRegular(path string, most int64) ([]byte, error) {
	// Before opening, which waits for the other end of a pipe.
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("it is a directory")
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("it is larger than %d MiB", most>>20)
	}
	return data, err
}

// bareError is an error without the path that the message has already.
func bareError(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
