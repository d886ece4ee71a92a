// Package nixopstest is a test double of NixOps, which no package registry has.
// It follows what was measured of the real one: command lines, exit statuses,
// streams, messages, the state and when it is committed, locks, signals. Nothing
// is built and no machine exists; a directory stands in for the machines. What it
// lacks of NixOps it refuses with status 125.
//
// A test binary is nixops when TestMain begins with
//
//	nixopstest.Hook()
//
// and a link made by [Install] is on PATH; or testscript.Main maps "nixops" to
// Main. The environment tells it what to be:
//
//	NIXOPSTEST_VERSION   1.7 (the default), 2pre or 2
//	NIXOPSTEST_LOG       file that each call is appended to, see [ReadLog]
//	NIXOPSTEST_FAULTS    file that says what goes wrong, see [Fault]
//	NIXOPSTEST_MACHINES  directory of the machines, see [Machine]
//	NIXOPSTEST_BACKENDS  types of resources it has plugins for, "none,ssh-keypair"; all
//	NIXOPSTEST_STORAGE   NixOps 2: directory of the states that Hercules CI would have
//
// Under the race detector each call lasts a second longer, unless its environment
// has GORACE=atexit_sleep_ms=0.
package nixopstest

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Versions of NixOps.
const (
	Version17   = "1.7"
	Version2Pre = "2pre" // the last commit with the command line of 1.x
	Version2    = "2"
)

// Canary is in every private key that the double makes.
const Canary = "NIXOPSTESTCANARY"

// Main is the program. It gives the exit status.
func Main() int {
	if os.Getenv(sshVariable) != "" {
		return sshMain()
	}
	// Python's children inherit nothing but the standard streams.
	for fd := 3; fd < 256; fd++ {
		unix.CloseOnExec(fd)
	}
	p := &process{
		args: os.Args[1:], getenv: os.Getenv,
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		version: os.Getenv("NIXOPSTEST_VERSION"),
	}
	if p.version == "" {
		p.version = Version17
	}
	return p.main()
}

// Hook makes a test binary nixops, and exits, when it was started by that name.
func Hook() {
	if filepath.Base(os.Args[0]) == "nixops" {
		os.Exit(Main())
	}
}

// Install makes dir/nixops, a link to the running test binary, whose TestMain
// must call Hook.
func Install(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return os.Symlink(self, filepath.Join(dir, "nixops"))
}

// process is one call of nixops.
type process struct {
	args    []string
	version string
	getenv  func(string) string
	stdin   *os.File
	stdout  io.Writer
	stderr  io.Writer

	call    *callLog
	faults  []Fault
	command string
	options *arguments
	db      *database
	storage *storage // NixOps 2

	printing   sync.Mutex
	committing sync.Mutex // held while the state is written: an interrupt waits
	middled    sync.Once

	leaving   sync.Mutex
	temporary []string // directories that are removed in the end, unless a signal kills
}

func (p *process) two() bool { return p.version == Version2 }

func (p *process) main() int {
	p.command = p.subcommand()
	p.call = startCall(p)
	faults, err := p.loadFaults()
	if err != nil {
		p.progress("nixopstest: %s", err)
		return p.exit(125)
	}
	p.faults = faults
	if !signal.Ignored(unix.SIGINT) { // Python leaves an inherited SIG_IGN alone
		interrupts := make(chan os.Signal, 1)
		signal.Notify(interrupts, unix.SIGINT)
		go p.onInterrupt(interrupts)
	}
	return p.exit(p.run())
}

// onInterrupt ends the process as KeyboardInterrupt does: at once, but what is
// being committed is.
func (p *process) onInterrupt(interrupts <-chan os.Signal) {
	<-interrupts
	p.committing.Lock()
	p.progress("error: interrupted")
	if p.storage != nil {
		_ = p.storage.save()
	}
	os.Exit(p.exit(1))
}

// exit removes temporary directories and notes the end of the call.
func (p *process) exit(status int) int {
	p.leaving.Lock()
	defer p.leaving.Unlock()
	for _, dir := range p.temporary {
		_ = os.RemoveAll(dir)
	}
	p.call.end(status)
	return status
}

// tempDir makes a temporary directory.
func (p *process) tempDir(pattern string) (string, error) {
	p.leaving.Lock()
	defer p.leaving.Unlock()
	dir, err := os.MkdirTemp(p.getenv("TMPDIR"), pattern)
	if err == nil {
		p.temporary = append(p.temporary, dir)
	}
	return dir, osError(err)
}

