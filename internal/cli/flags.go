package cli

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nixplan/nixplan/eval/world"
)

// modelFlags choose the world that code is evaluated in.
type modelFlags struct {
	on, off bool
	include []string // -I
	fetch   bool
}

func (f *modelFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.on, "model", true, "model nixpkgs, hercules-ci-effects and fetchers")
	flags.BoolVar(&f.off, "no-model", false, "model nothing; only paths that are here can be imported, and no flakes")
	flags.VarP((*stringList)(&f.include), "include", "I", "add `NAME=PATH` or PATH to the search path of <NAME>")
	flags.BoolVar(&f.fetch, "fetch", false, "use the network for sources that are not modelled and not here")
	cmd.MarkFlagsMutuallyExclusive("model", "no-model")
}

func (f *modelFlags) enabled() bool { return f.on && !f.off }

// searchPath is what -I gives, in front of the entries of a NIX_PATH. Relative
// paths start at dir.
func (f *modelFlags) searchPath(nixPath, dir string) []world.SearchEntry {
	var entries []world.SearchEntry
	for _, entry := range append(f.include[:len(f.include):len(f.include)], splitNixPath(nixPath)...) {
		prefix, path, ok := strings.Cut(entry, "=")
		if !ok {
			prefix, path = "", entry
		}
		if !world.IsAddress(path) && !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		entries = append(entries, world.SearchEntry{Prefix: prefix, Path: path})
	}
	return entries
}

// splitNixPath splits at colons, except those of "scheme://" and "channel:".
func splitNixPath(nixPath string) []string {
	var entries []string
	for rest := nixPath; rest != ""; {
		end := 0
		for end < len(rest) {
			next := strings.IndexByte(rest[end:], ':')
			if next < 0 {
				end = len(rest)
				break
			}
			end += next
			_, path, _ := strings.Cut("="+rest[:end], "=")
			if i := strings.LastIndexByte(path, '='); i >= 0 {
				path = path[i+1:]
			}
			if !strings.HasPrefix(rest[end:], "://") && path != "channel" {
				break
			}
			end++
		}
		if entry := rest[:end]; entry != "" {
			entries = append(entries, entry)
		}
		rest = strings.TrimPrefix(rest[end:], ":")
	}
	return entries
}

// stringList is a flag that may be repeated. The flag package's own writes the
// default value of each as CSV, which is a page of memory per flag at every start.
type stringList []string

func (l *stringList) Set(s string) error { *l = append(*l, s); return nil }

func (l *stringList) String() string { return strings.Join(*l, " ") }

// Type names the flag's value in help.
func (l *stringList) Type() string { return "TEXT" }

// complete gives a flag its values for the shell's completion.
func complete(cmd *cobra.Command, flag string, values ...string) {
	// It fails only for a flag that does not exist, which the tests would show.
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err)
	}
}
