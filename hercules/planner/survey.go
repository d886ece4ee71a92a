package planner

import (
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
	}
	return s.out
}

type surveyor struct {
	p       *Planner
	seen    map[string]bool
	queue   []surveyed
	decided int  // how many decisions were followed
	fixed   bool // no ref is added
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
		s.some(g.Branches(), Branch, mostBranches)
		s.some(g.Tags(), Tag, mostTags)
	}
	s.add(OtherBranch, AnyOtherBranch)
	s.add(OtherTag, AnyOtherTag)
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
		if s.out.literals.again(&fresh[i]) {
			continue
		}
		s.out.literals.from(&fresh[i], &src)
		for _, ref := range candidates(&fresh[i], &src) {
			s.add(ref, Named)
		}
	}
}
