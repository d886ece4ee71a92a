package diff

import (
	"cmp"
	"maps"
	"path"
	"slices"

	"github.com/nixplan/nixplan/plan"
)

// files are the files that jobs name, and those that these import, on both
// sides.
type files struct {
	base, head map[string]*used
	// moved leads from a path of the base to one of the head, back the other way.
	moved, back map[string]string
	changed     map[string]*File // by path in the head, removed ones in the base
	// imported are the changed files that the network files of a job lead to.
	imported map[string][]string
}

// used is a file on one side.
type used struct {
	sha         string
	roles, jobs []string
}

// alike is how similar two files must be for one to be the other, moved.
const alike = 0.6

func compareFiles(c *comparison) *files {
	f := &files{
		base:  c.usedFiles(c.base, c.head, func(p *pair) *plan.Plan { return p.base }),
		head:  c.usedFiles(c.head, c.base, func(p *pair) *plan.Plan { return p.head }),
		moved: map[string]string{}, back: map[string]string{}, changed: map[string]*File{},
	}
	gone, fresh := only(f.base, f.head), only(f.head, f.base)
	// What is no longer used, or newly used, may be there on both sides all the
	// same; then it did not come or go.
	gone = slices.DeleteFunc(gone, func(p string) bool { return there(c.head, p) })
	fresh = slices.DeleteFunc(fresh, func(p string) bool { return there(c.base, p) })
	f.follows(c, gone, fresh)
	for _, p := range gone {
		if f.moved[p] == "" {
			f.changed[p] = f.base[p].file(p, "", Removed, textDiff(read(c.base, p), ""))
		}
	}
	for _, p := range slices.Sorted(maps.Keys(f.head)) {
		was := cmp.Or(f.back[p], p)
		before, after := f.base[was], f.head[p]
		switch {
		case before == nil && slices.Contains(fresh, p):
			f.changed[p] = after.file(p, "", Added, textDiff("", read(c.head, p)))
		case before == nil:
			// It was there, and is used now.
		case was != p:
			f.changed[p] = after.file(p, was, Moved, c.contentDiff(before, after, was, p))
		case before.sha != after.sha:
			f.changed[p] = after.file(p, "", Changed, c.contentDiff(before, after, was, p))
		}
	}
	f.importers(c)
	return f
}

func (c *comparison) contentDiff(before, after *used, was, path string) *Diff {
	if before.sha == after.sha {
		return nil
	}
	old, ok1 := readOK(c.base, was)
	young, ok2 := readOK(c.head, path)
	if !ok1 || !ok2 {
		return nil
	}
	return textDiff(old, young)
}

func read(side *Side, path string) string {
	s, _ := readOK(side, path)
	return s
}

func readOK(side *Side, path string) (string, bool) {
	if side.File == nil {
		return "", false
	}
	return side.File(path)
}

func there(side *Side, path string) bool {
	_, ok := readOK(side, path)
	return ok
}

// only lists the keys of a that b does not have.
func only(a, b map[string]*used) []string {
	var out []string
	for _, p := range slices.Sorted(maps.Keys(a)) {
		if b[p] == nil {
			out = append(out, p)
		}
	}
	return out
}

// usedFiles are those of which the content is known. Files that the evaluation
// read besides are among them if both sides know theirs.
func (c *comparison) usedFiles(side, other *Side, planOf func(*pair) *plan.Plan) map[string]*used {
	out := map[string]*used{}
	entries := map[string]bool{}
	for _, s := range []*Side{side, other} {
		for _, p := range s.Plans {
			entries[p.Entry.Path] = true
		}
	}
	for i := range c.pairs {
		p := planOf(&c.pairs[i])
		if p == nil {
			continue
		}
		for j := range p.Jobs {
			job := &p.Jobs[j]
			for k := range job.Files {
				file := &job.Files[k]
				if file.SHA256 == "" {
					continue
				}
				name := rootPath(job, file.Path)
				u := out[name]
				if u == nil {
					u = &used{sha: file.SHA256}
					out[name] = u
				}
				u.roles = insert(u.roles, string(file.Role))
				u.jobs = insert(u.jobs, job.Path)
			}
		}
	}
	if side.Reads != nil && other.Reads != nil {
		for name, sha := range side.Reads {
			// What a change of the entry file does is told by the jobs.
			if out[name] == nil && !entries[name] {
				out[name] = &used{sha: sha, roles: []string{Imported}}
			}
		}
	}
	return out
}

