package diff

import (
	"cmp"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/hercules/repo"
	"github.com/nixplan/nixplan/plan"
)

// pins compares what is fetched for any of the refs.
func (c *comparison) pins() {
	base, head := func(p *pair) *plan.Plan { return p.base }, func(p *pair) *plan.Plan { return p.head }
	bases, heads := c.pinsOf(base), c.pinsOf(head)
	// First those that are the same, then those that are the same but for one
	// thing after another.
	meet := func(alike func(a, b *plan.Pin) bool, report bool) {
		heads = slices.DeleteFunc(heads, func(h *plan.Pin) bool {
			i := slices.IndexFunc(bases, func(b *plan.Pin) bool { return alike(b, h) })
			if i < 0 {
				return false
			}
			if report {
				c.out.Pins = append(c.out.Pins, Pin{
					Name: pinTitle(h), Change: Changed, Before: bases[i], After: h, Compare: CompareURL(bases[i], h),
				})
			}
			bases = slices.Delete(bases, i, i+1)
			return true
		})
	}
	meet(samePin, false)
	meet(func(a, b *plan.Pin) bool { return a.Name != "" && a.Name == b.Name && a.Kind == b.Kind }, true)
	meet(func(a, b *plan.Pin) bool { return a.Name == b.Name && repository(a.URL) == repository(b.URL) }, true)
	meet(func(a, b *plan.Pin) bool { return repository(a.URL) == repository(b.URL) }, true)
	meet(func(a, b *plan.Pin) bool { return a.Name == b.Name && a.Kind == b.Kind && a.Kind != otherKind }, true)
	// What an evaluation that ended early, or that is undetermined as a whole, did
	// not come to is not gone.
	if c.fails(head, base) || c.undetermined(head) {
		bases = nil
	}
	if c.fails(base, head) {
		heads = nil
	}
	for _, b := range bases {
		c.out.Pins = append(c.out.Pins, Pin{Name: pinTitle(b), Change: Removed, Before: b})
	}
	for _, h := range heads {
		c.out.Pins = append(c.out.Pins, Pin{Name: pinTitle(h), Change: Added, After: h})
	}
	slices.SortStableFunc(c.out.Pins, func(a, b Pin) int {
		url := func(p *plan.Pin) string {
			if p == nil {
				return ""
			}
			return p.URL
		}
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(url(a.Before)+url(a.After), url(b.Before)+url(b.After)))
	})
}

// undetermined reports whether it is not known of a side what jobs there are at all.
func (c *comparison) undetermined(side func(*pair) *plan.Plan) bool {
	return slices.ContainsFunc(c.pairs, func(p pair) bool {
		of := side(&p)
		return of != nil && slices.ContainsFunc(of.SomeJobs, func(s plan.SomeJobs) bool { return s.Path == "" && s.State == plan.Undetermined })
	})
}

// otherKind is the kind of pins that are taken for nothing in particular.
const otherKind = "other"

func samePin(a, b *plan.Pin) bool {
	return a.Name == b.Name && a.URL == b.URL && a.Rev == b.Rev && a.Hash == b.Hash && a.Kind == b.Kind
}

// pinsOf are the pins of all refs, each once, wherever it is used.
func (c *comparison) pinsOf(planOf func(*pair) *plan.Plan) []*plan.Pin {
	var out []*plan.Pin
	for i := range c.pairs {
		p := planOf(&c.pairs[i])
		if p == nil {
			continue
		}
		for j := range p.Pins {
			pin := &p.Pins[j]
			if !slices.ContainsFunc(out, func(other *plan.Pin) bool { return samePin(other, pin) }) {
				out = append(out, pin)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *plan.Pin) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.URL, b.URL), cmp.Compare(a.Rev, b.Rev), cmp.Compare(a.Hash, b.Hash))
	})
	return out
}

func pinTitle(p *plan.Pin) string {
	name := path.Base(repository(p.URL))
	if name == "." || name == "/" {
		name = ""
	}
	return cmp.Or(p.Name, name, p.Kind)
}

// repository is the address of the repository that a source comes from, without
// what names a revision in it; where the address is not that of a forge, the
// address without its last element.
func repository(address string) string {
	if at, _ := locate(address); at != nil {
		return at.WebURL()
	}
	address, _, _ = strings.Cut(address, "?")
	if i := strings.LastIndexByte(address, '/'); i > 0 && !strings.HasSuffix(address, ".git") {
		return address[:i]
	}
	return address
}

