package cli

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nixplan/nixplan/executor/state"
	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/hercules/api"
	"github.com/nixplan/nixplan/internal/config"
	"github.com/nixplan/nixplan/internal/text"
)

// backendFlags choose where states and locks are.
type backendFlags struct {
	backend string // one of config.StateBackends, "" for what else says so
	dir     string
	api     string
	project string

	// lease is one that the caller has, and that does not block; "": the environment
	// may have one.
	lease string

	// retryFor is how long a server is asked again, see [api.Options].
	retryFor time.Duration
	// onRetry is told about it; nil: a line on Err.
	onRetry func(api.Retry)

	// token is what a server was asked with, after open; the zero value for a
	// directory.
	token api.Token
}

// whereState is the part of the help on how the backend is found.
const whereState = `States and locks are in a directory, or with Hercules CI (see docs/state.md). Which
one is the first of: the flags, the "state" block of nixplan.hcl, inside of an effect
Hercules CI, and otherwise the directory
$XDG_STATE_HOME/nixplan/state/FORGE/OWNER/NAME.`

func (f *backendFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.backend, "state-backend", "", "where states are: `BACKEND` is file or hercules")
	flags.StringVar(&f.dir, "state-dir", "", "keep states in `DIR`; implies --state-backend file")
	flags.StringVar(&f.project, "project", "", "Hercules CI's `SITE/OWNER/NAME` of the project, or its id; implies --state-backend hercules")
	flags.StringVar(&f.api, "api", "", "`URL` of Hercules CI's API; implies --state-backend hercules")
	complete(cmd, "state-backend", config.StateBackends...)
}

// choose decides on a backend and where it is, from flags and settings. The
// environment decides later.
func (f *backendFlags) choose(streams *Streams, settings *config.Config) (backend, dir, base, project string, err error) {
	hercules := f.api != "" || f.project != ""
	switch {
	case f.backend != "" && f.backend != "file" && f.backend != "hercules":
		return "", "", "", "", usagef("unknown backend %q for --state-backend, want file or hercules", f.backend)
	case f.dir != "" && (hercules || f.backend == "hercules"):
		return "", "", "", "", usagef("--state-dir is for the backend file, and other flags choose hercules")
	case hercules && f.backend == "file":
		return "", "", "", "", usagef("--api and --project are for the backend hercules, and --state-backend is file")
	}
	backend = f.backend
	switch {
	case backend != "":
	case f.dir != "":
		backend = "file"
	case hercules:
		backend = "hercules"
	}
	if s := settings.State; s != nil && (backend == "" || backend == s.Backend) {
		backend, dir, base, project = s.Backend, settings.Path(s.Directory), s.API, s.Project
	}
	if backend == "" {
		backend = "file"
		if api.InEffect(streams.Getenv) {
			// What an effect writes to files is gone when it ends.
			backend = "hercules"
		}
	}
	return backend, cmp.Or(f.dir, dir), cmp.Or(f.api, base), cmp.Or(f.project, project), nil
}

// open gives the backend that flags, settings and environment choose. project is the
// repository, nil when there is none.
func (f *backendFlags) open(ctx context.Context, streams *Streams, project *hercules.Project, settings *config.Config) (state.Store, state.Locker, error) {
	if settings == nil {
		settings = &config.Config{}
	}
	backend, dir, base, named, err := f.choose(streams, settings)
	if err != nil {
		return nil, nil, err
	}
	identity := identityOf(project, settings)
	if backend == "file" {
		if dir, err = stateDirectory(streams, dir, project, identity); err != nil {
			return nil, nil, err
		}
		return state.NewFileStore(dir), state.NewFileLocker(dir), nil
	}
	client, err := f.client(streams, base)
	if err != nil {
		return nil, nil, err
	}
	at, current, err := f.herculesProject(ctx, streams, client, named, project, identity)
	if err != nil {
		return nil, nil, err
	}
	parent := f.lease
	if parent == "" {
		if parent, err = api.LeaseFrom(streams.Getenv); err != nil {
			return nil, nil, usagef("%v", err)
		}
	}
	return state.NewHerculesStore(client, at, current), state.NewHerculesLocker(client, at, parent), nil
}

// client is a client for the server at base, "" for the usual one.
func (f *backendFlags) client(streams *Streams, base string) (*api.Client, error) {
	// What nixplan.hcl says may be anybody's word: that of a pull request, say.
	trusted := base == "" || f.api != ""
	base = cmp.Or(base, api.BaseFrom(streams.Getenv), api.DefaultBase)
	token, err := api.FindToken(base, trusted, streams.Getenv)
	if err != nil {
		failed := usagef("%v", err)
		failed.help = "'hci login' writes one; see docs/state.md for where else it can be."
		return nil, failed
	}
	f.token = token
	onRetry := f.onRetry
	if onRetry == nil {
		onRetry = func(r api.Retry) {
			fmt.Fprintf(streams.Err, "nixplan: %s; trying again in %s\n", text.Line(r.Err.Error()), r.Wait.Round(100*time.Millisecond))
		}
	}
	client, err := api.New(base, token, api.Options{RetryFor: f.retryFor, OnRetry: onRetry, UserAgent: "nixplan/" + Version()})
	if err != nil {
		return nil, usagef("%v", err)
	}
	return client, nil
}

