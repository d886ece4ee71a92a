package repo

import (
	"errors"
	"strings"
)

// config is a repository's own configuration file. Names of sections and
// variables are lower case, subsections as written.
type config []setting

type setting struct{ section, subsection, name, value string }

// last is the value of a variable; the last of several wins, as in git.
func (c config) last(section, subsection, name string) string {
	for i := len(c) - 1; i >= 0; i-- {
		if s := c[i]; s.section == section && s.subsection == subsection && s.name == name {
			return s.value
		}
	}
	return ""
}

// first is the value of a variable, the first of several: git fetches from the
// first url of a remote and only pushes to the others.
func (c config) first(section, subsection, name string) string {
	for _, s := range c {
		if s.section == section && s.subsection == subsection && s.name == name {
			return s.value
		}
	}
	return ""
}

// subsections are the names in [section "…"], in order.
func (c config) subsections(section string) []string {
	var names []string
	seen := map[string]bool{}
	for _, s := range c {
		if s.section == section && s.subsection != "" && !seen[s.subsection] {
			seen[s.subsection] = true
			names = append(names, s.subsection)
		}
	}
	return names
}

// has reports whether any variable stands in the section.
func (c config) has(section string) bool {
	for _, s := range c {
		if s.section == section {
			return true
		}
	}
	return false
}

var errConfig = errors.New("is not a configuration file that git would read")

// parseConfig reads the format that git-config(1) describes: sections with an
// optional quoted subsection, "name = value" lines, comments, quotes, backslash
// escapes and continued lines.
func parseConfig(text string) (config, error) {
	p := configParser{text: strings.TrimPrefix(text, "\uFEFF")}
	for {
		p.skipBlank()
		if p.at >= len(p.text) {
			return p.settings, nil
		}
		var ok bool
		if p.text[p.at] == '[' {
			ok = p.header()
		} else {
			ok = p.variable()
		}
		if !ok {
			return nil, errConfig
		}
	}
}

type configParser struct {
	text                string
	at                  int
	section, subsection string
	settings            config
}

func (p *configParser) skipBlank() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\r', '\n':
			p.at++
		case '#', ';':
			p.skipLine()
		default:
			return
		}
	}
}

func (p *configParser) skipLine() {
	if end := strings.IndexByte(p.text[p.at:], '\n'); end >= 0 {
		p.at += end
	} else {
		p.at = len(p.text)
	}
}

// header reads `[section]`, `[section "subsection"]` or the old `[section.sub]`.
func (p *configParser) header() bool {
	rest := p.text[p.at+1:]
	n := strings.IndexAny(rest, "] \t\r\n\"")
	if n <= 0 {
		return false
	}
	p.section, p.subsection = strings.ToLower(rest[:n]), ""
	if section, sub, ok := strings.Cut(p.section, "."); ok {
		p.section, p.subsection = section, sub
	}
	p.at += 1 + n
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
	if p.at < len(p.text) && p.text[p.at] == '"' {
		var sub strings.Builder
		for p.at++; p.at < len(p.text) && p.text[p.at] != '"'; p.at++ {
			if p.text[p.at] == '\n' {
				return false
			}
			if p.text[p.at] == '\\' && p.at+1 < len(p.text) {
				p.at++
			}
			sub.WriteByte(p.text[p.at])
		}
		p.at++
		p.subsection = sub.String()
	}
	if p.at >= len(p.text) || p.text[p.at] != ']' {
		return false
	}
	p.at++
	return true
}

// variable reads `name`, which means true, or `name = value`.
func (p *configParser) variable() bool {
	start := p.at
	for p.at < len(p.text) && isNameByte(p.text[p.at]) {
		p.at++
	}
	if p.at == start || p.section == "" {
		return false
	}
	name := strings.ToLower(p.text[start:p.at])
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t' || p.text[p.at] == '\r') {
		p.at++
	}
	value, ok := "true", true
	if p.at < len(p.text) && p.text[p.at] == '=' {
		p.at++
		value, ok = p.value()
	} else if p.at < len(p.text) && !strings.ContainsRune("\n#;", rune(p.text[p.at])) {
		return false
	}
	p.settings = append(p.settings, setting{p.section, p.subsection, name, value})
	return ok
}

func isNameByte(c byte) bool {
	return c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// value reads up to the end of the line. White space around it is dropped, and
// so is a comment, unless inside quotes.
func (p *configParser) value() (string, bool) {
	var out strings.Builder
	kept := 0 // length of out without trailing white space
	quoted := false
	for ; p.at < len(p.text); p.at++ {
		c := p.text[p.at]
		switch {
		case c == '\n':
			return out.String()[:kept], !quoted
		case c == '\r' && strings.HasPrefix(p.text[p.at:], "\r\n"):
			// the line's end
		case !quoted && (c == '#' || c == ';'):
			p.skipLine()
			return out.String()[:kept], true
		case !quoted && (c == ' ' || c == '\t'):
			if out.Len() > 0 {
				out.WriteByte(c)
			}
		case c == '"':
			quoted = !quoted
		case c == '\\':
			p.at++
			rest := p.text[min(p.at, len(p.text)):]
			if strings.HasPrefix(rest, "\r\n") {
				p.at++
				continue
			}
			if rest == "" {
				return "", false
			}
			switch rest[0] {
			case '\n':
				continue
			case 'n':
				out.WriteByte('\n')
			case 't':
				out.WriteByte('\t')
			case 'b':
				out.WriteByte('\b')
			case '\\', '"':
				out.WriteByte(rest[0])
			default:
				return "", false
			}
			kept = out.Len()
		default:
			out.WriteByte(c)
			kept = out.Len()
		}
	}
	return out.String()[:kept], !quoted
}
