package hercules

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/eval/value"
)

func TestResolveRef(t *testing.T) {
	dir := tree(t, ".git/", "ci.nix")
	git(t, dir, "tag", "v1")
	git(t, dir, "tag", "both")
	git(t, dir, "branch", "both")
	git(t, dir, "checkout", "-q", "-b", "work/neat")
	p, err := FindProject(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"":                     "refs/heads/work/neat",
		"refs/heads/elsewhere": "refs/heads/elsewhere",
		"refs/pull/7/merge":    "refs/pull/7/merge",
		"main":                 "refs/heads/main",
		"not/there":            "refs/heads/not/there",
		"v1":                   "refs/tags/v1",
		"both":                 "refs/heads/both",
		"HEAD":                 "refs/heads/work/neat",
		"@":                    "refs/heads/work/neat",
		"tags/v1":              "refs/tags/v1",
		"heads/main":           "refs/heads/main",
		"heads/not/there":      "refs/heads/heads/not/there",
	} {
		if got, err := p.ResolveRef(name); err != nil || got.Name != want || got.Assumed != "" {
			t.Errorf("ResolveRef(%q) = %+v, %v, want %s", name, got, err, want)
		}
	}
	for _, name := range []string{
		" ", "a b", "main~1", "main^", "a:b", "a?", "a*", "a[b]", `a\b`, "a\nb", "a\x1bb", "a\x7f",
		"refs/heads/", "refs/", "/", "/main", "main/", "a//b", "a..b", "main@{1}", ".a", "a/.b", "a.lock", "a.lock/b", "a.",
	} {
		if got, err := p.ResolveRef(name); err == nil {
			t.Errorf("ResolveRef(%q) = %+v, want an error", name, got)
		}
	}
	git(t, dir, "checkout", "-q", "--detach")
	if p, err = FindProject(dir); err != nil {
		t.Fatal(err)
	}
	var detached *DetachedError
	if got, err := p.ResolveRef(""); !errors.As(err, &detached) || !slices.Contains(detached.At, "refs/heads/work/neat") {
		t.Errorf("detached: %+v, %v", got, err)
	}
	plain := &Project{Root: "/x"}
	if got, _ := plain.ResolveRef(""); got.Name != "refs/heads/main" || got.Assumed == "" {
		t.Errorf("no git: %+v", got)
	}
}

