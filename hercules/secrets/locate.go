package secrets

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// AgentFile is where an agent keeps its secrets.json unless it is configured
// otherwise.
const AgentFile = "/var/lib/hercules-ci-agent/secrets/secrets.json"

// variable is what hci looks into before its own directory.
const variable = "HERCULES_CI_SECRETS_JSON"

// Places are where a secrets.json may be. Those that are "" are left out.
type Places struct {
	Flag   string // what the user names on the command line
	Config string // what nixplan.hcl names
	Getenv func(string) string
	Agent  string // usually AgentFile
	// Site and Owner are the forge's kind and the repository's owner, of which
	// hci makes the name of a directory.
	Site, Owner string
}

// A Location is a file and why it is that one.
type Location struct {
	Path   string `json:"path"`
	Origin string `json:"origin"`
}

// Locate returns the first of the places: a file that somebody names, be it
// there or not, then those of the usual ones that exist. If there is none it
// returns nil and where it looked, for people.
func Locate(p Places) (*Location, []string) {
	named := []Location{
		{p.Flag, "the command line"},
		{p.Config, "nixplan.hcl"},
		{p.Getenv(variable), "$" + variable},
	}
	for _, l := range named {
		if l.Path != "" {
			return &l, nil
		}
	}
	looked := []string{"$" + variable + " is not set"}
	for _, l := range []Location{{p.Agent, "the agent's directory"}, {p.hci(), "the directory of hci"}} {
		if l.Path == "" {
			continue
		}
		_, err := os.Stat(l.Path)
		if err == nil {
			return &l, nil
		}
		if errors.Is(err, fs.ErrNotExist) {
			looked = append(looked, l.Path+" does not exist")
		} else {
			looked = append(looked, l.Path+": "+bare(err).Error())
		}
	}
	if p.Site == "" || p.Owner == "" {
		looked = append(looked, "the directory of hci is not known, since git names no forge and owner")
	}
	return nil, looked
}

// hci is where hci keeps a secrets.json for an owner.
func (p Places) hci() string {
	config := p.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(config) {
		home := p.Getenv("HOME")
		if home == "" {
			return ""
		}
		config = filepath.Join(home, ".config")
	}
	if p.Site == "" || p.Owner == "" {
		return ""
	}
	element := func(s string) string { return strings.ReplaceAll(s, "/", "_") }
	return filepath.Join(config, "hercules-ci", "secrets", element(p.Site), element(p.Owner), "secrets.json")
}
