package eval

import (
	"path/filepath"
	"strings"

	"github.com/nixplan/nixplan/eval/model"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/eval/world"
)

// addSource gives the store path a source stands at in the modelled world.
// Fetching the same thing twice gives the same path.
func (ev *Evaluator) addSource(s *world.Source) value.Value {
	if s.Name == "" {
		s.Name = "source"
	}
	if s.Kind == "" {
		var fork string
		if s.Kind, fork = ev.sourceKind(s.URL); fork != "" {
			ev.assumeLike(fork, s.Kind)
		}
	}
	s.Path = world.StorePath(strings.Join([]string{s.Kind, s.URL, s.Rev, s.Ref, s.Hash}, "\x00"), s.Name)
	ev.world.AddMount(&world.Mount{Path: s.Path, Files: model.Files(s.Kind), Source: s})
	return storeString(s.Path)
}

// assumeLike notes that a source is taken for one of a modelled kind.
func (ev *Evaluator) assumeLike(source, kind string) {
	text := source + " is like " + model.Original(kind)
	ev.likenesses = append(ev.likenesses, ev.readable(text))
	ev.assume(text, value.Span{})
}

// Likenesses say which sources are taken to be like the ones that are modelled:
// "neat/nixpkgs is like NixOS/nixpkgs". What the model refuses they may accept.
func (ev *Evaluator) Likenesses() []string { return ev.likenesses }

// sourceKind is which modelled source is at an address, "" for none, and of which
// fork, if it is one.
func (ev *Evaluator) sourceKind(url string) (kind, fork string) {
	if ev.opts.SourceKind != nil {
		if kind := ev.opts.SourceKind(url); kind != "" {
			return kind, ""
		}
	}
	return model.Kind(url)
}

// storeString is a store path as a string that refers to itself.
func storeString(path string) value.Value {
	return value.NewStringContext(path, value.NewContext(value.ContextElem{Kind: value.Opaque, Path: path}))
}

// copyToStore is the store path of a file or directory, as "${./x}" needs it. In
// the modelled world it is a name for the path itself: nothing is hashed, and
// what lies below is read where it is.
func (ev *Evaluator) copyToStore(m *value.Machine, path string, at value.Span) value.Value {
	return ev.copyNamed(m, path, filepath.Base(path), at)
}

func (ev *Evaluator) copyNamed(m *value.Machine, path, name string, at value.Span) value.Value {
	if !ev.opts.Model {
		return ev.hashIntoStore(m, path, name, at)
	}
	if mount, sub := ev.world.Mount(path); mount != nil && sub == "" {
		return storeString(path)
	}
	if _, err := ev.world.Lstat(path); err != nil {
		return ev.unreadable(m, err, path, at)
	}
	real := ev.world.RealPath(path)
	stored := world.StorePath("copy\x00"+path+"\x00"+name, storeName(name))
	if real != "" {
		ev.world.AddMount(&world.Mount{Path: stored, Dir: real})
	}
	return storeString(stored)
}

// storeName makes a file name fit for a store path.
func storeName(name string) string {
	name = strings.TrimLeft(name, ".")
	ok := func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("+-._?=", r):
			return r
		}
		return '-'
	}
	if name = strings.Map(ok, name); name == "" {
		return "source"
	}
	return name
}

// searchSource is what <name> stands for when the search path lacks it, in the
// modelled world.
func (ev *Evaluator) searchSource(m *value.Machine, name string) (value.Value, bool) {
	if name == "nix/fetchurl.nix" {
		return ev.ownPath("fetchurl.nix"), true
	}
	if !ev.opts.Model {
		return value.Value{}, false
	}
	first, rest, _ := strings.Cut(name, "/")
	if kind, _ := model.Kind(first); kind != "" {
		s := ev.addSource(&world.Source{URL: "<" + first + ">", Kind: kind, Name: first})
		return value.NewPath(canonPath(s.Str() + "/" + rest)), true
	}
	return value.NewUnknown(&value.Unknown{Origin: "<" + name + ">", Reason: "it is not in the search path", At: ev.userSpan(m, value.Span{})}), true
}

// readable replaces the store paths in a text for people by what lies there: a
// path of the repository, or the name of a source.
func (ev *Evaluator) readable(text string) string {
	if !ev.opts.Model || !strings.Contains(text, world.StoreDir) {
		return text
	}
	for _, m := range ev.world.Mounts() {
		switch {
		case m.Source != nil:
			text = strings.ReplaceAll(text, m.Path, sourceText(m.Source, ""))
		case m.Dir != "" && m.Dir == ev.opts.DisplayDir:
			text = strings.ReplaceAll(text, m.Path+"/", "")
			text = strings.ReplaceAll(text, m.Path, ".")
		case m.Dir != "":
			text = strings.ReplaceAll(text, m.Path, ev.Display(m.Dir))
		}
	}
	return text
}

// Display shortens a path for people: relative to the directory the program
// works on, where it lies below it.
func (ev *Evaluator) Display(path string) string {
	if ev.opts.DisplayDir != "" {
		if rest, ok := strings.CutPrefix(path, ev.opts.DisplayDir+"/"); ok {
			return rest
		}
	}
	return path
}
