package repo

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Tracked lists the files git tracks, an agent's checkout being made of them.
func (g *Git) Tracked() (*Tracked, error) {
	s := &g.index
	s.trackedOnce.Do(func() {
		if g.Bare() {
			s.tracked = &Tracked{}
			return
		}
		if s.tracked, s.trackedErr = g.readIndex(); s.trackedErr != nil {
			s.tracked, s.trackedErr = g.listFiles()
		}
	})
	return s.tracked, s.trackedErr
}

// listFiles asks the git program for the index.
func (g *Git) listFiles() (*Tracked, error) {
	out, err := g.run("ls-files", "-z", "--cached", "--stage")
	if err != nil {
		return nil, err
	}
	return parseTracked(string(out)), nil
}

// Prefetch asks for both in the background, so that the git program runs while
// an evaluation does. The answers, errors included, wait for the callers.
func (g *Git) Prefetch() {
	if g.Bare() || g.snapshot != "" {
		return
	}
	go g.Dirty()
	go g.Tracked()
}

// Tracked is a set of paths, relative to the work tree, with slashes.
type Tracked struct {
	files      map[string]bool
	submodules []string

	dirsOnce sync.Once
	dirs     map[string]bool // see Directory
}

// gitlink is the mode of a submodule's entry.
const gitlink = "160000 "

// parseTracked reads "<mode> <object> <stage>\t<path>\0" records.
func parseTracked(out string) *Tracked {
	t := &Tracked{files: make(map[string]bool, strings.Count(out, "\x00"))}
	for record := range strings.SplitSeq(out, "\x00") {
		info, name, ok := strings.Cut(record, "\t")
		if !ok {
			continue
		}
		t.files[name] = true
		if strings.HasPrefix(info, gitlink) {
			t.submodules = append(t.submodules, name)
		}
	}
	return t
}

// File reports whether git tracks the file at path, relative to the work tree
// with slashes. What lies in a submodule is the submodule's business and not
// part of a plain checkout.
func (t *Tracked) File(name string) bool { return t.files[path.Clean(name)] }

// Submodule is the submodule that path lies in, "" for none.
func (t *Tracked) Submodule(name string) string {
	for _, s := range t.submodules {
		if name == s || strings.HasPrefix(name, s+"/") {
			return s
		}
	}
	return ""
}

// Directory reports whether a plain checkout has the directory at path: something
// in it is tracked, or it is a submodule, which is empty there. The work tree itself is
// "." or "".
func (t *Tracked) Directory(name string) bool {
	t.dirsOnce.Do(func() {
		t.dirs = map[string]bool{".": true}
		for name := range t.files {
			for dir := path.Dir(name); !t.dirs[dir]; dir = path.Dir(dir) {
				t.dirs[dir] = true
			}
		}
	})
	name = path.Clean(name)
	return t.dirs[name] || t.Submodule(name) == name
}

// Names are the tracked files and submodules, in no order.
func (t *Tracked) Names() []string { return slices.Collect(maps.Keys(t.files)) }

// Len is the number of tracked files.
func (t *Tracked) Len() int { return len(t.files) }

// Rel gives path (absolute) relative to the work tree, with slashes; false when
// it lies outside.
func (g *Git) Rel(file string) (string, bool) {
	if g.Bare() && g.snapshot == "" {
		return "", false
	}
	rel, err := filepath.Rel(g.Top(), file)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

// ErrNoGit says that the git program is not installed.
var ErrNoGit = errors.New("the git program is not installed")

// safety switches off whatever a repository's configuration could run, and all
// protocols: a partial clone would fetch what it lacks.
var safety = []string{
	"--no-pager", "--no-optional-locks", "--literal-pathspecs",
	"-c", "core.fsmonitor=false",
	"-c", "core.hooksPath=" + os.DevNull,
	"-c", "core.untrackedCache=false",
	"-c", "core.pager=cat",
	"-c", "core.askPass=",
	"-c", "protocol.allow=never",
	"-c", "submodule.recurse=false",
	"-c", "gc.auto=0",
	"-c", "maintenance.auto=false",
}

// noProtocol allows none, whatever a repository's configuration says: it can have
// protocol.ext.allow, which is more than protocol.allow.
const noProtocol = "GIT_ALLOW_PROTOCOL="

// offline is for what never needs the network, together with safety.
var offline = []string{"-c", "core.sshCommand=false", "-c", "credential.helper="}

// run calls git in the work tree, with the repository's filters off, and gives
// its output.
func (g *Git) run(args ...string) ([]byte, error) { return g.command(g.withoutFilters(), args...) }

func (g *Git) command(env []string, args ...string) ([]byte, error) {
	return g.read(context.Background(), env, args...)
}

func (g *Git) read(ctx context.Context, env []string, args ...string) ([]byte, error) {
	return g.output(g.prepare(ctx, env, args...), args[0])
}

// prepare makes the command that runs git in the repository.
func (g *Git) prepare(ctx context.Context, env []string, args ...string) *exec.Cmd {
	all := slices.Concat(safety, offline)
	if g.Bare() {
		all = append(all, "--git-dir="+g.Dir)
	} else {
		all = append(all, "-C", g.WorkTree)
	}
	cmd := exec.CommandContext(ctx, "git", append(all, args...)...)
	cmd.Env = append(g.environment(), env...)
	return cmd
}

// output runs a command and gives what it prints.
func (g *Git) output(cmd *exec.Cmd, name string) ([]byte, error) {
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		if started := startError(err); started != err {
			return nil, started
		}
		return nil, g.failure(name, complaint.String(), err)
	}
	return out.Bytes(), nil
}

