package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf16"
)

// patterns collects texts to look for.
type patterns struct {
	texts map[string]bool
}

func (p *patterns) add(text string) {
	if len(text) < MinLength {
		return
	}
	if p.texts == nil {
		p.texts = map[string]bool{}
	}
	p.texts[text] = true
}

// trimmed is a value without the line ends around it, which shells take off and
// programs put on.
func trimmed(text []byte) []byte { return bytes.TrimSpace(text) }

// addValue adds a value as a whole and line by line, for a text of several lines
// is often indented, or shown in part.
func (p *patterns) addValue(text []byte) {
	text = trimmed(text)
	if len(text) < MinLength {
		return
	}
	p.addForms(text)
	lines := bytes.Split(text, []byte("\n"))
	for _, line := range lines {
		if line = trimmed(line); len(lines) > 1 && len(line) >= MinLength && !isPublicLine(line) {
			p.addForms(line)
		}
	}
}

// isPublicLine reports whether a line is the same in every key.
func isPublicLine(line []byte) bool {
	return bytes.HasPrefix(line, []byte("-----BEGIN ")) || bytes.HasPrefix(line, []byte("-----END ")) ||
		bytes.HasPrefix(line, []byte("Version: ")) || len(bytes.Trim(line, "{}[](),;=-#* \t")) == 0
}

// addForms adds a text as it is and as other syntaxes write it.
func (p *patterns) addForms(text []byte) {
	s := string(text)
	p.add(s)
	p.add(strings.ReplaceAll(s, "\n", "\r\n"))
	for _, form := range jsonForms(s) {
		p.add(form)
		// JSON in a JSON string.
		for _, twice := range jsonForms(form) {
			p.add(twice)
		}
	}
	// Programs differ in what they leave as it is: Python, JavaScript, jq.
	for _, form := range []string{
		url.QueryEscape(s), url.PathEscape(s), percent(s, ""), percent(s, "/"), percent(s, "!*'()"), percent(s, "!*'();,/?:@&=+$#"),
	} {
		p.add(form)
		p.add(lowerPercent(form))
	}
	p.addShellForms(s)
	for _, quotes := range [][2]string{{`"`, "'"}, {"&quot;", "&#39;"}, {"&quot;", "&#x27;"}, {"&quot;", "&apos;"}, {"&#34;", "&#39;"}} {
		p.add(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, quotes[0], "'", quotes[1]).Replace(s))
	}
}

// jsonForms are a text as it stands between the quotes of a JSON string. Writers
// of JSON differ in what they escape.
func jsonForms(s string) []string {
	var forms []string
	for _, html := range []bool{false, true} {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(html)
		if e.Encode(s) == nil {
			form := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(b.String()), `"`), `"`)
			forms = append(forms, form, strings.ReplaceAll(form, "/", `\/`), strings.ReplaceAll(form, "\x7f", `\u007f`))
		}
	}
	return append(forms, asciiJSON(forms[0]))
}

// asciiJSON escapes what is not ASCII, as Python does by default.
func asciiJSON(form string) string {
	var b strings.Builder
	for _, r := range form {
		switch high, low := utf16.EncodeRune(r); {
		case r < 0x80:
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// percent escapes everything but letters, digits, "-._~" and safe.
func percent(s, safe string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if isAlnum(c) || strings.IndexByte("-._~"+safe, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func isAlnum(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' }

// lowerPercent has the digits of %XX in lower case.
func lowerPercent(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], bytes.ToLower(b[i+1:i+3]))
		}
	}
	return string(b)
}

// addShellForms adds a text as bash shows it, above all with "set -x".
func (p *patterns) addShellForms(s string) {
	p.add(strings.ReplaceAll(s, "'", `'\''`))
	// In double quotes.
	p.add(strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(s))
	// $'…', where something is not printable.
	p.add(ansiC(s))
	// printf %q.
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < 0x80 && !isAlnum(c) && strings.IndexByte("_-./:@%+=", c) < 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	p.add(b.String())
}

func ansiC(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		switch c {
		case '\'', '\\':
			b.WriteString(`\` + string(rune(c)))
		case '\n':
			b.WriteString(`\n`)
		case '\t':
			b.WriteString(`\t`)
		case '\r':
			b.WriteString(`\r`)
		case 0x1b:
			b.WriteString(`\E`)
		default:
			if c < 0x20 || c == 0x7f {
				fmt.Fprintf(&b, `\%03o`, c)
			} else {
				b.WriteByte(c)
			}
		}
	}
	return b.String()
}

// addValueEncodings adds the encodings of a value.
func (p *patterns) addValueEncodings(text []byte) {
	if text = trimmed(text); len(text) >= MinLength {
		p.addEncodings(text)
	}
}

// addEncodings adds what base64 and hexadecimal make of any text that contains
// this one.
func (p *patterns) addEncodings(text []byte) {
	code := hex.EncodeToString(text)
	p.add(code)
	p.add(strings.ToUpper(code))
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			// The first characters depend on the bytes before, and the last one on
			// those behind, unless both end at a character.
			shifted := encoding.EncodeToString(append(make([]byte, before), text...))
			start := (before*8 + 5) / 6
			end := (before + len(text)) * 8 / 6
			p.add(shifted[start:end])
			p.add(shifted[start:]) // nothing behind
		}
	}
}
