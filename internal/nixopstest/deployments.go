package nixopstest

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

var validName = regexp.MustCompile(`^[a-zA-Z_\-][a-zA-Z0-9_\-\.]*$`)

// newUUID is a UUID of version 1: of the time.
func newUUID() string {
	var tail [8]byte
	_, _ = rand.Read(tail[:]) // never fails
	tail[0] = tail[0]&0x3f | 0x80
	tail[2] |= 1 // no hardware address
	t := uint64(time.Now().UnixNano()/100) + 0x01b21dd213814000
	return fmt.Sprintf("%08x-%04x-1%03x-%x-%012x", uint32(t), uint16(t>>32), uint16(t>>48)&0xfff,
		tail[:2], binary.BigEndian.Uint64(append([]byte{0, 0}, tail[2:]...)))
}

// create makes the row first and looks at its arguments then.
func (p *process) create() (int, error) {
	d := &deployment{UUID: newUUID(), Attrs: map[string]string{}}
	err := p.update(func(c *contents) error {
		c.Deployments = append(c.Deployments, d)
		return nil
	})
	if err != nil {
		return 0, err
	}
	p.progress("created deployment ‘%s’", d.UUID)
	if err := p.middle(); err != nil {
		return 0, err
	}
	name := p.options.last("name")
	if name == "" {
		name = p.wanted()
	}
	if !p.two() {
		if err := p.pointTo(d.UUID, p.options.rest); err != nil {
			return 0, err
		}
	}
	if err := p.rename(d.UUID, name); err != nil {
		return 0, err
	}
	p.result("%s", d.UUID)
	return 0, nil
}

func (p *process) rename(uuid, name string) error {
	if name == "" {
		return nil
	}
	if !validName.MatchString(name) {
		return raisef("invalid deployment name ‘%s’", name)
	}
	return p.commit(uuid, func(d *deployment) error {
		d.Attrs["name"] = name
		return nil
	})
}

// pointTo sets the network files, which need not exist.
func (p *process) pointTo(uuid string, files []string) error {
	if len(files) == 0 {
		return raisef("you must specify the path to a Nix expression and/or use ‘-t’")
	}
	dir, err := os.Getwd()
	if err != nil {
		return osError(err)
	}
	absolute := func(path string) string {
		if strings.HasPrefix(path, "<") || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(dir, path)
	}
	exprs := make([]string, len(files))
	for i, file := range files {
		exprs[i] = absolute(file)
	}
	var search []string
	for _, use := range p.options.values["I"] {
		prefix, path, ok := strings.Cut(use[0], "=")
		if ok {
			search = append(search, prefix+"="+absolute(path))
		} else {
			search = append(search, absolute(use[0]))
		}
	}
	return p.commit(uuid, func(d *deployment) error {
		d.Attrs["nixExprs"] = pyList(exprs)
		delete(d.Attrs, "nixPath")
		if len(search) > 0 {
			d.Attrs["nixPath"] = pyList(search)
		}
		return nil
	})
}

func (p *process) modify() (int, error) {
	d, err := p.open()
	if err != nil {
		return 0, err
	}
	if err := p.pointTo(d.UUID, p.options.rest); err != nil {
		return 0, err
	}
	return 0, p.rename(d.UUID, p.options.last("name"))
}

// setArgs adds to the arguments there are.
func (p *process) setArgs() (int, error) {
	d, err := p.open()
	if err != nil {
		return 0, err
	}
	return 0, p.commit(d.UUID, func(d *deployment) error {
		args := d.mapAttr("args")
		before := maps.Clone(args)
		for _, use := range p.options.values["arg"] {
			args[use[0]] = use[1]
		}
		for _, use := range p.options.values["argstr"] {
			args[use[0]] = nixString(use[1])
		}
		for _, use := range p.options.values["unset"] {
			delete(args, use[0])
		}
		if !maps.Equal(before, args) {
			d.Attrs["args"] = pyMap(args)
		}
		return nil
	})
}

func nixString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `${`, `\${`, "\n", `\n`).Replace(s) + `"`
}

func (p *process) delete() (int, error) {
	deployments, err := p.all()
	if err != nil {
		return 0, err
	}
	for _, gone := range deployments {
		if len(gone.Resources) > 0 && !p.options.flag("force") {
			return 0, raisef("cannot delete this deployment because it still has resources")
		}
		err := p.update(func(c *contents) error {
			kept := c.Deployments[:0]
			for _, d := range c.Deployments {
				if d.UUID != gone.UUID {
					kept = append(kept, d)
				}
			}
			c.Deployments = kept
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// unlock has nothing to do: the lock driver is noop.
func (p *process) unlock() (int, error) { return 0, nil }
