package check

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/check/shell"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/secrets"
	"github.com/nixplan/nixplan/internal/config"
	"github.com/nixplan/nixplan/internal/diag"
)

// openSecrets reads what is known of the agents' secrets, from the first there
// is: the file that the user names, the secrets.json and the manifest of the
// configuration, the manifest in the root. Only the first has to be there. Where
// an agent or hci keep a secrets.json is not looked: it may be another agent's,
// and what a check says must not depend on the machine.
func openSecrets(named string, settings *config.Config, disk *world.Disk, root string) (*secrets.Inventory, diag.List, error) {
	display := func(path string) string {
		if rel, err := filepath.Rel(root, path); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel)
		}
		return path
	}
	if named != "" {
		at, err := filepath.Abs(named)
		if err != nil {
			return nil, nil, err
		}
		inventory, problems, err := secrets.ReadEither(at, display(at))
		if err != nil {
			return nil, nil, fmt.Errorf("cannot read the secrets in %s: %w", named, err)
		}
		return inventory, problems, nil
	}
	var problems diag.List
	var file *secrets.Inventory
	if settings.Secrets != nil && settings.Secrets.File != "" {
		at := settings.Path(settings.Secrets.File)
		// Only some machines have it, and not everybody may read it there.
		file, problems, _ = secrets.ReadFile(at, display(at))
	}
	at, configured := settings.Manifest(root)
	manifest, more, err := settings.ReadManifest(disk, at, display(at))
	switch {
	case err == nil:
		problems = append(problems, more...)
	case configured, errors.Is(err, config.ErrOutside):
		d := &diag.Diagnostic{ID: diag.IDManifest, Severity: diag.Error, Summary: "the manifest of secrets cannot be read: " + err.Error()}
		if configured {
			d.Range = settings.Place(settings.Secrets.ManifestRange)
		}
		if errors.Is(err, config.ErrOutside) {
			d.Help = "name one that does with --secrets, or a configuration with --config"
		}
		if errors.Is(err, fs.ErrNotExist) {
			d.Summary = "the manifest of secrets does not exist"
			d.Help = "nixplan secrets manifest SECRETS.JSON --output " + display(at) + " writes one"
		}
		problems = append(problems, d)
	}
	if file == nil {
		return manifest, problems, nil
	}
	if manifest != nil {
		for _, d := range secrets.Compare(file, manifest) {
			outdated := d.Diagnostic(file.File, manifest.File)
			outdated.Help = "if " + file.File + " is right: nixplan secrets manifest " + file.File + " --output " + manifest.File
			problems = append(problems, outdated)
		}
	}
	return file, problems, nil
}

// mapped is an entry of secretsMap. Its name is what the effect calls the secret.
type mapped struct {
	*Arg
	// Source is the name in secrets.json, "" of a token and where it is not known.
	Source string
	Token  bool
	// Written says that the program has the entry, rather than the function that
	// makes the effect.
	Written bool
}

// secretsMap are the secrets that the effect gets; all is false when there may be
// others.
func (j *JobAt) secretsMap() (entries []*mapped, all bool) {
	if j.Args.Kind() != value.AttrSet {
		return nil, false
	}
	attr := j.Args.Attrs().Lookup("secretsMap")
	if attr == nil {
		return nil, j.Args.Attrs().Open() == nil
	}
	if d := j.Found.Value; d.Kind() == value.AttrSet && d.Attrs().Lookup("secretsToUse") != nil {
		return nil, false // agents take it rather than secretsMap
	}
	arg := j.arg("secretsMap", attr, j.Place())
	switch arg.Value.Kind() {
	case value.AttrSet:
	case value.String: // a derivation has JSON; the planner has read it
		for _, s := range j.Job.Secrets {
			entries = append(entries, &mapped{
				Arg:    &Arg{Name: s.Name, NameAt: arg.At, At: arg.At, job: j},
				Source: s.Source, Token: s.Type != "Secret",
			})
		}
		return entries, true
	default:
		return nil, false
	}
	set := arg.Value.Attrs()
	for _, entry := range arg.Attrs() {
		m := &mapped{Arg: entry, Written: userRange(set.Lookup(entry.Name).Pos.Span().Range()).Valid()}
		switch entry.Value.Kind() {
		case value.String:
			m.Source = entry.Value.Str()
			if !m.Written {
				j.argumentOf(m)
			}
		case value.AttrSet:
			m.Token = true
		}
		entries = append(entries, m)
	}
	return entries, set.Open() == nil
}

// argumentOf gives an entry that a function adds the place of the argument that
// names the secret: secretName of netlifyDeploy.
func (j *JobAt) argumentOf(m *mapped) {
	for _, name := range []string{"secretName", "tokenSecret"} {
		if arg := j.Arg(name); arg != nil && arg.Value.Kind() == value.String && arg.Value.Str() == m.Source {
			m.At = arg.At
		}
	}
}

// secretRead is a script that reads a secret.
type secretRead struct {
	shell.Read
	script *script
}

// secretReads are the reads of secrets in the effect's scripts. all is false when
// there may be others.
func (j *JobAt) secretReads() (list []secretRead, all bool) {
	scripts, all := j.scripts()
	for _, s := range scripts {
		for _, o := range s.Opaque {
			all = false
			// All scripts run in one shell: another file of secrets is another one
			// for all of them.
			if o.Kind == shell.OpaqueFile || o.Kind == shell.OpaqueShell && j.repo.mentionsSecrets() {
				return nil, false
			}
		}
	}
	for _, s := range scripts {
		for _, read := range s.Reads {
			if read.Helper != "" && slices.ContainsFunc(scripts, func(s *script) bool { return defines(s.Text, read.Helper) }) {
				all = false
				continue
			}
			list = append(list, secretRead{read, s})
			all = all && read.Name.Static
		}
	}
	return list, all
}

// defines reports whether a script may define a function.
func defines(script, name string) bool {
	for {
		_, after, found := strings.Cut(script, name)
		if !found {
			return false
		}
		if strings.HasPrefix(strings.TrimLeft(after, " \t"), "()") || strings.HasSuffix(script[:len(script)-len(after)-len(name)], "function ") {
			return true
		}
		script = after
	}
}

// optional reports whether the effect can do without what is read: the command
// need not be reached, its failure is looked at, or it does not fail.
func (r *secretRead) optional() bool {
	if r.script.Aside || r.Guarded || r.Conditional || r.Helper == "" || r.Helper == "readSecretJSON" {
		return true
	}
	if r.Filter == nil || r.Filter.Static && r.Filter.Text == "." {
		return false
	}
	for _, f := range r.Fields {
		if !f.Optional {
			return false
		}
	}
	return true
}

// secretAttr is how the program writes an entry of secretsMap.
func secretAttr(name string) string { return hercules.JoinPath([]string{"secretsMap", name}) }