// CompareURL is the page on which the forge of a source shows what lies between
// two revisions of it; empty where there is none, or where the revisions are not
// of one repository. SourceHut has no such page: it is the log of the newer one.
func CompareURL(before, after *plan.Pin) string {
	a, oldName := locate(before.URL)
	b, newName := locate(after.URL)
	if a == nil || b == nil || a.WebURL() != b.WebURL() {
		return ""
	}
	from, to := cmp.Or(before.Rev, oldName), cmp.Or(after.Rev, newName)
	if from == "" || to == "" || from == to {
		return ""
	}
	from, to = escapeRef(from), escapeRef(to)
	web := b.WebURL()
	switch b.Forge {
	case "github", "gitea":
		return web + "/compare/" + from + "..." + to
	case "gitlab":
		return web + "/-/compare/" + from + "..." + to
	case "bitbucket":
		return web + "/branches/compare/" + to + "%0D" + from
	case "sourcehut":
		return web + "/log/" + to
	}
	return ""
}

func escapeRef(ref string) string { return strings.ReplaceAll(url.PathEscape(ref), "%2F", "/") }

// archives are the parts of an address behind which a forge gives a revision of
// a repository as an archive.
var archives = []string{"/-/archive/", "/archive/", "/tarball/", "/zipball/", "/get/", "/tar.gz/"}

// locate reads the address of a source: the repository on its forge, and the
// revision, branch or tag where the address names one; nil for others.
func locate(address string) (at *repo.Remote, name string) {
	scheme, rest, ok := strings.Cut(address, ":")
	if !ok {
		return nil, ""
	}
	rest, query, _ := strings.Cut(rest, "?")
	values, _ := url.ParseQuery(query) // what cannot be read is not there
	name = cmp.Or(values.Get("rev"), values.Get("ref"), values.Get("sha"))
	switch scheme {
	case "github", "gitlab", "sourcehut": // the short forms of flakes
		parts := strings.SplitN(rest, "/", 3)
		if len(parts) < 2 {
			return nil, ""
		}
		host := cmp.Or(values.Get("host"), map[string]string{"github": "github.com", "gitlab": "gitlab.com", "sourcehut": "git.sr.ht"}[scheme])
		owner, err := url.PathUnescape(parts[0]) // a group and its subgroups
		if err != nil {
			return nil, ""
		}
		if len(parts) == 3 {
			name = cmp.Or(name, parts[2])
		}
		at = repo.ParseRemote("https://" + host + "/" + owner + "/" + parts[1])
		at.Forge = scheme
		return at, name
	}
	where := strings.TrimPrefix(scheme, "git+") + ":" + rest
	where = strings.TrimPrefix(where, "tarball+")
	where = strings.Replace(where, "://codeload.github.com/", "://github.com/", 1)
	where = strings.Replace(where, "://api.github.com/repos/", "://github.com/", 1)
	forge := ""
	// The API of GitLab has the project's path as one element.
	if host, project, ok := strings.Cut(where, "/api/v4/projects/"); ok {
		project, _, _ = strings.Cut(project, "/")
		decoded, err := url.PathUnescape(project)
		if err != nil {
			return nil, ""
		}
		where, forge = host+"/"+decoded, "gitlab"
	}
	found := false
	for _, mark := range archives {
		if before, after, ok := strings.Cut(where, mark); ok {
			where, found = before, true
			if mark == "/-/archive/" {
				after, forge = path.Dir(after), "gitlab" // NAME/REPOSITORY-NAME.tar.gz
			}
			name = cmp.Or(name, refName(after))
			break
		}
	}
	at = repo.ParseRemote(where)
	if at.Host == "" || at.Name == "" || !found && refName(at.Name) != at.Name {
		return nil, "" // a file
	}
	at.Forge = cmp.Or(at.Forge, forge)
	return at, name
}

// refName is what an archive is named after.
func refName(file string) string {
	for _, end := range []string{".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".zip", ".tar"} {
		file = strings.TrimSuffix(file, end)
	}
	file = strings.TrimPrefix(file, "refs/heads/")
	return strings.TrimPrefix(file, "refs/tags/")
}
