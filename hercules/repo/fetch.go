package repo

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// The functions here use the network. They are for a bare repository of our own
// that nobody else configures.

// InitBare makes an empty bare repository.
func InitBare(ctx context.Context, dir string) error {
	args := append(slices.Concat(safety, offline), "-c", "init.defaultBranch=main", "-c", "init.templateDir=",
		"init", "--bare", "--quiet", "--", dir)
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Env = cleanEnvironment(func(string) bool { return false })
	_, err := (*Git)(nil).output(cmd, "init")
	return err
}

// FetchOptions say what Fetch brings.
type FetchOptions struct {
	// URL is where from: https, http, ssh or git, or the scp form.
	URL string
	// Refspecs are what to bring, in git's form.
	Refspecs []string
	// Shallow leaves history away.
	Shallow bool
}

// Fetch brings objects into the repository. Nothing is asked of the user: of
// credentials, only what ssh's agent and the user's own git configuration have
// is used. No other protocol than the URL's is spoken, wherever a server
// redirects to.
func (g *Git) Fetch(ctx context.Context, o FetchOptions) error {
	scheme := "ssh" // host:path
	if before, _, ok := strings.Cut(o.URL, "://"); ok {
		scheme = strings.ToLower(before)
	}
	args := append(slices.Clone(safety), "-c", "fetch.fsckObjects=true", "--git-dir="+g.Dir,
		"fetch", "--quiet", "--force", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance")
	if o.Shallow {
		args = append(args, "--depth=1")
	}
	args = append(append(args, "--", remoteName), o.Refspecs...)
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Env = cleanEnvironment(func(string) bool { return false })
	ssh := os.Getenv("GIT_SSH_COMMAND")
	if ssh == "" {
		ssh = "ssh -oBatchMode=yes"
	}
	cmd.Env = append(cmd.Env, "GIT_SSH_COMMAND="+ssh, noProtocol+scheme)
	// The address may have a password, so it does not stand among the arguments,
	// which every user of the machine can read.
	cmd.Env = appendConfig(cmd.Env, [2]string{"remote." + remoteName + ".url", o.URL})
	_, err := g.output(cmd, "fetch")
	return err
}

// remoteName is what Fetch calls the address it is given.
const remoteName = "nixplan"

// appendConfig adds configuration entries to an environment.
func appendConfig(env []string, entries ...[2]string) []string {
	for i, e := range entries {
		n := strconv.Itoa(i)
		env = append(env, "GIT_CONFIG_KEY_"+n+"="+e[0], "GIT_CONFIG_VALUE_"+n+"="+e[1])
	}
	return append(env, "GIT_CONFIG_COUNT="+strconv.Itoa(len(entries)))
}
