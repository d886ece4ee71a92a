package hercules

import (
	"fmt"
	"strings"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/hercules/repo"
	"github.com/nixplan/nixplan/internal/text"
)

// GitSource is what an agent tells a program about the commit it evaluates:
// `src` of a plain ci.nix, `primaryRepo` of a herculesCI function. An empty
// Branch or Tag stands for null, any other empty string for what is not known.
type GitSource struct {
	OutPath       string
	Ref           string // full name
	Rev           string // empty: there is no commit; the program gets an unknown
	Branch, Tag   string // null unless Ref is one
	RemoteHTTPURL string // not known when there is no remote, as all that follow
	RemoteSSHURL  string
	WebURL        string
	ForgeType     string
	Owner, Name   string
}

const (
	heads = "refs/heads/"
	tags  = "refs/tags/"
)

// Ref is the git ref to plan for, and how it was found when the user did not say.
type Ref struct {
	Name    string // full name
	Assumed string // what was taken for granted, empty when nothing was
}

// ResolveRef gives the full name of the ref a user means. A name that does not
// start with "refs/" is a branch, or a tag where only that exists, or lacks just
// the "refs/"; no name, "HEAD" and "@" are what is checked out, with a
// *DetachedError when that is no branch. A name that git allows no ref to have is
// an error.
func (p *Project) ResolveRef(name string) (Ref, error) {
	if name == "" || name == "HEAD" || name == "@" {
		if g := p.Git; g != nil && g.HeadRef == "" {
			return Ref{}, &DetachedError{g.HeadRev, g.PointingAt(g.HeadRev)}
		}
		return p.checkedOut(), nil
	}
	if !repo.ValidRef(name) {
		return Ref{}, fmt.Errorf("%q cannot be the name of a git ref; give a full name as refs/heads/main, a branch or a tag", name)
	}
	has := func(ref string) bool { return p.Git != nil && p.Git.Has(ref) }
	switch {
	case strings.HasPrefix(name, "refs/"):
		return Ref{Name: name}, nil
	case has(heads + name):
	case has(tags + name):
		return Ref{Name: tags + name}, nil
	case has("refs/" + name):
		return Ref{Name: "refs/" + name}, nil
	}
	return Ref{Name: heads + name}, nil
}

// checkedOut is the branch to plan for when the user names none and HEAD is not
// detached.
func (p *Project) checkedOut() Ref {
	if p.Git == nil {
		return Ref{heads + "main", "the ref, since this is no git repository; pass --ref"}
	}
	return Ref{Name: p.Git.HeadRef}
}

// DetachedError says that no branch is checked out, so that nothing tells which
// ref is meant. A commit can have many, and each may deploy something else.
type DetachedError struct {
	Rev string   // what is checked out
	At  []string // full names of the refs that are at this commit
}

func (e *DetachedError) Error() string {
	return "no branch is checked out (HEAD is detached at " + e.Rev[:min(len(e.Rev), 12)] + "), so it is not known which ref is meant"
}

// Source describes the project's commit as it would be if ref (a full name)
// were pushed.
func (p *Project) Source(ref string) GitSource {
	s := GitSource{OutPath: p.Root, Ref: ref}
	if branch, ok := strings.CutPrefix(ref, heads); ok {
		s.Branch = branch
	}
	if tag, ok := strings.CutPrefix(ref, tags); ok {
		s.Tag = tag
	}
	if p.Git != nil {
		s.Rev = p.Git.HeadRev
	}
	if r := p.Remote(); r != nil {
		s.RemoteHTTPURL, s.RemoteSSHURL, s.WebURL = r.HTTPURL(), r.SSHURL(), r.WebURL()
		s.ForgeType, s.Owner, s.Name = r.Forge, r.Owner, r.Name
	}
	return s
}

// shortRevLength is how many digits of a commit's name an agent calls short.
const shortRevLength = 7

// Why facts may be unknown. An agent knows them: what it evaluates was pushed
// somewhere.
const (
	noCommit = "there is no commit: the directory is not (or not yet) under version control"
	noRemote = "git has no remote that tells; nixplan.hcl may have a block project"
)

// leaf is one argument: its name below `src` or `primaryRepo`, and its value.
type leaf struct {
	name, value string
	null        bool   // an empty value is null
	unknown     string // why an empty value is not known
	plain       bool   // carries no marker
}