// herculesProject is what the server calls the project. current: the effect's token
// says it, and the project, which may be missing then, is for what that cannot do.
func (f *backendFlags) herculesProject(ctx context.Context, streams *Streams, client *api.Client, named string, project *hercules.Project, identity hercules.Identity) (at api.Project, current bool, err error) {
	if named != "" {
		if at, err = api.ParseProject(named); err != nil {
			return at, false, usagef("%v", err)
		}
		return at, false, nil
	}
	current = api.InEffect(streams.Getenv)
	at, ok, err := api.ProjectFrom(streams.Getenv)
	if err != nil {
		return at, false, usagef("%v", err)
	}
	if ok {
		return at, current, nil
	}
	if identity.Forge != "" && identity.Owner != "" && identity.Name != "" {
		return api.Project{Site: identity.Forge, Owner: identity.Owner, Name: identity.Name}, current, nil
	}
	if current {
		return at, true, nil
	}
	if project == nil || project.Remote() == nil || project.Remote().Host == "" {
		err := usagef("which project of Hercules CI this is cannot be told: the repository has no remote")
		err.help = "Name it with --project SITE/OWNER/NAME, or in nixplan.hcl."
		return at, false, err
	}
	at, err = state.FindProject(ctx, client, project.Remote().URL)
	return at, false, err
}

// identityOf is what is said about a repository, by the user rather than by git.
func identityOf(project *hercules.Project, settings *config.Config) hercules.Identity {
	var identity hercules.Identity
	if project != nil {
		identity = project.Identity
	}
	if s := settings.Project; s != nil {
		identity.Forge = cmp.Or(s.Forge, identity.Forge)
		identity.Owner = cmp.Or(s.Owner, identity.Owner)
		identity.Name = cmp.Or(s.Name, identity.Name)
	}
	return identity
}

// stateDirectory is the directory of the file backend, absolute. named is what flags
// or settings say.
func stateDirectory(streams *Streams, named string, project *hercules.Project, identity hercules.Identity) (string, error) {
	if named != "" {
		if filepath.IsAbs(named) {
			return filepath.Clean(named), nil
		}
		dir, err := workingDir()
		return filepath.Join(dir, named), err
	}
	home, err := stateHome(streams)
	if err != nil {
		return "", err
	}
	if project != nil {
		if r := project.Remote(); r != nil && r.Host != "" {
			identity.Forge = cmp.Or(identity.Forge, r.Forge, r.Host)
			identity.Owner = cmp.Or(identity.Owner, r.Owner)
			identity.Name = cmp.Or(identity.Name, r.Name)
		}
	}
	at := filepath.Join(home, "state")
	if identity.Forge != "" && identity.Name != "" {
		return filepath.Join(at, state.EncodeName(identity.Forge), state.EncodeName(identity.Owner), state.EncodeName(identity.Name)), nil
	}
	// A repository that is nowhere else is known by where it is.
	root := ""
	if project != nil {
		root = project.Root
	} else if root, err = workingDir(); err != nil {
		return "", err
	}
	if resolved, err := filepath.EvalSymlinks(root); err == nil {
		root = resolved
	}
	return filepath.Join(at, "local", state.EncodeName(root)), nil
}

// stateHome is the directory for what nixplan keeps between runs.
func stateHome(streams *Streams) (string, error) {
	if at := streams.Getenv("XDG_STATE_HOME"); filepath.IsAbs(at) {
		return filepath.Join(at, "nixplan"), nil
	}
	home := streams.Getenv("HOME")
	if !filepath.IsAbs(home) {
		err := usagef("there is no place for states: neither $XDG_STATE_HOME nor $HOME names a directory")
		err.help = "Set one of them, or use --state-dir."
		return "", err
	}
	return filepath.Join(home, ".local", "state", "nixplan"), nil
}

// openBackend opens the backend of the repository of the working directory.
func (f *backendFlags) openBackend(ctx context.Context, streams *Streams) (state.Store, state.Locker, error) {
	project, settings, err := openSettings(streams)
	if err != nil {
		return nil, nil, err
	}
	if f.retryFor == 0 {
		f.retryFor = time.Minute // somebody is waiting
	}
	return f.open(ctx, streams, project, settings)
}

// openSettings finds the repository of the working directory and what its
// nixplan.hcl says.
func openSettings(streams *Streams) (*hercules.Project, *config.Config, error) {
	project, err := hercules.FindProject("")
	if err != nil {
		return nil, nil, err
	}
	c, list, err := config.Find(nil, project.Root, project.Top())
	if err != nil {
		return nil, nil, err
	}
	if list.HasErrors() {
		if err := streams.findings(list); err != nil {
			return nil, nil, err
		}
		return nil, nil, &exitError{code: exitUsage}
	}
	return project, c, nil
}

// flags are the flags as a command line has them, for a run that is carried on later.
func (f *backendFlags) flags() []string {
	var args []string
	for _, flag := range []struct{ name, value string }{
		{"state-backend", f.backend}, {"state-dir", f.dir}, {"project", f.project}, {"api", f.api},
	} {
		if flag.value != "" {
			args = append(args, "--"+flag.name+"="+flag.value)
		}
	}
	return args
}

// parse takes what flags gave, for those that are not set.
func (f *backendFlags) parse(args []string) {
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		for flag, at := range map[string]*string{"--state-backend": &f.backend, "--state-dir": &f.dir, "--project": &f.project, "--api": &f.api} {
			if name == flag {
				*at = cmp.Or(*at, value)
			}
		}
	}
}
