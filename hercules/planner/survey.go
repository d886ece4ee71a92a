package planner

import (
	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/hercules"
)

// Origin says why a survey looks at a ref.
type Origin string

const (
	Asked          Origin = "asked"       // by the user or the configuration
	CheckedOut     Origin = "checked out" // what the work tree is at
	DefaultBranch  Origin = "default branch"
	Branch         Origin = "branch" // of this repository
	Tag            Origin = "tag"
	Named          Origin = "named"            // by the program
	AnyOtherBranch Origin = "any other branch" // OtherBranch stands for them
	AnyOtherTag    Origin = "any other tag"    // OtherTag stands for them
)

// How many refs a survey looks at, and how many of the repository's own.
const (
	mostRefs     = 200
	mostBranches = 40
	mostTags     = 10
)

// Survey is what a repository comes to for every ref that matters.
type Survey struct {
	// Readings are in the order in which the refs were found: those of the
	// repository first, then those the program names, the others last.
	Readings []*Reading
	// Cut says that there are more refs than were looked at.
	Cut bool

	literals *literals // what conditions may be made of
}

// SurveyOptions choose the refs of a survey.
type SurveyOptions struct {
	// Only are the refs to look at, full names; none means to find them.
	Only []string
	// Extra are refs to look at besides those that are found.
	Extra []string
	// Brief leaves out branches and tags of the repository that are sure to be
	// like the one that nobody names, and all other refs when there are no jobs
	// and nothing depends on the ref.
	Brief bool
}

// Survey reads the repository for every ref that matters: what is checked out,
// the default branch, the repository's branches and tags, one branch and one tag
// that nobody names, and every ref that the program turns out to compare with,
// until no new one turns up. It ends early when the planner's context does.
func (p *Planner) Survey(o SurveyOptions) *Survey {
	s := &surveyor{p: p, seen: map[string]bool{}, out: &Survey{literals: newLiterals()}}
	for _, ref := range o.Only {
		s.add(ref, Asked)
	}
	if s.fixed = len(o.Only) > 0; !s.fixed {
		s.repository(o)
	}
	for i := 0; i < len(s.queue) && p.ctx.Err() == nil; i++ {
		s.read(s.queue[i])
		if o.Brief && i == 0 && s.barren() {
			break
		}
		if o.Brief && i == len(s.queue)-1 && s.opaque {
			s.existing() // nothing, the second time
		}
	}
	return s.out
}

// barren reports whether there are no jobs, nor anything that could make one
// appear for another ref.
func (s *surveyor) barren() bool {
	p := s.out.Readings[0].Plan
	return !s.fixed && len(p.Jobs) == 0 && len(p.SomeJobs) == 0 && s.decided == 0
}

type surveyor struct {
	p       *Planner
	seen    map[string]bool
	queue   []surveyed
	decided int  // how many decisions were followed
	fixed   bool // no ref is added
	opaque  bool // something depends on more than which ref is named
	out     *Survey
}

type surveyed struct {
	ref    string
	origin Origin
}

func (s *surveyor) add(ref string, origin Origin) {
	switch {
	case ref == "" || s.seen[ref]:
	case len(s.seen) >= mostRefs:
		s.out.Cut = true
	default:
		s.seen[ref] = true
		s.queue = append(s.queue, surveyed{ref, origin})
	}
}

// repository adds what is known before anything is evaluated.
func (s *surveyor) repository(o SurveyOptions) {
	for _, ref := range o.Extra {
		s.add(ref, Asked)
	}
	g := s.p.project.Git
	s.add(s.p.project.DefaultBranch(), DefaultBranch)
	if g != nil {
		s.add(g.HeadRef, CheckedOut)
	}
	if !o.Brief {
		s.existing()
	}
	s.add(OtherBranch, AnyOtherBranch)
	s.add(OtherTag, AnyOtherTag)
}

// existing adds the repository's branches and tags.
func (s *surveyor) existing() {
	if g := s.p.project.Git; g != nil {
		s.some(g.Branches(), Branch, mostBranches)
		s.some(g.Tags(), Tag, mostTags)
	}
}

// some adds the last of a list of names: the newest, where names are versions or
// dates.
func (s *surveyor) some(refs []string, origin Origin, most int) {
	if len(refs) > most {
		s.out.Cut = true
		refs = refs[len(refs)-most:]
	}
	for _, ref := range refs {
		s.add(ref, origin)
	}
}

// read looks at a ref, and adds those that the program compares it with.
func (s *surveyor) read(next surveyed) {
	r := s.p.Read(hercules.Ref{Name: next.ref})
	r.Origin = next.origin
	s.out.Readings = append(s.out.Readings, r)
	decisions := s.p.ev.Decisions()
	fresh := decisions[s.decided:]
	s.decided = len(decisions)
	if s.fixed {
		return
	}
	src := s.p.project.Source(next.ref)
	for i := range fresh {
		s.opaque = s.opaque || !plain(&fresh[i], &src)
		if s.out.literals.again(&fresh[i]) {
			continue
		}
		s.out.literals.from(&fresh[i], &src)
		for _, ref := range candidates(&fresh[i], &src) {
			s.add(ref, Named)
		}
	}
}

// plain reports whether a decision that was taken for src only tells refs that it
// names from all others: a fact about the ref, as it is, is equal to a text or is
// a name in a set. What is not about the ref is plain as well.
func plain(d *eval.Decision, src *hercules.GitSource) bool {
	const most = 256 // of the names of a set, as many as a decision has
	facts := map[string]string{"ref": src.Ref, "branch": src.Branch, "tag": src.Tag}
	for _, mark := range d.Marks {
		fact, about := facts[FactName(mark)]
		switch {
		case !about:
		case fact != d.Subject:
			return false
		case d.Op != "==" && d.Op != "!=" && (d.Op != "select" || len(d.Others) >= most):
			return false
		}
	}
	return true
}