func (s *GitSource) leaves() []leaf {
	short := s.Rev
	if len(short) > shortRevLength {
		short = short[:shortRevLength]
	}
	return []leaf{
		{name: "outPath", value: s.OutPath, plain: true},
		{name: "ref", value: s.Ref},
		{name: "rev", value: s.Rev, unknown: noCommit},
		{name: "shortRev", value: short, unknown: noCommit},
		{name: "branch", value: s.Branch, null: true},
		{name: "tag", value: s.Tag, null: true},
		{name: "remoteHttpUrl", value: s.RemoteHTTPURL, unknown: noRemote},
		{name: "remoteSshUrl", value: s.RemoteSSHURL, unknown: noRemote},
		{name: "webUrl", value: s.WebURL, unknown: noRemote},
		{name: "forgeType", value: s.ForgeType, unknown: noRemote},
		{name: "owner", value: s.Owner, unknown: noRemote},
		{name: "name", value: s.Name, unknown: noRemote},
	}
}

// marked is a leaf as the program sees it. It carries a marker with its full
// name, prefix and all, which tells later what a comparison was about.
func (l leaf) marked(prefix string) value.Value {
	name := prefix + l.name
	switch {
	case l.plain:
		return value.NewString(l.value)
	case l.value == "" && l.null:
		return eval.MarkedNull(name)
	case l.value == "":
		return value.NewUnknown(&value.Unknown{Origin: name, Reason: l.unknown})
	}
	return eval.Marked(l.value, name)
}

// value is the attribute set a program gets.
func (s *GitSource) value(prefix string) value.Value {
	var list []value.Attr
	for _, l := range s.leaves() {
		list = append(list, value.Attr{Name: value.Intern(l.name), Value: l.marked(prefix)})
	}
	return value.NewAttrs(value.NewAttrsList(list))
}

// LegacyArgs is what a plain ci.nix or default.nix is called with.
func (s *GitSource) LegacyArgs() value.Value { return set("src", s.value("src.")) }

// APIBaseURL is the address of the public Hercules CI.
const APIBaseURL = "https://hercules-ci.com"

// HerculesCIArgs is what a herculesCI function is called with.
func (s *GitSource) HerculesCIArgs() value.Value {
	list := []value.Attr{
		{Name: value.Intern("primaryRepo"), Value: s.value("primaryRepo.")},
		{Name: value.Intern("herculesCI"), Value: set(
			"apiBaseUrl", value.NewString(APIBaseURL),
			"ciSystems", value.NullValue,
		)},
	}
	for _, l := range s.leaves() {
		switch l.name {
		case "rev", "shortRev", "ref", "branch", "tag":
			list = append(list, value.Attr{Name: value.Intern(l.name), Value: l.marked("")})
		}
	}
	return value.NewAttrs(value.NewAttrsList(list))
}

// set makes an attribute set of names and values in turn.
func set(namesAndValues ...any) value.Value {
	var list []value.Attr
	for i := 0; i < len(namesAndValues); i += 2 {
		list = append(list, value.Attr{
			Name:  value.Intern(namesAndValues[i].(string)),
			Value: namesAndValues[i+1].(value.Value),
		})
	}
	return value.NewAttrs(value.NewAttrsList(list))
}

// Argument is a leaf of the arguments, its value in Nix syntax, empty when
// unknown.
type Argument struct{ Name, Value string }

// Arguments are the leaves of what the entry file is called with: of LegacyArgs
// or of HerculesCIArgs. The path of the checkout is left out, since it says
// nothing about the repository.
func (s *GitSource) Arguments(legacy bool) []Argument {
	prefix := "primaryRepo."
	if legacy {
		prefix = "src."
	}
	var args []Argument
	for _, l := range s.leaves() {
		if l.name == "outPath" {
			continue
		}
		text := ""
		switch {
		case l.value != "":
			text = quote(l.value)
		case l.null:
			text = "null"
		}
		args = append(args, Argument{prefix + l.name, text})
	}
	if !legacy {
		args = append(args, Argument{"herculesCI.apiBaseUrl", quote(APIBaseURL)}, Argument{"herculesCI.ciSystems", "null"})
	}
	return args
}

// quote writes a string as Nix source.
func quote(s string) string { return text.QuoteNix(s) }
