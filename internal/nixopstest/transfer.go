package nixopstest

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// exportState prints everything at once, private keys in clear.
func (p *process) exportState() (int, error) {
	deployments, err := p.all()
	if err != nil {
		return 0, err
	}
	out := map[string]any{}
	for _, d := range deployments {
		out[d.UUID] = d.export()
	}
	text := pyIndented(out, "") + "\n"
	switch p.spoiled() {
	case "empty":
		return 0, nil
	case "torn":
		_, err := io.WriteString(p.stdout, text[:len(text)/2])
		return 0, osError(err)
	}
	half := len(text) / 2
	if _, err := io.WriteString(p.stdout, text[:half]); err != nil {
		return 0, osError(err)
	}
	if err := p.middle(); err != nil {
		return 0, err
	}
	_, err = io.WriteString(p.stdout, text[half:])
	return 0, osError(err)
}

// importState is no transaction: what was written before an error stays.
func (p *process) importState() (int, error) {
	data, err := io.ReadAll(p.stdin)
	if err != nil {
		return 0, osError(err)
	}
	deployments, err := pyLoad(data)
	if err != nil {
		return 0, err
	}
	for _, m := range deployments {
		if err := p.importDeployment(m.key, m.value); err != nil {
			return 0, err
		}
		p.progress("added deployment ‘%s’", m.key)
		if p.options.flag("include-keys") {
			if err := p.importKeys(m.key); err != nil {
				return 0, err
			}
		}
	}
	return 0, nil
}

func (p *process) importDeployment(uuid string, v any) error {
	err := p.update(func(c *contents) error {
		for _, d := range c.Deployments {
			if d.UUID == uuid {
				return raisef("state file already contains a deployment with UUID ‘%s’", uuid)
			}
		}
		c.Deployments = append(c.Deployments, &deployment{UUID: uuid, Attrs: map[string]string{}})
		return nil
	})
	if err != nil {
		return err
	}
	if err := p.middle(); err != nil {
		return err
	}
	attrs, ok := v.([]member)
	if !ok {
		return raise("AttributeError", "'%s' object has no attribute 'items'", pyType(v))
	}
	var resources []member
	found := false
	for _, attr := range attrs {
		if attr.key == "resources" {
			if resources, found = attr.value.([]member); !found {
				return raise("AttributeError", "'%s' object has no attribute 'items'", pyType(attr.value))
			}
			continue
		}
		text, err := pyText(attr.value)
		if err != nil {
			return err
		}
		if err := p.commit(uuid, func(d *deployment) error { d.Attrs[attr.key] = text; return nil }); err != nil {
			return err
		}
	}
	if !found {
		return raise("KeyError", "'resources'")
	}
	for _, r := range resources {
		if err := p.importResource(uuid, r); err != nil {
			return err
		}
	}
	return nil
}

func (p *process) importResource(uuid string, m member) error {
	attrs, ok := m.value.([]member)
	if !ok {
		return raise("TypeError", "argument of type '%s' is not iterable", pyType(m.value))
	}
	r := &resource{Name: m.key, Attrs: map[string]string{}}
	for _, attr := range attrs {
		text, err := pyText(attr.value)
		if err != nil {
			return err
		}
		if attr.key == "type" {
			r.Type = text
		} else {
			r.Attrs[attr.key] = text
		}
	}
	if r.Type == "" {
		return raisef("imported resource lacks a type")
	}
	if err := p.knows(r.Type); err != nil {
		return err
	}
	return p.commit(uuid, func(d *deployment) error {
		d.Resources = append(d.Resources, r)
		return nil
	})
}

// knows fails for a type of resource that needs a plugin which is not there.
func (p *process) knows(kind string) error {
	if have := p.getenv("NIXOPSTEST_BACKENDS"); have != "" && !slices.Contains(strings.Split(have, ","), kind) {
		return raise("nixops.deployment.UnknownBackend", "unknown resource type ‘%s’", kind)
	}
	return nil
}

// importKeys makes the machines' host keys known to ssh.
func (p *process) importKeys(uuid string) error {
	c, err := p.db.read()
	if err != nil {
		return err
	}
	d, err := c.find(p.db, uuid)
	if err != nil {
		return err
	}
	for _, m := range d.machines(false) {
		address, key := m.Attrs["publicIpv4"], m.Attrs[m.Type+".publicHostKey"]
		switch {
		case address == "":
		case key == "":
			return raise("TypeError", "can only concatenate str (not \"NoneType\") to str")
		default:
			if err := p.addKnownHost(address, key); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *process) addKnownHost(address, key string) error {
	path := filepath.Join(p.getenv("HOME"), ".ssh", "known_hosts")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return osError(err)
	}
	old, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return osError(err)
	}
	line := address + " " + key
	lines := slices.DeleteFunc(strings.Split(string(old), "\n"), func(have string) bool {
		return have == "" || strings.HasPrefix(have, address+" ")
	})
	text := strings.Join(append(lines, line), "\n") + "\n"
	if err := os.WriteFile(path+".tmp", []byte(text), 0o600); err != nil {
		return osError(err)
	}
	return osError(os.Rename(path+".tmp", path))
}
