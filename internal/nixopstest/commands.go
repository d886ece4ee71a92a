package nixopstest

import (
	"maps"
	"slices"
	"strings"
)

// command is a subcommand.
type command struct {
	options    []option
	positional string
	required   bool
	// versions has it; nil: all.
	versions []string
	// run gives the exit status; nil: NixOps has the command, the double does not.
	run func(*process) (int, error)
}

var twoX = []string{Version2}

func (c *command) in(version string) bool {
	return c.versions == nil || slices.Contains(c.versions, version)
}

// commonOptions are those of every subcommand.
var commonOptions = []option{
	opt(0, "-h", "--help"), opt(1, "-d", "--deployment"), opt(0, "--debug"), opt(0, "--confirm"), opt(1, "-I"),
	opt(1, "-j", "--max-jobs"), opt(1, "--cores"), opt(0, "--keep-going"), opt(0, "-K", "--keep-failed"),
	opt(0, "--show-trace"), opt(0, "--fallback"), opt(0, "--no-build-output"), opt(2, "--option"), opt(0, "--read-only-mode"),
}

func (c *command) parser(name, version string) *parser {
	p := &parser{prog: "nixops " + name, positional: c.positional, required: c.required}
	p.options = append(p.options, commonOptions...)
	if version == Version2 {
		p.options = append(p.options, opt(1, "--network"))
	} else {
		p.options = append(p.options, opt(1, "-s", "--state"))
	}
	for _, o := range c.options {
		if key := o.key(); version == Version17 && (key == "test" || key == "boot") {
			continue
		}
		p.options = append(p.options, o)
	}
	if name == "create" && version == Version2 {
		p.positional = ""
	}
	return p
}

var (
	someMachines  = []option{opt(oneOrMore, "--include"), opt(oneOrMore, "--exclude")}
	deployOptions = append([]option{
		opt(0, "-k", "--kill-obsolete"), opt(0, "--dry-run"), opt(0, "--dry-activate"), opt(0, "--test"), opt(0, "--boot"),
		opt(0, "--repair"), opt(0, "--evaluate-only"), opt(0, "--plan-only"), opt(0, "--build-only"), opt(0, "--create-only"),
		opt(0, "--copy-only"), opt(0, "--check"), opt(0, "--allow-reboot"), opt(0, "--force-reboot"), opt(0, "--allow-recreate"),
		opt(0, "--always-activate"), opt(0, "--no-sync"),
		{names: []string{"--max-concurrent-copy"}, nargs: 1, kind: "int"},
		{names: []string{"--max-concurrent-activate"}, nargs: 1, kind: "int"},
	}, someMachines...)
)

var commands map[string]*command

func init() { // the functions lead back to the table
	commands = map[string]*command{
		"create": {options: []option{opt(1, "-n", "--name"), opt(1, "-t", "--template")}, positional: "NIX-FILE", run: (*process).create},
		"modify": {options: []option{opt(1, "-n", "--name")}, positional: "NIX-FILE", run: (*process).modify},
		"set-args": {options: []option{opt(2, "--arg"), opt(2, "--argstr"), opt(1, "--unset")},
			run: (*process).setArgs},
		"import": {options: []option{opt(0, "--include-keys")}, run: (*process).importState},
		"export": {options: []option{opt(0, "--all")}, run: (*process).exportState},
		"check":  {options: append([]option{opt(0, "--all")}, someMachines...), run: (*process).check},
		"deploy": {options: deployOptions, run: (*process).deploy},
		"info":   {options: []option{opt(0, "--all"), opt(0, "--plain"), opt(0, "--no-eval")}, run: (*process).info},
		"list":   {run: (*process).list},
		"delete": {options: []option{opt(0, "--all"), opt(0, "--force")}, run: (*process).delete},
		"unlock": {versions: twoX, run: (*process).unlock},
	}
	for _, name := range strings.Fields(`backup backup-status clean-backups clone copy-closure delete-resources destroy
		dump-nix-paths edit list-generations mount reboot remove-backup rename restore rollback scp send-keys
		show-arguments show-console-output show-option show-physical ssh ssh-for-each start stop`) {
		commands[name] = &command{}
	}
}

func choices(version string) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		if commands[name].in(version) {
			names = append(names, "'"+name+"'")
		}
	}
	return strings.Join(names, ", ")
}
