package repo

import (
	"net/url"
	"strings"
)

// Remote is where a repository is pushed to.
type Remote struct {
	// Remote is git's name for it, "origin".
	Remote string
	// URL is as configured, without credentials.
	URL string
	// Host, Owner and Name are what the URL names: "github.com", "neat-org",
	// "neat-repo". Owner may have slashes (GitLab's subgroups). All three are
	// empty for a path on this machine.
	Host, Owner, Name string
	// Forge is the kind of software at Host, "github", "gitlab", "gitea",
	// "bitbucket" or "sourcehut"; empty when the host's name does not tell.
	Forge string

	insecure bool // plain http
}

// HTTPURL is the address for cloning over HTTP, empty for a local remote.
func (r *Remote) HTTPURL() string {
	if r.Host == "" {
		return ""
	}
	return r.WebURL() + ".git"
}

// SSHURL is the address for cloning over SSH, empty for a local remote.
func (r *Remote) SSHURL() string {
	if r.Host == "" {
		return ""
	}
	host, port, hasPort := strings.Cut(r.Host, ":")
	if hasPort && strings.HasPrefix(r.URL, "ssh:") {
		return "ssh://git@" + host + ":" + port + "/" + r.path() + ".git"
	}
	return "git@" + host + ":" + r.path() + ".git"
}

// WebURL is the address for a browser, empty for a local remote.
func (r *Remote) WebURL() string {
	if r.Host == "" {
		return ""
	}
	scheme, host := "https://", r.Host
	if r.insecure {
		scheme = "http://"
	}
	if !strings.HasPrefix(r.URL, "http") {
		host, _, _ = strings.Cut(host, ":") // a port for SSH is none for HTTP
	}
	return scheme + host + "/" + r.path()
}

func (r *Remote) path() string {
	if r.Owner == "" {
		return r.Name
	}
	return r.Owner + "/" + r.Name
}

// Remote describes the remote that the checked out branch follows, else
// "origin", else the only one there is; nil when none of these exists.
func (g *Git) Remote() *Remote {
	name := g.remoteName()
	if name == "" {
		return nil
	}
	address := g.config.first("remote", name, "url")
	if g.config.has("url") || g.config.has("include") || g.config.has("includeif") || address == "" {
		// The address may be rewritten or stand in another file.
		if out, err := g.run("ls-remote", "--get-url", name); err == nil {
			address = strings.TrimSpace(string(out))
		}
	}
	if address == "" || address == name {
		return nil
	}
	r := ParseRemote(address)
	r.Remote = name
	return r
}

func (g *Git) remoteName() string {
	if branch, ok := strings.CutPrefix(g.HeadRef, "refs/heads/"); ok {
		if name := g.config.last("branch", branch, "remote"); name != "" && name != "." {
			return name
		}
	}
	names := g.config.subsections("remote")
	for _, name := range names {
		if name == "origin" {
			return name
		}
	}
	if len(names) == 1 {
		return names[0]
	}
	return ""
}

// Remotes are the names of the remotes.
func (g *Git) Remotes() []string { return g.config.subsections("remote") }

// ParseRemote reads an address in any form git takes: a URL
// ("https://github.com/neat-org/neat-repo.git", "ssh://git@host:2222/…"), the
// scp form ("git@github.com:neat-org/neat-repo.git") or a path. User names and
// passwords of web addresses are dropped: they are credentials.
func ParseRemote(address string) *Remote {
	if scheme, _, ok := strings.Cut(address, "://"); ok {
		return parseURL(strings.ToLower(scheme), address)
	}
	if helper, _, ok := strings.Cut(address, "::"); ok && !strings.ContainsAny(helper, "/[@") {
		return &Remote{URL: helper + "::…"} // the rest is the helper's, "ext::" has a command there
	}
	// No form has a password without "://", but people write one.
	authority, _, _ := strings.Cut(strings.TrimLeft(address, "/"), "/")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 && strings.Contains(authority[:at], ":") {
		address = strings.TrimLeft(address, "/")[at+1:]
	}
	// git takes "host:path" for a path when a slash comes before the colon.
	if colon := strings.IndexByte(address, ':'); colon > 0 && !strings.Contains(address[:colon], "/") {
		host := address[:colon]
		if at := strings.LastIndexByte(host, '@'); at >= 0 {
			host = host[at+1:]
		}
		r := &Remote{URL: address}
		r.locate(host, address[colon+1:])
		return r
	}
	return &Remote{URL: address}
}

func parseURL(scheme, address string) *Remote {
	u, err := url.Parse(address)
	if err != nil {
		// Not even the part with a password can be told from the rest.
		return &Remote{URL: scheme + "://…"}
	}
	switch scheme {
	case "http", "https":
		u.User = nil
	default:
		if u.User != nil {
			u.User = url.User(u.User.Username())
		}
	}
	u.RawQuery, u.Fragment = "", ""
	r := &Remote{URL: u.String(), insecure: scheme == "http"}
	if scheme != "file" {
		r.locate(u.Host, u.Path)
	}
	return r
}

// locate takes the path apart: the last element is the repository, what comes
// before its owner.
func (r *Remote) locate(host, path string) {
	path = strings.TrimSuffix(strings.Trim(path, "/"), ".git")
	path = strings.TrimRight(path, "/")
	if host == "" || path == "" {
		return
	}
	r.Host = strings.ToLower(host)
	r.Name = path
	if slash := strings.LastIndexByte(path, '/'); slash >= 0 {
		r.Owner, r.Name = path[:slash], path[slash+1:]
	}
	r.Forge = forge(r.Host)
}

// forge guesses the software from well-known hosts and from host names that say
// it themselves, "gitlab.example.org".
func forge(host string) string {
	host, _, _ = strings.Cut(host, ":")
	for _, known := range []struct{ host, forge string }{
		{"github.com", "github"},
		{"ssh.github.com", "github"},
		{"gitlab.com", "gitlab"},
		{"codeberg.org", "gitea"},
		{"bitbucket.org", "bitbucket"},
		{"git.sr.ht", "sourcehut"},
	} {
		if host == known.host {
			return known.forge
		}
	}
	for label := range strings.SplitSeq(host, ".") {
		switch label {
		case "github", "gitlab", "gitea", "bitbucket":
			return label
		case "forgejo":
			return "gitea"
		}
	}
	return ""
}
