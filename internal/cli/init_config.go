package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/secrets"
)

// detected are the settings that a repository tells by itself; what is empty was
// not found out.
type detected struct {
	Owner, Name, Forge string
	DefaultBranch      string
	Manifest           string
}

func detectSettings(project *hercules.Project) detected {
	var d detected
	remote := project.Remote()
	if remote != nil {
		d.Owner, d.Name, d.Forge = remote.Owner, remote.Name, remote.Forge
		if !fitsHCL(d.Owner + "/" + d.Name) {
			d.Owner, d.Name, d.Forge = "", "", ""
		}
	}
	if g := project.Git; g != nil {
		branch := strings.TrimPrefix(g.DefaultBranch(), "refs/heads/")
		// Any other may just be the one that is checked out.
		told := remote != nil && g.Has("refs/remotes/"+remote.Remote+"/HEAD")
		if (told || branch == "main" || branch == "master") && fitsHCL(branch) {
			d.DefaultBranch = branch
		}
	}
	if info, err := os.Stat(filepath.Join(project.Root, secrets.ManifestFile)); err == nil && info.Mode().IsRegular() {
		d.Manifest = secrets.ManifestFile
	}
	return d
}

// fitsHCL reports whether HCL reads back a text as it was written: its strings are
// UTF-8, and normalised.
func fitsHCL(s string) bool { return utf8.ValidString(s) && norm.NFC.IsNormalString(s) }

// initialConfig is a configuration that explains every setting. Those that were
// not detected are comments.
func initialConfig(d detected) string {
	project, branch, manifest := projectExample, branchExample, manifestExample
	if d.Name != "" {
		project = "project {\n"
		if d.Owner != "" {
			project += "  owner = " + quoteHCL(d.Owner) + "\n"
		}
		project += "  name  = " + quoteHCL(d.Name) + "\n"
		if d.Forge != "" {
			project += "  forge = " + quoteHCL(d.Forge) + "\n"
		}
		project += "}"
	}
	if d.DefaultBranch != "" {
		branch = "default_branch = " + quoteHCL(d.DefaultBranch)
	}
	if d.Manifest != "" {
		manifest = "secrets {\n  manifest = " + quoteHCL(d.Manifest) + "\n}"
	}
	return strings.NewReplacer("{project}", project, "{branch}", branch, "{manifest}", manifest).Replace(configText)
}

const (
	projectExample = `# project {
#   owner = "neat-org"
#   name  = "neat-repo"
#   forge = "github"
# }`
	branchExample   = `# default_branch = "main"`
	manifestExample = `# secrets {
#   manifest = "secrets.manifest.yaml"
#   file     = "/var/lib/hercules-ci-agent/secrets/secrets.json"
# }`
)

// quoteHCL writes a string as HCL does, with ${ and %{ standing for themselves.
// Why not with package hclwrite says config's decode.go.
func quoteHCL(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case (r == '$' || r == '%') && strings.HasPrefix(s[i+1:], "{"):
			b.WriteRune(r)
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 1<<16:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

const configText = `# Settings of nixplan. Each is optional; without any, this file can be removed.
# https://github.com/nixplan/nixplan/blob/main/docs/configuration.md

# What agents call the repository, otherwise taken from git's remote.
{project}

# The branch that counts as the default.
{branch}

# Refs to check besides the branches there are and those that ci.nix names.
# refs = ["refs/heads/staging", "refs/tags/v1.0"]

# The secrets that agents have: a manifest without values, which "nixplan secrets
# manifest" writes, or secrets.json itself where there is one.
{manifest}

# Where the state of deployments is kept, and the locks: "file" is a directory,
# "hercules" is Hercules CI, with settings api and project.
# state "file" {
#   directory = "/srv/nixplan"
# }

# The machines that agents run on: a deployment that changes one of them may end
# itself. Names are those in networks, hosts are targetHosts.
# agent "builder" {
#   machines = ["builder"]
#   hosts    = ["builder.example.org"]
# }

# Addresses that are nixpkgs or hercules-ci-effects under another name.
# source "mirror" {
#   url  = "https://git.example.com/mirrors/nixpkgs"
#   kind = "nixpkgs"
# }

# How findings are rated: "error", "warning", "note" or "off".
# rule "NP205" {
#   severity = "off"
# }

# Files to say nothing about.
# exclude = ["vendor", "examples/**/broken.nix"]
`
