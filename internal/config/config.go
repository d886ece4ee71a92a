// Package config reads nixplan.hcl, the settings that a repository keeps for
// nixplan. Nothing else reads the file, and without one the zero Config holds.
//
// The format is described for users in docs/configuration.md.
package config

import (
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2"

	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/hercules/secrets"
	"github.com/nixplan/nixplan/internal/diag"
)

// FileName is the file's name; it lies in the root of a repository.
const FileName = "nixplan.hcl"

// Config is what nixplan.hcl says. The fields called …Range are where, for
// findings about a setting; [Config.Place] makes them places of the text.
type Config struct {
	Project *Project `hcl:"project,block"`

	// DefaultBranch is a branch's name without "refs/heads/". Empty: what git
	// says.
	DefaultBranch      string    `hcl:"default_branch,optional"`
	DefaultBranchRange hcl.Range `hcl:"default_branch,attr_value_range"`

	// Refs are refs to look at besides those found, by their full names.
	Refs []string `hcl:"refs,optional"`

	// Sources say what is fetched from addresses that nixplan does not know.
	Sources []Source `hcl:"source,block"`

	Secrets *Secrets `hcl:"secrets,block"`

	// State is where the state of deployments is kept.
	State *State `hcl:"state,block"`

	// Agents are the agents that run the repository's effects.
	Agents []Agent `hcl:"agent,block"`

	// Rules change how findings are rated.
	Rules []Rule `hcl:"rule,block"`

	// Exclude are globs of paths, relative to the root, to say nothing about.
	// See [Config.Excluded].
	Exclude []string `hcl:"exclude,optional"`

	// path is the file's, source its text; of a zero Config they are empty.
	path   string
	source *diag.Source
	files  *world.World // the repository's, if the configuration is one of them
}

// Project says what an agent calls the repository. What is empty is taken from
// git's remote.
type Project struct {
	Owner string `hcl:"owner,optional"`
	Name  string `hcl:"name,optional"`
	// Forge is one of Forges.
	Forge      string    `hcl:"forge,optional"`
	ForgeRange hcl.Range `hcl:"forge,attr_value_range"`
	OwnerRange hcl.Range `hcl:"owner,attr_value_range"`
	NameRange  hcl.Range `hcl:"name,attr_value_range"`
}

// Forges are the kinds of forge a project may name.
var Forges = []string{"bitbucket", "gitea", "github", "gitlab", "sourcehut"}

// Source says that what is fetched from certain addresses is a known project.
type Source struct {
	Name      string    `hcl:"name,label"`
	NameRange hcl.Range `hcl:"name,label_range"`
	// URL is a glob of addresses. It covers what lies below as well.
	URL      string    `hcl:"url"`
	URLRange hcl.Range `hcl:"url,attr_value_range"`
	// Kind is one of SourceKinds.
	Kind      string    `hcl:"kind"`
	KindRange hcl.Range `hcl:"kind,attr_value_range"`
}

// SourceKinds are the projects that nixplan has a model of.
var SourceKinds = []string{"flake-compat", "flake-parts", "flake-utils", "hercules-ci-effects", "nixpkgs"}

// Secrets says what is known of an agent's secrets. Both are paths, absolute or
// relative to the configuration's directory; see [Config.Path].
type Secrets struct {
	// File is a secrets.json, for machines that have one.
	File      string    `hcl:"file,optional"`
	FileRange hcl.Range `hcl:"file,attr_value_range"`
	// Manifest holds names without values and lies in the repository.
	Manifest      string    `hcl:"manifest,optional"`
	ManifestRange hcl.Range `hcl:"manifest,attr_value_range"`
}

// State says where the state of deployments is kept, and the locks.
type State struct {
	// Backend is one of StateBackends.
	Backend      string    `hcl:"backend,label"`
	BackendRange hcl.Range `hcl:"backend,label_range"`
	// Directory, of a "file" backend, is absolute or relative to the configuration's
	// directory; see [Config.Path].
	Directory      string    `hcl:"directory,optional"`
	DirectoryRange hcl.Range `hcl:"directory,attr_value_range"`
	// API, of a "hercules" backend, is the server's address.
	API      string    `hcl:"api,optional"`
	APIRange hcl.Range `hcl:"api,attr_value_range"`
	// Project, of a "hercules" backend, is SITE/OWNER/NAME or a project's id.
	Project      string    `hcl:"project,optional"`
	ProjectRange hcl.Range `hcl:"project,attr_value_range"`
}

