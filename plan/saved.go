package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/nixplan/nixplan/internal/text"
)

// A saved plan is the document with a checksum over itself, so that one that was
// cut short or changed on its way is not taken for what was planned. It guards
// against accidents: who wants to forge a plan can compute the checksum as well.

// checksumField is the name of the checksum in the document.
const checksumField = "checksum"

const checksumPrefix = "sha256:"

// LoadError says why a document cannot be read as a saved plan.
type LoadError struct {
	Problem string // "it is not a plan: …"
	Help    string
}

func (e *LoadError) Error() string { return e.Problem }

// Save gives p, which must be normalized, as the document of a saved plan.
func Save(p *Plan) ([]byte, error) {
	saved := *p
	saved.Checksum = ""
	var b bytes.Buffer
	if err := text.WriteJSON(&b, &saved); err != nil {
		return nil, err
	}
	var err error
	if saved.Checksum, err = checksum(b.Bytes()); err != nil {
		return nil, err
	}
	b.Reset()
	err = text.WriteJSON(&b, &saved)
	return b.Bytes(), err
}

// checksum is the SHA-256 of the document without its checksum: its members by
// name, without white space. What it is made of are the bytes that were read,
// fields this version does not know among them.
func checksum(document []byte) (string, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(document, &members); err != nil {
		return "", err
	}
	delete(members, checksumField)
	canonical, err := json.Marshal(members)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(canonical)
	return checksumPrefix + hex.EncodeToString(sum[:]), nil
}

// Load reads what Save gave, by this or another version of nixplan with the same
// major FormatVersion. Fields of later minor versions are left out. The error is
// a *LoadError.
func Load(document []byte) (*Plan, error) {
	const save = "save it again with nixplan plan --out FILE"
	var head struct {
		FormatVersion string `json:"format_version"`
		ToolVersion   string `json:"tool_version"`
		Checksum      string `json:"checksum"`
	}
	if err := json.Unmarshal(document, &head); err != nil {
		return nil, &LoadError{notJSON(document, err), save}
	}
	if head.FormatVersion == "" {
		return nil, &LoadError{"it is not a plan: it has no format_version", "nixplan plan --out FILE saves one"}
	}
	// Before the rest, which another version may have changed.
	if err := readable(head.FormatVersion, head.ToolVersion); err != nil {
		return nil, err
	}
	if head.Checksum == "" {
		return nil, &LoadError{"it has no checksum, so nobody can tell whether it is whole", "nixplan plan --out FILE saves a plan with one; --format json does not"}
	}
	if sum, err := checksum(document); err != nil || sum != head.Checksum {
		return nil, &LoadError{"it was changed after it was saved: its checksum does not match", save}
	}
	var p Plan
	if err := json.Unmarshal(document, &p); err != nil {
		return nil, &LoadError{"it is not a plan: " + describeJSON(err), save}
	}
	p.Normalize()
	p.Checksum = ""
	return &p, nil
}

// readable refuses versions with another major number.
func readable(version, tool string) error {
	major := func(version string) int {
		number, _, _ := strings.Cut(version, ".")
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 {
			return -1
		}
		return n
	}
	got, want := major(version), major(FormatVersion)
	by := ""
	if tool != "" {
		by = " of nixplan " + text.Line(tool)
	}
	switch {
	case got == want:
		return nil
	case got < 0:
		return &LoadError{fmt.Sprintf("it is not a plan: %q is no format version", version), "nixplan plan --out FILE saves one"}
	case got > want:
		return &LoadError{fmt.Sprintf("it has format version %s%s, and this nixplan reads %d.x", text.Line(version), by, want), "update nixplan, or save the plan with this version"}
	default:
		return &LoadError{fmt.Sprintf("it has the old format version %s%s, and this nixplan reads %d.x", text.Line(version), by, want), "save the plan again with this version"}
	}
}

// notJSON says what is wrong with a document that cannot be parsed.
func notJSON(document []byte, err error) string {
	switch trimmed := bytes.TrimSpace(document); {
	case len(trimmed) == 0:
		return "it is empty"
	case trimmed[0] != '{':
		return "it is not a plan: a plan is a JSON object"
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && syntax.Offset >= int64(len(bytes.TrimRight(document, " \t\r\n"))) {
		return "it ends early: the rest of the JSON is missing"
	}
	return "it is not a plan: " + describeJSON(err)
}

// describeJSON is an error about JSON without the names of Go's types.
func describeJSON(err error) string {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Sprintf("%s cannot be a %s", text.Line(wrong.Field), wrong.Value)
	}
	return text.Line(err.Error())
}