// rootPath is a job's file relative to the repository's root.
func rootPath(job *plan.Job, file string) string { return path.Join(job.Src, file) }

func insert(list []string, s string) []string {
	if at, found := slices.BinarySearch(list, s); !found {
		return slices.Insert(list, at, s)
	}
	return list
}

func (u *used) file(path, was string, what Change, d *Diff) *File {
	return &File{Path: path, Was: was, Change: what, Roles: list(u.roles), Jobs: list(u.jobs), Diff: d}
}

func list(s []string) []string { return append([]string{}, s...) } // never nil

// follows finds out which files moved: those with the same content, else those
// that are alike and have a role in common.
func (f *files) follows(c *comparison, gone, fresh []string) {
	type candidate struct {
		from, to string
		score    float64
	}
	var all []candidate
	for _, from := range gone {
		for _, to := range fresh {
			a, b := f.base[from], f.head[to]
			if !slices.ContainsFunc(a.roles, func(r string) bool { return slices.Contains(b.roles, r) }) {
				continue
			}
			score := 0.0
			if a.sha == b.sha {
				score = 2
			} else if old, young := read(c.base, from), read(c.head, to); showable(old) && showable(young) {
				score = similarity(old, young)
			}
			if score >= alike {
				all = append(all, candidate{from, to, score})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	for _, k := range all {
		if f.moved[k.from] == "" && f.back[k.to] == "" {
			f.moved[k.from], f.back[k.to] = k.to, k.from
		}
	}
}

// follow makes one change of a file's removal and addition where it moved.
func (f *files) follow(changes []change, before, after *plan.Job) []change {
	for i := range changes {
		added := &changes[i]
		if added.topic != NetworkFile || added.what != Added {
			continue
		}
		was := f.back[rootPath(after, added.name)]
		at := slices.IndexFunc(changes, func(c change) bool {
			return c.topic == NetworkFile && c.what == Removed && was != "" && rootPath(before, c.name) == was && c.before == added.value
		})
		if at < 0 {
			continue
		}
		added.what, added.before, added.value = Moved, changes[at].name, added.name
		changes[at].topic = "" // gone
	}
	return slices.DeleteFunc(changes, func(c change) bool { return c.topic == "" })
}

// contents lists the files of a job that have other contents.
func (f *files) contents(before, after *plan.Job) []change {
	shas := map[string]string{}
	for i := range before.Files {
		shas[rootPath(before, before.Files[i].Path)] = before.Files[i].SHA256
	}
	var out []change
	for i := range after.Files {
		file := &after.Files[i]
		name := rootPath(after, file.Path)
		was := shas[cmp.Or(f.back[name], name)]
		if was == "" || file.SHA256 == "" || was == file.SHA256 {
			continue
		}
		out = append(out, change{fact: fact{FileContent, name, file.SHA256}, before: was, what: Changed})
	}
	return out
}

// report lists the files that changed, with what they reach.
func (f *files) report(c *comparison) []File {
	out := []File{}
	for _, name := range slices.Sorted(maps.Keys(f.changed)) {
		file := f.changed[name]
		file.Reach = Idle
		for _, job := range file.Jobs {
			if r, ok := c.reach[job]; ok && reachOrder(r) < reachOrder(file.Reach) {
				file.Reach = r
			}
		}
		if slices.Contains(file.Roles, Imported) && len(file.Jobs) == 0 {
			file.Reach = MayRun // who imports it is not known
		}
		out = append(out, *file)
	}
	slices.SortStableFunc(out, func(a, b File) int {
		return cmp.Or(reachOrder(a.Reach)-reachOrder(b.Reach), cmp.Compare(a.Path, b.Path))
	})
	return out
}
