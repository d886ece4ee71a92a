package check

import (
	"path"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/lazy"
	"github.com/nixplan/nixplan/internal/text"
)

var unpinned = &Rule{
	ID: "NP601", Name: "unpinned", Severity: diag.Warning,
	Summary: "Something is fetched without a hash from a branch, from a channel or over plain HTTP.",
	run:     checkUnpinned,
}

func checkUnpinned(p *pass) {
	type call struct {
		at  value.Span
		url string
	}
	seen := map[call]bool{}
	for _, f := range p.ev.Fetches() {
		if f.Hash != "" || f.Rev != "" || seen[call{f.At, f.URL}] {
			continue
		}
		seen[call{f.At, f.URL}] = true
		d := diag.Diagnostic{
			Range:  userRange(f.At.Range()),
			Detail: "What it gives can change between a plan, a build and the deployment, and from one day to the next.",
			Help:   "name a commit in place of the branch, and give the sha256 of its files",
		}
		if literal := p.literal(d.Range, f.URL); literal.Valid() {
			d.Range = literal
		}
		if f.Fetcher == "fetchGit" || f.Fetcher == "fetchMercurial" {
			d.Help = "give the commit: rev = \"…\""
		}
		url := text.WithoutCredentials(f.URL)
		switch branch := branchOf(f.Fetcher, f.URL, f.Ref); {
		case branch != "":
			d.Summary = url + " is fetched without a hash, from " + branch
		case strings.HasPrefix(f.URL, "http://"):
			d.Summary = url + " is fetched without a hash over plain HTTP"
			d.Detail = "Anybody on the way can put something else in its place."
			d.Help = "use https, and give the sha256"
		default:
			continue
		}
		p.report(d)
	}
}

var (
	commit = lazy.Regexp(`(^|[^0-9A-Za-z])[0-9a-f]{7,40}([^0-9A-Za-z]|$)`)

	// archives are addresses of what forges make of a branch, a tag or a commit.
	archives = lazy.Regexp(`/(?:archive|tarball|zipball|get|snapshot|(?:legacy\.)?tar\.gz|zip)/(.+)$`)
	channels = lazy.Regexp(`^https?://(?:channels\.nixos\.org|(?:www\.)?nixos\.org/channels)/([^/]+)`)
	packed   = lazy.Regexp(`\.(tar(\.[a-z0-9]+)?|tgz|zip)$`)

	// branches are names that no tag has.
	branches = lazy.Regexp(`^(HEAD|master|main|develop|development|devel|trunk|staging|unstable|next|nightly|(nixos|nixpkgs|release)-.+)$`)
)

// branchOf describes what a fetcher follows when it is a branch or channel, ""
// when it is not or cannot be told.
func branchOf(fetcher, url, ref string) string {
	if m := channels().FindStringSubmatch(url); m != nil {
		return "the channel " + m[1]
	}
	switch fetcher {
	case "fetchGit", "fetchMercurial":
		name, isTag := strings.CutPrefix(ref, "refs/tags/")
		short := strings.TrimPrefix(ref, "refs/heads/")
		switch {
		case isTag || commit().MatchString(name):
			return ""
		case ref == "" || ref == "HEAD":
			return "the default branch"
		case short != ref || branches().MatchString(ref):
			return "the branch " + short
		}
		return ""
	}
	url, _, _ = strings.Cut(url, "?")
	m := archives().FindStringSubmatch(url)
	if m == nil || commit().MatchString(m[1]) {
		return ""
	}
	name := packed().ReplaceAllString(m[1], "")
	if branch, ok := strings.CutPrefix(name, "refs/heads/"); ok {
		return "the branch " + branch
	}
	// GitLab has the project's name behind the branch's, others before it.
	for _, name := range slices.Compact([]string{name, path.Dir(name), path.Base(name)}) {
		if branches().MatchString(name) {
			return "the branch " + name
		}
	}
	return ""
}