// failure says that git failed, with the first line that it wrote about it. Of a
// repository that anybody may have made that is not shown: it can have lines of files
// that git took for its own.
func (g *Git) failure(name, complaint string, err error) error {
	e := &Error{Path: "git " + name, Problem: "failed: " + firstLine(complaint, err)}
	switch {
	case g == nil || !g.restricted:
	case strings.Contains(complaint, "dubious ownership"):
		e.Problem = "failed: the repository belongs to another user, and safe.directory of git's configuration does not have it"
	default:
		e.Problem = "failed: the repository is damaged, or what is asked for is not in it"
	}
	return e
}

func startError(err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return ErrNoGit
	}
	return err
}

// firstLine is what git complained about, or how it ended.
func firstLine(complaint string, err error) string {
	if first, _, _ := strings.Cut(strings.TrimSpace(complaint), "\n"); first != "" {
		return first
	}
	return err.Error()
}

// withoutFilters gives environment entries that switch off the content filters
// which the repository's own configuration defines: comparing a file runs them.
// Those of the user's global configuration (git-lfs, say) are the user's and
// stay. Entries rather than -c, because a filter's name may hold any character.
func (g *Git) withoutFilters() []string {
	var env []string
	for _, name := range g.filters() {
		for _, off := range [...][2]string{{"clean", ""}, {"smudge", ""}, {"process", ""}, {"required", "false"}} {
			n := strconv.Itoa(len(env) / 2)
			env = append(env,
				"GIT_CONFIG_KEY_"+n+"=filter."+name+"."+off[0],
				"GIT_CONFIG_VALUE_"+n+"="+off[1])
		}
	}
	return append(env, "GIT_CONFIG_COUNT="+strconv.Itoa(len(env)/2))
}

// filters are the names of the filters that the repository defines. When its
// configuration has parts in other files git lists them: reading runs nothing.
func (g *Git) filters() []string {
	names := g.config.subsections("filter")
	if !g.config.has("include") && !g.config.has("includeif") &&
		g.config.last("extensions", "", "worktreeconfig") == "" {
		return names
	}
	for _, scope := range []string{"--local", "--worktree"} {
		out, err := g.command(nil, "config", scope, "--includes", "--null", "--name-only", "--get-regexp", `^filter\.`)
		if err != nil {
			continue // no such entry
		}
		for key := range strings.SplitSeq(string(out), "\x00") {
			if first, last := strings.IndexByte(key, '.'), strings.LastIndexByte(key, '.'); first < last {
				names = append(names, key[first+1:last])
			}
		}
	}
	return names
}

// environment is the process's without what would point git at another
// repository or make it run, trace or ask something. An index that a hook
// prepares for the commit being made (GIT_INDEX_FILE) stays when it is ours:
// it is what will be committed.
func (g *Git) environment() []string {
	env := cleanEnvironment(g.ownsIndex)
	if !g.Bare() {
		// What git does not take for a repository here must not lead it to another.
		env = append(env, "GIT_CEILING_DIRECTORIES="+filepath.Dir(g.WorkTree))
	}
	if g.restricted && !g.Bare() {
		env = append(env, "GIT_WORK_TREE="+g.WorkTree) // whatever core.worktree says
	}
	if g.restricted && g.Common != g.Dir {
		env = append(env, "GIT_COMMON_DIR="+g.Common)
	}
	if g.objects != "" {
		env = append(env, "GIT_OBJECT_DIRECTORY="+g.objects, "GIT_ATTR_NOSYSTEM=1")
	}
	return env
}

func cleanEnvironment(keepIndex func(path string) bool) []string {
	env := make([]string, 0, 64)
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		switch {
		case name == "GIT_INDEX_FILE" && keepIndex(value):
		case strings.HasPrefix(name, "GIT_") && !keptVariables[name]:
			continue
		case name == "LC_ALL", name == "LANGUAGE":
			continue
		}
		env = append(env, entry)
	}
	return append(env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "GIT_NO_REPLACE_OBJECTS=1", noProtocol)
}

// ownsIndex reports whether a GIT_INDEX_FILE is one of this repository's.
func (g *Git) ownsIndex(path string) bool {
	return strings.HasPrefix(under(g.WorkTree, path), g.Dir+string(filepath.Separator))
}

// keptVariables choose the user's configuration files, which also hold
// safe.directory.
var keptVariables = map[string]bool{
	"GIT_CONFIG_GLOBAL": true, "GIT_CONFIG_SYSTEM": true, "GIT_CONFIG_NOSYSTEM": true,
	"GIT_EXEC_PATH": true,
}
