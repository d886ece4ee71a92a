package planner

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/plan"
)

// source is a job's src as far as it lies on this machine.
type source struct {
	r    *reader
	dir  string // the directory itself, before filtering
	path string // the same as the program names it
	name string // what a filtered source says it is called, "" for none
	// filter is src's filter function, called with a path and its type; none
	// when everything is kept.
	filter value.Value
}

// source resolves src; nil when there is none or its files are not here.
func (r *reader) source() *source {
	v := r.value("src")
	if v.Kind() == value.None || v.Kind() == value.Null {
		return nil
	}
	s := &source{r: r}
	if !s.resolve(v, 0) {
		return nil
	}
	if rel, ok := r.b.project.Rel(s.dir); ok {
		r.job.Src = rel
	} else {
		r.job.Src = s.dir
	}
	return s
}

// resolve finds the directory behind a value of any of the forms src takes: a
// path, text with a path, a filtered source, a set with outPath. Of a filtered
// source it takes the original, as the build before a deployment does, and keeps
// the filter.
func (s *source) resolve(v value.Value, depth int) bool {
	const deepest = 10 // sets in sets
	switch v.Kind() {
	case value.Path:
		return s.directory(v.Path())
	case value.String:
		if !strings.HasPrefix(v.Str(), "/") {
			s.r.wrong("src", "a path or the text of an absolute one", v)
			return false
		}
		return s.directory(v.Str())
	case value.AttrSet:
		next := "outPath"
		if orig := v.Attrs().Lookup("origSrc"); orig != nil && v.Attrs().Lookup("filter") != nil {
			if s.filter.IsNone() {
				s.filter = v.Attrs().Lookup("filter").Value
				if name := attr(s.r.b.ev, v, "name"); name.Kind() == value.String {
					s.name = name.Str()
				}
			}
			next = "origSrc"
		}
		inner, ok := s.r.b.ev.Attr(v, next)
		if !ok || depth == deepest {
			s.r.wrong("src", "a path", v)
			return false
		}
		forced := s.r.force("src", inner)
		return !forced.IsNone() && s.resolve(forced, depth+1)
	}
	s.r.wrong("src", "a path", v)
	return false
}

// directory takes a path of the evaluation's world. Sources that were fetched
// have a path there but no files.
func (s *source) directory(path string) bool {
	w := s.r.b.ev.World()
	if mount, sub := w.Mount(path); mount != nil && mount.Source != nil {
		s.r.unknown("src", &value.Unknown{Origin: mount.Source.URL + suffix(sub), Reason: "its files are not here"})
		return false
	}
	s.path, s.dir = path, w.RealPath(path)
	return filepath.IsAbs(s.dir)
}

func suffix(sub string) string {
	if sub == "" {
		return ""
	}
	return "/" + sub
}

// describe fills in what is known of a file named relative to src, and gives
// the path to import, "" when there is nothing to import.
func (s *source) describe(file *plan.File) string {
	w := s.r.b.ev.World()
	if filepath.IsAbs(file.Path) { // given as a path, which runNixOps2 takes as well
		if rel, err := filepath.Rel(s.dir, w.RealPath(file.Path)); err == nil && filepath.IsLocal(rel) {
			file.Path = filepath.ToSlash(rel)
		}
	}
	path := filepath.Join(s.dir, filepath.FromSlash(file.Path))
	found := s.r.b.file(path)
	if found.err != nil && !found.missing() {
		file.Error = readable(found.err)
		return ""
	}
	exists := !found.missing()
	if !exists {
		if name := s.r.b.project.Submodule(path); name != "" {
			file.Error = "it lies in the submodule " + name + ", which is not checked out or does not have it"
			return ""
		}
	}
	file.Exists, file.Tracked, file.SHA256 = &exists, found.tracked, found.sum
	if rel, err := filepath.Rel(s.dir, path); err != nil || !filepath.IsLocal(rel) {
		no := false
		file.Included = &no
		file.Error = "it lies outside of src, so the deployment cannot see it"
	} else if exists {
		if file.Included = s.copied(rel); file.Included != nil && !*file.Included {
			file.Error = "the filter of src leaves it out, so neither the build nor the deployment has it"
			return ""
		}
		if file.Included != nil {
			file.Included = s.keeps(rel, found.info)
		}
	}
	switch {
	case !exists:
		file.Error = "there is no such file in src"
	case found.unreadable != nil:
		file.Error = readable(found.unreadable)
	default:
		return path
	}
	return ""
}

// foundFile is what is known of a file, whoever names it.
type foundFile struct {
	info       fs.FileInfo
	err        error // of looking for it
	tracked    *bool
	sum        string // hex
	unreadable error
}

