package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/secrets"
	"github.com/nixplan/nixplan/internal/config"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
)

func newSecretsCommand(streams *Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "secrets",
		Short: "Know an agent's secrets without their values",
		Long: `An agent's secrets.json has names, fields, values and conditions. These commands
keep everything but the values in a manifest, a file that can be committed, so
that nixplan check knows the secrets where secrets.json must not be.

No value is ever shown, whatever is wrong with the file.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSecretsManifestCommand(streams), newSecretsCheckCommand(streams))
	return cmd
}

// whereSecrets is the part of the help on how secrets.json is found.
const whereSecrets = `Without a name, secrets.json is the first of: what nixplan.hcl names,
$HERCULES_CI_SECRETS_JSON, the agent's
` + secrets.AgentFile + `, and hci's
$XDG_CONFIG_HOME/hercules-ci/secrets/FORGE/OWNER/secrets.json. A name of "-" is
standard input.`

type secretsManifestOptions struct {
	streams *Streams
	secrets string // file, "-" or "" to look for it
	output  string // file or "" for standard output
}

func newSecretsManifestCommand(streams *Streams) *cobra.Command {
	o := &secretsManifestOptions{streams: streams}
	cmd := &cobra.Command{
		Use:   "manifest [SECRETS.JSON]",
		Short: "Write the names, fields and conditions of a secrets.json",
		Long: `manifest writes what a secrets.json holds except its values: names of secrets,
names of their fields, and conditions. The result is YAML and safe to commit; see
docs/secrets-manifest.schema.json.

` + whereSecrets,
		Example: `  nixplan secrets manifest secrets.json > ` + secrets.ManifestFile + `
  sops -d secrets.json | nixplan secrets manifest - --output ` + secrets.ManifestFile,
		Args: atMostOneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.secrets = args[0]
			}
			return runSecretsManifest(o)
		},
	}
	cmd.Flags().StringVar(&o.output, "output", "", "write to `FILE`, which may be an older manifest")
	return cmd
}

func runSecretsManifest(o *secretsManifestOptions) error {
	project, err := openSecretsProject(o.streams)
	if err != nil {
		return err
	}
	at, err := project.findSecrets(o.secrets)
	if err != nil {
		return err
	}
	if o.secrets == "" {
		fmt.Fprintf(o.streams.Err, "nixplan: reading %s (from %s)\n", at.Path, at.Origin)
	}
	if o.output != "" {
		if err := mayOverwrite(o.output, at.Path); err != nil {
			return err
		}
	}
	inventory, list, err := project.readSecrets(at)
	if err != nil {
		return err
	}
	if err := o.streams.findings(list); err != nil {
		return err
	}
	if inventory == nil {
		return &exitError{code: exitUsage}
	}
	var manifest bytes.Buffer
	if err := inventory.WriteManifest(&manifest); err != nil {
		return err
	}
	if o.output == "" {
		_, err = o.streams.Out.Write(manifest.Bytes())
	} else {
		err = writeFile(o.output, manifest.Bytes())
	}
	if err != nil {
		return usagef("cannot write the manifest: %v", err)
	}
	return nil
}

// mayOverwrite refuses to replace a file that is no manifest, above all the
// secrets.json itself.
func mayOverwrite(output, input string) error {
	info, err := os.Stat(output)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return usagef("cannot write the manifest: %v", err)
	}
	if in, err := os.Stat(input); err == nil && os.SameFile(info, in) {
		return usagef("%s is the secrets.json that is to be read; give --output another name", output)
	}
	if info.Mode().IsRegular() && info.Size() == 0 {
		return nil
	}
	if manifest, _, err := secrets.ReadManifest(nil, output, output); err != nil || manifest == nil {
		err := usagef("%s exists and is not a manifest, so it is not replaced", output)
		err.help = "Remove it, or give --output another name."
		return err
	}
	return nil
}

type secretsCheckOptions struct {
	streams  *Streams
	secrets  string // file, "-" or "" to look for it
	manifest string // file or "" to look for it
	format   string
	color    string
}

func newSecretsCheckCommand(streams *Streams) *cobra.Command {
	o := &secretsCheckOptions{streams: streams}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Compare a secrets.json with its manifest",
		Long: `check compares a secrets.json with the manifest that is committed, and lists the
secrets and fields that only one of them has and the conditions that differ. Run
it on an agent. The status is 1 if there are differences.

` + whereSecrets + `

The manifest is what nixplan.hcl names, else ` + secrets.ManifestFile + ` in the
repository's root.`,
		Example: `  nixplan secrets check
  nixplan secrets check --secrets /run/secrets/secrets.json --format json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return runSecretsCheck(o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.secrets, "secrets", "", "the secrets.json `FILE`")
	flags.StringVar(&o.manifest, "manifest", "", "the manifest `FILE`")
	flags.StringVar(&o.format, "format", "text", "output `FORMAT`: text or json")
	flags.StringVar(&o.color, "color", "auto", "`WHEN` to use colour: auto, always or never")
	complete(cmd, "format", "text", "json")
	complete(cmd, "color", "auto", "always", "never")
	return cmd
}

// secretsComparison is what check prints as JSON.
type secretsComparison struct {
	FormatVersion string               `json:"format_version"`
	Secrets       *secrets.Location    `json:"secrets"`
	Manifest      *secrets.Location    `json:"manifest"`
	Differences   []secrets.Difference `json:"differences"`
	Diagnostics   []diag.Record        `json:"diagnostics"`
}

func runSecretsCheck(o *secretsCheckOptions) error {
	if o.format != "text" && o.format != "json" {
		return usagef("unknown format %q, want text or json", o.format)
	}
	color, err := o.streams.color(o.color)
	if err != nil {
		return err
	}
	project, err := openSecretsProject(o.streams)
	if err != nil {
		return err
	}
	at, err := project.findSecrets(o.secrets)
	if err != nil {
		return err
	}
	manifestAt := project.findManifest(o.manifest)
	file, list, err := project.readSecrets(at)
	if err != nil {
		return err
	}
	manifest, more, err := project.readManifest(manifestAt)
	if err != nil {
		return err
	}
	list = append(list, more...)
	c := &secretsComparison{FormatVersion: "1.0", Secrets: at, Manifest: manifestAt, Differences: []secrets.Difference{}}
	unread := file == nil || manifest == nil
	if !unread {
		c.Differences = append(c.Differences, secrets.Compare(file, manifest)...)
		for _, d := range c.Differences {
			list = append(list, d.Diagnostic(file.File, manifest.File))
		}
	}
	list.Sort()
	c.Diagnostics = list.Records()
	if o.format == "json" {
		err = c.writeJSON(o.streams)
	} else {
		err = c.writeText(o.streams, text.NewStyle(color), unread)
	}
	switch {
	case err != nil:
		return usagef("cannot write the result: %v", err)
	case unread:
		return &exitError{code: exitUsage}
	case len(c.Differences) > 0:
		return errFindings
	}
	return nil
}

func (c *secretsComparison) writeJSON(streams *Streams) error {
	e := json.NewEncoder(streams.Out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(c)
}

func (c *secretsComparison) writeText(streams *Streams, style text.Style, unread bool) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s (from %s)\n%s (from %s)\n", text.Line(c.Secrets.Path), c.Secrets.Origin, text.Line(c.Manifest.Path), c.Manifest.Origin)
	if len(c.Diagnostics) > 0 {
		b.WriteByte('\n')
		if err := diag.WriteText(&b, c.Diagnostics, diag.TextOptions{Width: streams.width(), Style: style}); err != nil {
			return err
		}
	}
	switch n := len(c.Differences); {
	case unread:
	case n == 0:
		b.WriteString("\nThey agree.\n")
	default:
		fmt.Fprintf(&b, "\nDifferences: %d. If %s is right, write the manifest again:\n  nixplan secrets manifest %s --output %s\n",
			n, text.Line(c.Secrets.Path), text.Line(c.Secrets.Path), text.Line(c.Manifest.Path))
	}
	_, err := streams.Out.Write(b.Bytes())
	return err
}

// secretsProject is the repository that secrets are looked up for.
type secretsProject struct {
	*hercules.Project
	streams *Streams
	config  *config.Config
	dir     string // the working directory
}

func openSecretsProject(streams *Streams) (*secretsProject, error) {
	dir, err := workingDir()
	if err != nil {
		return nil, err
	}
	project, c, err := openSettings(streams)
	if err != nil {
		return nil, err
	}
	return &secretsProject{project, streams, c, dir}, nil
}

// findSecrets finds the secrets.json. named is the user's, or "".
func (p *secretsProject) findSecrets(named string) (*secrets.Location, error) {
	places := secrets.Places{Flag: named, Getenv: p.streams.Getenv, Agent: secrets.AgentFile}
	if s := p.config.Secrets; s != nil {
		places.Config = p.display(p.config.Path(s.File))
	}
	if remote := p.Remote(); remote != nil {
		places.Site, places.Owner = remote.Forge, remote.Owner
	}
	if settings := p.config.Project; settings != nil {
		if settings.Forge != "" {
			places.Site = settings.Forge
		}
		if settings.Owner != "" {
			places.Owner = settings.Owner
		}
	}
	at, looked := secrets.Locate(places)
	if at == nil {
		err := usagef("there is no secrets.json here:\n  %s", text.Printable(strings.Join(looked, "\n  ")))
		err.help = "Name the file, or run this where the agent runs."
		return nil, err
	}
	return at, nil
}

// commandLine is the origin of what the user named.
const commandLine = "the command line"

func (p *secretsProject) findManifest(named string) *secrets.Location {
	if named != "" {
		return &secrets.Location{Path: named, Origin: commandLine}
	}
	path, configured := p.config.Manifest(p.Root)
	at := &secrets.Location{Path: p.display(path), Origin: "the repository"}
	if configured {
		at.Origin = config.FileName
	}
	return at
}

// display is a path as people are shown it, relative to the working directory
// if it lies below.
func (p *secretsProject) display(path string) string {
	if path == "" {
		return ""
	}
	if rel, err := filepath.Rel(p.dir, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

func (p *secretsProject) readSecrets(at *secrets.Location) (*secrets.Inventory, diag.List, error) {
	if at.Path == "-" {
		v, list, err := secrets.Read(p.streams.In, "standard input")
		if err != nil {
			return nil, nil, usagef("cannot read standard input: %v", err)
		}
		return v, list, nil
	}
	v, list, err := secrets.ReadFile(at.Path, at.Path)
	if err != nil {
		exit := usagef("cannot read %s (from %s): %v", at.Path, at.Origin, err)
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			exit.help = `Only a plain file is read by name; of a pipe, pass "-" and redirect standard input.`
		}
		return nil, nil, exit
	}
	return v, list, nil
}

func (p *secretsProject) readManifest(at *secrets.Location) (*secrets.Inventory, diag.List, error) {
	read := secrets.ReadManifest
	if at.Origin != commandLine {
		read = p.config.ReadManifest
	}
	v, list, err := read(nil, at.Path, at.Path)
	if err != nil {
		exit := usagef("cannot read the manifest %s (from %s): %v", at.Path, at.Origin, err)
		if errors.Is(err, fs.ErrNotExist) {
			exit.help = "nixplan secrets manifest SECRETS.JSON --output " + at.Path + " writes one."
		}
		return nil, nil, exit
	}
	return v, list, nil
}

// findings shows findings that keep a command from its work, or go along with
// it.
func (s *Streams) findings(list diag.List) error {
	if len(list) == 0 {
		return nil
	}
	return diag.WriteText(s.Err, list.Records(), diag.TextOptions{Width: s.width()})
}
