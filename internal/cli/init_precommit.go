package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"gopkg.in/yaml.v3"
)

const (
	preCommitFile = ".pre-commit-config.yaml"
	hookID        = "nixplan-check"
	repositoryURL = "https://github.com/nixplan/nixplan"
)

// newPreCommitConfig is a configuration that has nothing but nixplan's hook.
func newPreCommitConfig(version string) string {
	return "# Hooks of https://pre-commit.com; \"pre-commit install\" makes git run them.\nrepos:\n" + hookEntry(version, "  ")
}

// hookEntry is the element of the list of repos for a version of nixplan. A
// version that nobody else can get runs the nixplan that is installed.
func hookEntry(version, indent string) string {
	lines := []string{
		"- repo: local",
		"  hooks:",
		"    - id: " + hookID,
		"      name: nixplan check",
		"      entry: nixplan check",
		"      language: system",
		"      files: '" + hookFiles + "'",
		"      pass_filenames: false",
		"      require_serial: true",
	}
	if rev := hookRev(version); rev != "" {
		lines = []string{
			"- repo: " + repositoryURL,
			"  rev: " + rev,
			"  hooks:",
			"    - id: " + hookID,
		}
	}
	return indent + strings.Join(lines, "\n"+indent) + "\n"
}

// hookFiles are the files of which a change may change what check finds. It
// stands in .pre-commit-hooks.yaml as well.
const hookFiles = `\.(nix|json|toml)$|(^|/)(flake\.lock|nixplan\.hcl|[^/]*manifest\.ya?ml)$`

// hookRev is what git can check out for a version: the tag of a release, or the
// commit of a version that the go command made up. It is "" for others.
func hookRev(version string) string {
	tag := "v" + version
	if !semver.IsValid(tag) || semver.Build(tag) != "" {
		return ""
	}
	if module.IsPseudoVersion(tag) {
		rev, err := module.PseudoVersionRev(tag)
		if err != nil {
			return ""
		}
		return rev
	}
	return tag
}

// errPreCommitForm says that a configuration is written in a way that is not
// changed here: without a list in lines of its own there is no place for an
// entry that leaves the rest as it is.
var errPreCommitForm = errors.New(`"repos" is not a list with a line for each "-"`)

// addPreCommitHook adds nixplan's hook behind the last repository of a
// configuration and changes no other byte. If the hook is there already it
// returns the text as it is.
func addPreCommitHook(text []byte, version string) ([]byte, error) {
	repos, err := preCommitRepos(text)
	if err != nil {
		return nil, err
	}
	if hasHook(repos) {
		return text, nil
	}
	if repos == nil || repos.Kind != yaml.SequenceNode || repos.Style&yaml.FlowStyle != 0 || len(repos.Content) == 0 {
		return nil, errPreCommitForm
	}
	indent := strings.Repeat(" ", repos.Column-1)
	lines := strings.SplitAfter(string(text), "\n")
	end := endOfBlock(lines, repos.Content[len(repos.Content)-1].Line, len(indent))
	newline := "\n"
	if strings.HasSuffix(lines[0], "\r\n") {
		newline = "\r\n"
	}
	before := strings.Join(lines[:end], "")
	if !strings.HasSuffix(before, "\n") {
		before += newline
	}
	entry := strings.ReplaceAll(hookEntry(version, indent), "\n", newline)
	changed := []byte(before + entry + strings.Join(lines[end:], ""))
	if !addsOneRepo(text, changed) {
		return nil, errPreCommitForm
	}
	return changed, nil
}

// preCommitRepos is the value of "repos", nil when there is none.
func preCommitRepos(text []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, second yaml.Node
	if err := decoder.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("it is not valid: %w", err)
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, errors.New("it is more than one YAML document")
	}
	if len(document.Content) == 0 || document.Content[0].Kind != yaml.MappingNode {
		return nil, nil
	}
	return mappingValue(document.Content[0], "repos"), nil
}

// mappingValue is the value of a key, nil when node has none.
func mappingValue(node *yaml.Node, key string) *yaml.Node {
	if node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	return nil
}

// hasHook reports whether one of the repositories has a hook of nixplan.
func hasHook(repos *yaml.Node) bool {
	if repos == nil {
		return false
	}
	for _, repo := range repos.Content {
		hooks := mappingValue(repo, "hooks")
		if hooks == nil {
			continue
		}
		for _, hook := range hooks.Content {
			if id := mappingValue(hook, "id"); id != nil && (id.Value == hookID || id.Value == hookID+"-system") {
				return true
			}
		}
	}
	return false
}

// endOfBlock is how many lines come up to the end of the list element that
// begins in a line, given by its number from 1, and whose dash has the given
// indentation: all that follow and are indented more.
func endOfBlock(lines []string, line, indent int) int {
	end := line
	for i := line; i < len(lines); i++ {
		content := strings.TrimLeft(lines[i], " ")
		if strings.TrimSpace(content) == "" {
			continue
		}
		if len(lines[i])-len(content) <= indent {
			break
		}
		end = i + 1
	}
	return end
}

// addsOneRepo reports whether two configurations say the same but for a last
// repository that only the second has.
func addsOneRepo(before, after []byte) bool {
	var old, changed map[string]any
	if yaml.Unmarshal(before, &old) != nil || yaml.Unmarshal(after, &changed) != nil {
		return false
	}
	repos, ok := changed["repos"].([]any)
	if !ok || len(repos) == 0 {
		return false
	}
	changed["repos"] = repos[:len(repos)-1]
	return reflect.DeepEqual(old, changed)
}
