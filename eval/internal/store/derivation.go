package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/nixplan/nixplan/eval/internal/hash"
)

// Store remembers derivations and text files, which later derivations refer
// to. It is not safe for concurrent use.
type Store struct {
	Dir Dir
	// ReadFile, unless nil, reads derivations that were not instantiated here
	// (a context may name any).
	ReadFile func(path string) ([]byte, error)

	// KeepTexts keeps what only a derivation's text needs – System, Builder, Args,
	// Env – for whoever wants to write it. Else they are gone once it is
	// instantiated: for the packages of nixpkgs they were 150 MB of 660.
	KeepTexts bool

	drvs map[string]*instance
	refs map[string][]string // of text files that are no derivations
	// text is room for the text of a derivation that is only hashed: without it
	// that was a tenth of what the packages of nixpkgs take.
	text []byte
}

type instance struct {
	drv    *Derivation
	modulo string // base 16; "" until needed
}

// New makes an empty store.
func New(dir Dir) *Store {
	return &Store{Dir: dir, drvs: map[string]*instance{}, refs: map[string][]string{}}
}

// AddText is the path of a text file with references.
func (s *Store) AddText(name, text string, refs []string) (string, error) {
	path, err := s.Dir.TextPath(name, text, refs)
	if err == nil && len(refs) > 0 {
		s.refs[path] = slices.Clone(refs)
	}
	return path, err
}

// FixedOutput is what a fixed-output derivation promises.
type FixedOutput struct {
	Hash      hash.Hash
	Recursive bool
}

// Instantiate completes a derivation and gives its path. d.Outputs has the
// outputs' names; their paths are filled in, in the environment as well. All
// input derivations must have been instantiated before, or be readable. The store
// keeps d; see KeepTexts.
func (s *Store) Instantiate(d *Derivation, fixed *FixedOutput) (drvPath string, err error) {
	if err := CheckName28(d.Name); err != nil {
		return "", err
	}
	d.sort()
	if fixed != nil {
		err = s.fixOutput(d, fixed)
	} else {
		err = s.addressOutputs(d)
	}
	if err != nil {
		return "", err
	}
	name := d.Name + ".drv"
	if err := CheckName28(name); err != nil {
		return "", err
	}
	s.text = d.aterm(s.text[:0], d.InputDrvs, false)
	drvPath = s.Dir.path(withRefs("text", s.references(d)), sha256.Sum256(s.text), name)
	if s.drvs[drvPath] != nil {
		return drvPath, nil
	}
	in := &instance{drv: d}
	if !s.KeepTexts && !d.download() {
		if _, err := s.modulo(in); err != nil { // later there is no text to hash
			return "", err
		}
		d.System, d.Builder, d.Args, d.Env = "", "", nil, nil
	}
	s.drvs[drvPath] = in
	return drvPath, nil
}

// references are the paths a .drv file refers to.
func (s *Store) references(d *Derivation) []string {
	return append(d.Inputs(), d.InputSrcs...)
}

func (s *Store) fixOutput(d *Derivation, fixed *FixedOutput) error {
	path, err := s.Dir.FixedPath(d.Name, fixed.Recursive, fixed.Hash)
	if err != nil {
		return err
	}
	algo := fixed.Hash.Algo.String()
	if fixed.Recursive {
		algo = "r:" + algo
	}
	d.Outputs = []Output{{"out", path, algo, fixed.Hash.Format(hash.Base16)}}
	d.set("out", path)
	return nil
}

// addressOutputs gives each output the path that follows from the inputs: from
// the hash of the derivation as it is with all output paths empty.
func (s *Store) addressOutputs(d *Derivation) error {
	for _, out := range d.Outputs {
		if err := CheckName28(OutputName(d.Name, out.Name)); err != nil {
			return err
		}
		d.set(out.Name, "") // present in the masked text even if it was not before
	}
	sum, err := s.moduloHash(d, true)
	if err != nil {
		return err
	}
	for i := range d.Outputs {
		out := &d.Outputs[i]
		out.Path = s.Dir.path("output:"+out.Name, sum, OutputName(d.Name, out.Name))
		d.set(out.Name, out.Path)
	}
	return nil
}

// moduloHash is the hash of the derivation's text with each input derivation
// replaced by its modulo hash. Inputs with the same hash become one.
func (s *Store) moduloHash(d *Derivation, mask bool) (sum [sha256.Size]byte, err error) {
	inputs := make([]Input, len(d.InputDrvs))
	for i, input := range d.InputDrvs {
		in, err := s.instance(input.Path)
		if err != nil {
			return sum, err
		}
		h, err := s.modulo(in)
		if err != nil {
			return sum, err
		}
		inputs[i] = Input{h, input.Output}
	}
	s.text = d.aterm(s.text[:0], sortedInputs(inputs), mask)
	return sha256.Sum256(s.text), nil
}

// modulo is a derivation's hash modulo fixed-output derivations: of those only
// the output counts, not how it is made.
func (s *Store) modulo(in *instance) (string, error) {
	if in.modulo != "" {
		return in.modulo, nil
	}
	var sum [sha256.Size]byte
	if in.drv.Fixed() {
		out := in.drv.Outputs[0]
		sum = sha256.Sum256([]byte("fixed:out:" + out.HashAlgo + ":" + out.Hash + ":" + out.Path))
	} else {
		var err error
		if sum, err = s.moduloHash(in.drv, false); err != nil {
			return "", err
		}
	}
	in.modulo = hex.EncodeToString(sum[:])
	return in.modulo, nil
}

func (s *Store) instance(drvPath string) (*instance, error) {
	if in := s.drvs[drvPath]; in != nil {
		return in, nil
	}
	if _, rest, ok := s.Dir.Split(drvPath); !ok || rest != "" || !IsDerivation(drvPath) {
		return nil, fmt.Errorf("'%s' is not the path of a derivation", drvPath)
	}
	if s.ReadFile == nil {
		return nil, fmt.Errorf("the derivation '%s' is not here", drvPath)
	}
	text, err := s.ReadFile(drvPath)
	if err != nil {
		return nil, fmt.Errorf("cannot read the derivation '%s': %w", drvPath, err)
	}
	name := s.Dir.Name(drvPath)
	d, err := ParseDerivation(name[:len(name)-len(".drv")], string(text))
	if err != nil {
		return nil, err
	}
	in := &instance{drv: d}
	s.drvs[drvPath] = in
	return in, nil
}

// download reports whether Nix would download the derivation's output itself. Its
// environment says from where.
func (d *Derivation) download() bool { return d.Builder == "builtin:fetchurl" }

// Derivation finds a derivation by its path. Without KeepTexts it may lack what
// only its text needs.
func (s *Store) Derivation(drvPath string) (*Derivation, error) {
	in, err := s.instance(drvPath)
	if err != nil {
		return nil, err
	}
	return in.drv, nil
}

// Closure is a derivation's path and all paths it refers to, directly or not,
// in order.
func (s *Store) Closure(drvPath string) ([]string, error) {
	seen := map[string]bool{drvPath: true}
	for work := []string{drvPath}; len(work) > 0; {
		path := work[len(work)-1]
		work = work[:len(work)-1]
		refs := s.refs[path]
		if IsDerivation(path) && refs == nil {
			in, err := s.instance(path)
			if err != nil {
				return nil, err
			}
			refs = s.references(in.drv)
		}
		for _, ref := range refs {
			if !seen[ref] {
				seen[ref] = true
				work = append(work, ref)
			}
		}
	}
	return slices.Sorted(maps.Keys(seen)), nil
}
