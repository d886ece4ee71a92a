package check

import (
	"io/fs"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/check/shell"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

var unreadSecret = &Rule{
	ID: "NP402", Name: "unread-secret",
	Severity: diag.Warning,
	Summary:  "A secret is given to an effect that never reads it.",
	run:      checkUnreadSecret,
}

// plainKinds are the effects whose own parts read no secrets.
var plainKinds = map[plan.Kind]bool{
	plan.MkEffect: true, plan.RunNixOps: true, plan.RunNixOps2: true, plan.RunNixOS: true, plan.RunNixDarwin: true, plan.RunArion: true,
}

// An entry is judged by its place in the text: jobs may share it, and one that
// reads the secret is enough.
func checkUnreadSecret(p *pass) {
	if !p.everyRef() {
		return
	}
	type unread struct {
		entry *mapped
		jobs  []*JobAt
	}
	found := map[diag.Range]*unread{}
	read := map[diag.Range]bool{}
	var order []diag.Range
	for _, job := range p.Jobs {
		for _, at := range job.At {
			if !at.MayRun() {
				continue
			}
			entries, _ := at.secretsMap()
			for _, m := range entries {
				key := m.NameAt
				if !m.Written || read[key] {
					continue
				}
				if at.mayReadSecret(m.Name, entries) {
					read[key] = true
					continue
				}
				if found[key] == nil {
					found[key] = &unread{entry: m}
					order = append(order, key)
				}
				found[key].jobs = append(found[key].jobs, at)
			}
		}
	}
	for _, key := range order {
		if u := found[key]; !read[key] {
			p.reportFor(diag.Diagnostic{
				Range:   u.entry.NameAt,
				Summary: "nothing reads the secret " + text.QuoteNix(u.entry.Name),
				Detail:  "It can only do harm: an agent does not run an effect when it cannot give it one of its secrets.",
				Help:    "read it in a script of the effect (userSetupScript, say), or remove it from secretsMap",
			}, u.jobs...)
		}
	}
}

// mayReadSecret reports whether the effect reads a secret, as far as anybody can
// tell. One that reads a secret it does not have may mean this one.
func (j *JobAt) mayReadSecret(name string, entries []*mapped) bool {
	reads, all := j.secretReads()
	if !all || !plainKinds[j.Job.Kind] {
		return true
	}
	for i := range reads {
		read := reads[i].Name.Text
		if read == name || read != shell.AgentSecret && !slices.ContainsFunc(entries, func(m *mapped) bool { return m.Name == read }) {
			return true
		}
	}
	// Its tools read files of the repository, and run commands these name.
	return (j.NixOps() || j.Job.Kind == plan.RunArion) && j.repo.mentionsSecrets()
}

// largestProgram is how many bytes a file may have that is searched.
const largestProgram = 1 << 20

// mentionsSecrets reports whether a file of the repository names the variable
// through which programs find an effect's secrets: a network, say, in the
// command that gets a key.
func (r *Repository) mentionsSecrets() bool {
	if r.mention == nil {
		found := false
		if files, err := r.Project.Disk.FS(r.Project.Root); err == nil {
			found = mentions(files, shell.SecretsVariable)
		}
		r.mention = &found
	}
	return *r.mention
}

// mentions reports whether a text stands in a file that can be read.
func mentions(files fs.FS, text string) (found bool) {
	_ = fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil: // a directory that nobody may read
			return nil
		case entry.IsDir() && entry.Name() == ".git":
			return fs.SkipDir
		case !entry.Type().IsRegular():
			return nil
		}
		if info, err := entry.Info(); err != nil || info.Size() > largestProgram {
			return nil
		}
		content, err := fs.ReadFile(files, path)
		if found = err == nil && strings.Contains(string(content), text); found {
			return fs.SkipAll
		}
		return nil
	})
	return found
}
