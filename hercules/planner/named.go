package planner

import (
	"path"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/plan/refset"
)

// Programs name jobs after the branch: { "deploy-${src.branch}" = …; }. Each ref
// has another one, so these are taken for one job, with a name for every ref.

// naming is how a job's path follows from a branch or a tag.
type naming struct {
	fact          refset.Fact
	path          []string // Path's element at the index is before + text + after
	index         int
	before, after string
	change        func(string) string
}

// changes are what programs make of a branch before they use it as a name.
var changes = []func(string) string{
	func(s string) string { return s },
	func(s string) string { return strings.ReplaceAll(s, "/", "-") },
	func(s string) string { return strings.ReplaceAll(s, "/", "_") },
	func(s string) string { return strings.ReplaceAll(s, "/", ".") },
	func(s string) string { return strings.ReplaceAll(s, "/", "") },
	path.Base,
}

// namingOf tells how a path, of a job that one of the refs has that nobody names,
// was made from that ref; nil when it was not.
func namingOf(attrPath []string) *naming {
	for _, generic := range []string{OtherBranch, OtherTag} {
		point := refset.Point{Ref: generic}
		for _, change := range changes {
			for _, fact := range []refset.Fact{refset.Ref, refset.Branch, refset.Tag} {
				text, ok := point.Get(fact)
				if !ok {
					continue
				}
				for i, name := range attrPath {
					if before, after, ok := strings.Cut(name, change(text)); ok {
						return &naming{fact, attrPath, i, before, after, change}
					}
				}
			}
		}
	}
	return nil
}

// with is the path for a text.
func (n *naming) with(text string) []string {
	out := slices.Clone(n.path)
	out[n.index] = n.before + text + n.after
	return out
}

// at is the job's path for a point; false when the point has no such fact.
func (n *naming) at(p *refset.Point) (string, bool) {
	text, ok := p.Get(n.fact)
	return hercules.JoinPath(n.with(n.change(text))), ok
}

// pattern is the path as a program would write it: "deploy-${branch}".
func (n *naming) pattern() (attrPath []string, path string) {
	attrPath = n.with("${" + string(n.fact) + "}")
	return attrPath, strings.ReplaceAll(hercules.JoinPath(attrPath), `\${`, "${")
}

// path is where a job is for a point; false when it has no name for it.
func (j *MatrixJob) path(p *refset.Point) (string, bool) {
	if j.naming == nil {
		return j.Job.Path, true
	}
	return j.naming.at(p)
}

// named makes one job of those that are named after the ref. Of a path it says
// whether it belongs to one of them.
func (m *matrix) named() map[string]bool {
	taken := map[string]bool{}
	for i := 0; i < len(m.out.Jobs); i++ {
		job := m.out.Jobs[i]
		n := namingOf(job.Job.AttrPath)
		if taken[job.Job.Path] || n == nil {
			continue
		}
		for k := range m.out.Tried {
			if at, ok := n.at(&m.out.Tried[k]); ok {
				taken[at] = true
			}
		}
		job.naming = n
		job.Job.AttrPath, job.Job.Path = n.pattern()
	}
	for path := range taken {
		// One that is there for other refs as well has its name by itself.
		for i := range m.outcomes {
			if _, there := m.outcomes[i].of[path]; there && !m.expected(path, i) {
				delete(taken, path)
				break
			}
		}
	}
	m.out.Jobs = slices.DeleteFunc(m.out.Jobs, func(j *MatrixJob) bool { return j.naming == nil && taken[j.Job.Path] })
	return taken
}

// expected reports whether a path is what a named job has for a point.
func (m *matrix) expected(path string, i int) bool {
	return slices.ContainsFunc(m.out.Jobs, func(j *MatrixJob) bool {
		at, ok := j.path(&m.out.Tried[i])
		return j.naming != nil && ok && at == path
	})
}