// StateBackends are the sorts of places where state can be.
var StateBackends = []string{"file", "hercules"}

// Agent is a Hercules CI agent.
type Agent struct {
	Name      string    `hcl:"name,label"`
	NameRange hcl.Range `hcl:"name,label_range"`
	// Machines are the names, in NixOps networks, of the machines it runs on.
	Machines []string `hcl:"machines,optional"`
	// Hosts are their names and addresses in the network, as a targetHost has
	// them.
	Hosts []string `hcl:"hosts,optional"`
}

// Rule changes how the findings of one id are rated.
type Rule struct {
	ID      string    `hcl:"id,label"`
	IDRange hcl.Range `hcl:"id,label_range"`
	// Severity is "off" or the name of a diag.Severity.
	Severity      string    `hcl:"severity"`
	SeverityRange hcl.Range `hcl:"severity,attr_value_range"`
}

// off is the severity of findings that are not reported.
const off = "off"

// severities are what a Rule may say, and what it means.
var severities = map[string]diag.Severity{
	diag.Error.String():   diag.Error,
	diag.Warning.String(): diag.Warning,
	diag.Note.String():    diag.Note,
}

// Exists reports whether a file was read.
func (c *Config) Exists() bool { return c.source != nil }

// Place is a range of nixplan.hcl as a finding has it; of a setting that is not
// there it is no place.
func (c *Config) Place(r hcl.Range) diag.Range {
	if c.source == nil || r.Filename == "" {
		return diag.Range{}
	}
	return diag.Range{Source: c.source, Start: int32(r.Start.Byte), End: int32(r.End.Byte)}
}

// Path is the absolute path of a file that a setting names, "" for "".
func (c *Config) Path(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(c.path), filepath.FromSlash(name))
}

// Manifest is the absolute path of the manifest of secrets, be it there or not:
// the one that the file names, in which case configured is true, else the usual
// one in the root.
func (c *Config) Manifest(root string) (path string, configured bool) {
	if c.Secrets != nil && c.Secrets.Manifest != "" {
		return c.Path(c.Secrets.Manifest), true
	}
	return filepath.Join(root, secrets.ManifestFile), false
}

// ReadManifest reads the manifest that Manifest gave, from disk; name is how findings
// call it. A configuration that lies in the repository names none of other files,
// which is ErrOutside: a finding would show what stands there.
func (c *Config) ReadManifest(disk *world.Disk, path, name string) (*secrets.Inventory, diag.List, error) {
	if c.files != nil {
		if err := inside(c.files, path); err != nil {
			return nil, nil, err
		}
	}
	return secrets.ReadManifest(disk, path, name)
}

// Severity is how to rate a finding of a rule: what the configuration says, else
// normal. The finding is not to be reported when report is false.
func (c *Config) Severity(id string, normal diag.Severity) (severity diag.Severity, report bool) {
	for _, rule := range c.Rules {
		if rule.ID != id {
			continue
		}
		if rule.Severity == off {
			return normal, false
		}
		if severity, ok := severities[rule.Severity]; ok {
			return severity, true
		}
	}
	return normal, true
}

// SourceKind is what the configuration says an address gives, one of
// SourceKinds, or "" when it says nothing. The first source that fits counts.
func (c *Config) SourceKind(url string) string {
	for _, source := range c.Sources {
		if covers(source.URL, url) {
			return source.Kind
		}
	}
	return ""
}

// Excluded reports whether nothing is to be said about a file. path is relative
// to the root, with slashes. A pattern covers a directory with all it holds, but
// never the configuration: its mistakes have to be seen.
func (c *Config) Excluded(path string) bool {
	if c.source != nil && path == c.source.Name {
		return false
	}
	for _, pattern := range c.Exclude {
		if covers(pattern, path) {
			return true
		}
	}
	return false
}

// covers reports whether a glob matches a name or what the name lies below.
func covers(pattern, name string) bool {
	// "x/**" matches x itself as well.
	ok, err := doublestar.Match(strings.TrimRight(pattern, "/")+"/**", name)
	return ok && err == nil
}