func (f *foundFile) missing() bool { return errors.Is(f.err, fs.ErrNotExist) }

// file looks at a network file, or at the default.nix of a directory, once for
// all jobs and refs.
func (b *builder) file(path string) *foundFile {
	if known := b.files[path]; known != nil {
		return known
	}
	f := &foundFile{}
	b.files[path] = f
	w := b.ev.World()
	f.info, f.err = w.Stat(path)
	content := path
	if f.err == nil && f.info.IsDir() {
		content = filepath.Join(path, "default.nix")
		if _, err := w.Stat(content); errors.Is(err, fs.ErrNotExist) {
			f.info, f.err = nil, err
			return f
		}
	}
	f.tracked = b.tracked(content)
	if f.err != nil {
		return f
	}
	data, err := w.ReadFile(content)
	if f.unreadable = err; err == nil {
		sum := sha256.Sum256(data)
		f.sum = hex.EncodeToString(sum[:])
	}
	return f
}

// readable is an error about a file without the file's name, which the plan has.
func readable(err error) string {
	if strings.HasSuffix(err.Error(), "too many links") { // filepath.EvalSymlinks has no better error
		return "its symbolic links lead in a circle"
	}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err.Error()
	}
	return err.Error()
}

// copied asks the filters that src was copied with, as builtins.filterSource does,
// about a file and the directories above it; nil when their answer is not known.
func (s *source) copied(rel string) *bool {
	kept, err := s.r.b.ev.Kept(filepath.Join(s.path, rel))
	var evaluation *value.Error
	switch {
	case errors.As(err, &evaluation) && evaluation.Unknown != nil:
		s.r.unknown("files", evaluation.Unknown)
		return nil
	case err != nil:
		s.r.fail("files", err)
		return nil
	}
	return &kept
}

// keeps asks src's filter about a file and the directories above it, as the
// copy into the store would; nil when the filter's answer is not known.
func (s *source) keeps(rel string, info fs.FileInfo) *bool {
	answer := true
	if s.filter.IsNone() {
		return &answer
	}
	path := s.path // filters compare with what the program calls it
	steps := strings.Split(filepath.ToSlash(rel), "/")
	for i, step := range steps {
		path = filepath.Join(path, step)
		kind := "directory"
		if i == len(steps)-1 {
			kind = s.kind(path, info)
		}
		kept, err := s.r.b.ev.Call(s.filter, value.NewString(path), value.NewString(kind))
		if err != nil {
			s.r.fail("files", err)
			return nil
		}
		switch kept.Kind() {
		case value.Bool:
		case value.UnknownValue:
			s.r.unknown("files", kept.Unknown())
			return nil
		default:
			return nil
		}
		if !kept.Bool() {
			answer = false
			return &answer
		}
	}
	return &answer
}

// Copy is the copy of an effect's src that its deployment runs in.
type Copy struct{ s *source }

// Copy finds the src of an effect. It is nil when src is not known, when its files
// are not here, and when it is the whole repository.
func (p *Planner) Copy(e *Effect) *Copy {
	job := plan.Job{Path: e.Job.Path, Kind: e.Job.Kind}
	r := &reader{b: p.builder(hercules.Ref{}), job: &job, at: e.Found.At, args: e.Args, given: e.Given}
	s := r.source()
	if s == nil || s.filter.IsNone() && s.path == p.project.Root {
		return nil
	}
	return &Copy{s}
}

// Has reports whether the copy has what lies at an absolute path here; nil where
// nobody knows. outside says that it lies outside of src.
func (c *Copy) Has(path string) (has *bool, outside bool) {
	rel, err := filepath.Rel(c.s.dir, path)
	if err != nil || !filepath.IsLocal(rel) {
		return new(bool), true
	}
	info, err := c.s.r.b.ev.World().Stat(path)
	if err != nil {
		return nil, false
	}
	if has = c.s.copied(rel); has != nil && *has {
		has = c.s.keeps(rel, info)
	}
	return has, false
}

// kind is a file's type as builtins.path names it.
func (s *source) kind(path string, info fs.FileInfo) string {
	if link, err := s.r.b.ev.World().Lstat(path); err == nil && link.Mode()&fs.ModeSymlink != 0 {
		return "symlink"
	}
	if info.IsDir() {
		return "directory"
	}
	return "regular"
}

// tracked reports whether an agent's checkout has a file; nil when nobody can
// tell.
func (b *builder) tracked(path string) *bool {
	answer, err := b.project.Tracked(path)
	if err != nil {
		b.gitProblem(err)
	}
	return answer
}