func TestSource(t *testing.T) {
	dir := tree(t, ".git/", "ci.nix")
	git(t, dir, "remote", "add", "origin", "https://github.com/neat-org/neat-repo")
	rev := git(t, dir, "rev-parse", "HEAD")
	p, err := FindProject(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := GitSource{
		OutPath: dir, Rev: rev,
		RemoteHTTPURL: "https://github.com/neat-org/neat-repo.git",
		RemoteSSHURL:  "git@github.com:neat-org/neat-repo.git",
		WebURL:        "https://github.com/neat-org/neat-repo",
		ForgeType:     "github", Owner: "neat-org", Name: "neat-repo",
	}
	for ref, change := range map[string]func(s *GitSource){
		"refs/heads/feature/x": func(s *GitSource) { s.Branch = "feature/x" },
		"refs/tags/v1":         func(s *GitSource) { s.Tag = "v1" },
		"refs/pull/7/merge":    func(s *GitSource) {},
	} {
		want := want
		want.Ref = ref
		change(&want)
		if diff := cmp.Diff(want, p.Source(ref)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", ref, diff)
		}
	}
}

// TestArgs goes through every attribute a program can see.
func TestArgs(t *testing.T) {
	s := GitSource{
		OutPath: "/r", Ref: "refs/heads/main", Rev: "0123456789abcdef0123456789abcdef01234567",
		Branch: "main", Owner: "neat-org",
	}
	source := func(prefix string) map[string]string {
		return map[string]string{
			prefix + "outPath":       `"/r"`,
			prefix + "ref":           `"refs/heads/main" marked ` + prefix + "ref",
			prefix + "rev":           `"0123456789abcdef0123456789abcdef01234567" marked ` + prefix + "rev",
			prefix + "shortRev":      `"0123456" marked ` + prefix + "shortRev",
			prefix + "branch":        `"main" marked ` + prefix + "branch",
			prefix + "tag":           `null marked ` + prefix + "tag",
			prefix + "remoteHttpUrl": `unknown ` + prefix + "remoteHttpUrl",
			prefix + "remoteSshUrl":  `unknown ` + prefix + "remoteSshUrl",
			prefix + "webUrl":        `unknown ` + prefix + "webUrl",
			prefix + "forgeType":     `unknown ` + prefix + "forgeType",
			prefix + "owner":         `"neat-org" marked ` + prefix + "owner",
			prefix + "name":          `unknown ` + prefix + "name",
		}
	}
	if diff := cmp.Diff(source("src."), flatten("", s.LegacyArgs())); diff != "" {
		t.Errorf("legacy (-want +got):\n%s", diff)
	}
	want := source("primaryRepo.")
	want["ref"] = `"refs/heads/main" marked ref`
	want["rev"] = `"0123456789abcdef0123456789abcdef01234567" marked rev`
	want["shortRev"] = `"0123456" marked shortRev`
	want["branch"] = `"main" marked branch`
	want["tag"] = "null marked tag"
	want["herculesCI.apiBaseUrl"] = `"https://hercules-ci.com"`
	want["herculesCI.ciSystems"] = "null"
	if diff := cmp.Diff(want, flatten("", s.HerculesCIArgs())); diff != "" {
		t.Errorf("herculesCI (-want +got):\n%s", diff)
	}
}

func TestArgsWithoutCommit(t *testing.T) {
	s := GitSource{OutPath: "/r", Ref: "refs/heads/main"}
	got := flatten("", s.LegacyArgs())
	if got["src.rev"] != "unknown src.rev" || got["src.shortRev"] != "unknown src.shortRev" {
		t.Errorf("rev %s, shortRev %s, want unknowns", got["src.rev"], got["src.shortRev"])
	}
	for _, arg := range s.Arguments(true) {
		if arg.Name == "src.rev" && arg.Value != "" {
			t.Errorf("argument %+v", arg)
		}
	}
}

func flatten(prefix string, v value.Value) map[string]string {
	out := map[string]string{}
	for _, attr := range v.Attrs().ByName() {
		name := prefix + attr.Name.String()
		switch v := attr.Value; v.Kind() {
		case value.AttrSet:
			for k, text := range flatten(name+".", v) {
				out[k] = text
			}
		case value.String:
			out[name] = quote(v.Str()) + marks(v.Context().Marks())
		case value.Null:
			out[name] = "null" + marks(v.Marks())
		case value.UnknownValue:
			out[name] = "unknown " + v.Unknown().Origin
		}
	}
	return out
}

func marks(c *value.Context) string {
	text := ""
	for _, e := range c.Elems() {
		text += " marked " + e.Path
	}
	return text
}

func TestArguments(t *testing.T) {
	s := GitSource{OutPath: "/r", Ref: "refs/tags/a\"${b}", Rev: "0123456789", Tag: "a\"${b}"}
	got := map[string]string{}
	for _, arg := range s.Arguments(false) {
		got[arg.Name] = arg.Value
	}
	want := map[string]string{
		"primaryRepo.ref": `"refs/tags/a\"\${b}"`, "primaryRepo.rev": `"0123456789"`, "primaryRepo.shortRev": `"0123456"`,
		"primaryRepo.branch": "null", "primaryRepo.tag": `"a\"\${b}"`,
		"primaryRepo.remoteHttpUrl": "", "primaryRepo.remoteSshUrl": "", "primaryRepo.webUrl": "",
		"primaryRepo.forgeType": "", "primaryRepo.owner": "", "primaryRepo.name": "",
		"herculesCI.apiBaseUrl": `"https://hercules-ci.com"`, "herculesCI.ciSystems": "null",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