// subcommand is the first argument that is no option, whether it exists or not.
func (p *process) subcommand() string {
	for _, arg := range p.args {
		if !strings.HasPrefix(arg, "-") {
			return arg
		}
		if arg == "--version" {
			return arg
		}
	}
	return ""
}

const mainUsage = "usage: nixops [-h] [--version] operation ..."

func (p *process) run() int {
	if err := p.strike("before"); err != nil {
		return p.report(err)
	}
	status, err := p.dispatch()
	if after := p.strike("after"); after != nil {
		return p.report(after)
	}
	if err != nil {
		return p.report(err)
	}
	return status
}

func (p *process) dispatch() (int, error) {
	top := &parser{prog: "nixops", options: []option{opt(0, "-h", "--help"), opt(0, "--version")}, positional: "operation"}
	if p.two() {
		top.options = append(top.options, opt(0, "--pdb"))
	}
	// Everything from the operation on is the operation's.
	own := 0
	for own < len(p.args) && !top.isValue(p.args[own]) {
		own++
	}
	args, err := top.parse(p.args[:own])
	if err != nil {
		if own < len(p.args) && commands[p.args[own]] == nil {
			return 0, p.noOperation(p.args[own])
		}
		return 0, err
	}
	switch {
	case args.flag("help"):
		p.result("%s", mainUsage)
		return 0, nil
	case args.flag("version"):
		p.result("NixOps %s", map[string]string{Version17: "1.7", Version2Pre: "@version@"}[p.version]+map[bool]string{true: "2.0.0"}[p.two()])
		return 0, nil
	case own == len(p.args):
		return 0, &usageError{"nixops", mainUsage, "the following arguments are required: operation"}
	}
	name := p.args[own]
	cmd := commands[name]
	if cmd == nil || !cmd.in(p.version) {
		return 0, p.noOperation(name)
	}
	if cmd.run == nil {
		p.progress("nixopstest: this stand-in for NixOps lacks nixops %s", name)
		return 125, nil
	}
	parser := cmd.parser(name, p.version)
	if p.options, err = parser.parse(p.args[own+1:]); err != nil {
		return 0, err
	}
	if p.options.flag("help") {
		p.result("%s", parser.usage())
		return 0, nil
	}
	if p.two() {
		return p.withStorage(cmd)
	}
	if p.db, err = openDatabase(p.options.last("state"), p.getenv); err != nil {
		return 0, err
	}
	return cmd.run(p)
}

func (p *process) noOperation(name string) error {
	return &usageError{"nixops", mainUsage, fmt.Sprintf("argument operation: invalid choice: '%s' (choose from %s)", name, choices(p.version))}
}

// progress prints a line to standard error, result one to standard output.
func (p *process) progress(format string, args ...any) {
	p.printing.Lock()
	defer p.printing.Unlock()
	fmt.Fprintf(p.stderr, format+"\n", args...)
}

func (p *process) result(format string, args ...any) {
	p.printing.Lock()
	defer p.printing.Unlock()
	fmt.Fprintf(p.stdout, format+"\n", args...)
}

// wanted is the deployment that the command line or the environment names.
func (p *process) wanted() string {
	if id := p.options.last("deployment"); id != "" {
		return id
	}
	if id := p.getenv("NIXOPS_DEPLOYMENT"); id != "" {
		return id
	}
	return p.getenv("CHARON_DEPLOYMENT")
}

// open finds the deployment that the call is about.
func (p *process) open() (*deployment, error) {
	c, err := p.db.read()
	if err != nil {
		return nil, err
	}
	return c.find(p.db, p.wanted())
}

// all is every deployment with --all, else the one that the call is about.
func (p *process) all() ([]*deployment, error) {
	if !p.options.flag("all") {
		d, err := p.open()
		if err != nil {
			return nil, err
		}
		return []*deployment{d}, nil
	}
	c, err := p.db.read()
	if err != nil {
		return nil, err
	}
	return c.Deployments, nil
}

// commit changes a deployment's rows for good, update any rows.
func (p *process) commit(uuid string, change func(*deployment) error) error {
	p.committing.Lock()
	defer p.committing.Unlock()
	return p.db.change(uuid, change)
}

func (p *process) update(change func(*contents) error) error {
	p.committing.Lock()
	defer p.committing.Unlock()
	return p.db.update(change)
}

// confirm answers a question of NixOps: without --confirm and anyone to ask, no.
func (p *process) confirm(question string) bool {
	p.progress("%s (y/N) ", question)
	return p.options.flag("confirm")
}
