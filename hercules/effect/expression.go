package effect

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/nixplan/nixplan/hercules"
	"github.com/nixplan/nixplan/internal/text"
)

// What the expressions throw, to be recognised in Nix's message.
const (
	throwMissing = "nixplan: no attribute " // followed by its path in single quotes
	throwInputs  = "nixplan: extra inputs"
)

// functions are what an agent does to get from an entry file to an attribute.
// autoCall is that of nix-instantiate --arg: a function with formals gets those
// that it names, one with an ellipsis all. Which of them a function is can only be
// seen in how toXML writes it.
const functions = `
  call = f: x: if builtins.isFunction f then f x else f;
  autoCall = args: f:
    let pattern = builtins.substring 0 200 (builtins.toXML f);
    in
    if builtins.isAttrs f then functor args f
    else if !(builtins.isFunction f) || builtins.match ".*<attrspat.*" pattern == null then f
    else if builtins.match ".*<attrspat ellipsis=\"1\".*" pattern != null then f args
    else f (builtins.intersectAttrs (builtins.functionArgs f) args);
  functor = args: set: if set ? __functor then autoCall args (set.__functor set) else set;
  select = at: name: set: set.${name} or (throw "` + throwMissing + `'${at}'");
`

// expression is a Nix expression for the value at a job's path, the arguments being
// those of an agent.
type expression struct {
	project  *hercules.Project
	source   hercules.GitSource
	checkout checkout
	dirty    bool // the work tree differs from the commit
}

// at is the expression for a path as plans have it: AgentPath, or another below the
// same handler.
func (x *expression) at(form hercules.Form, path []string) string {
	var b strings.Builder
	b.WriteString("let" + functions)
	fmt.Fprintf(&b, "  source = %s;\n", x.gitSource(form))
	value, rest := "functor args (autoCall args root)", path
	step := "functor args (%s)"
	if form == hercules.Flake {
		fmt.Fprintf(&b, "  root = builtins.getFlake %s;\n", text.QuoteNix(x.flake()))
	} else {
		fmt.Fprintf(&b, "  root = import %s;\n", text.QuoteNix(filepath.Join(x.checkout.Root, filepath.FromSlash(x.project.Entry))))
		b.WriteString("  args = { src = source; };\n")
	}
	if form != hercules.Legacy && len(path) >= 2 {
		b.WriteString(x.herculesCI(form, path[0], path[1]))
		value, rest, step = "outputs", path[2:], "%s"
	}
	for i, name := range rest {
		at := hercules.JoinPath(path[:len(path)-len(rest)+i+1])
		value = fmt.Sprintf("select %s %s (%s)", text.QuoteNix(at), text.QuoteNix(name), value)
		if i < len(rest)-1 {
			value = fmt.Sprintf(step, value)
		}
	}
	return b.String() + "in " + value
}

// herculesCI defines outputs, those of a handler.
func (x *expression) herculesCI(form hercules.Form, event, name string) string {
	at := hercules.JoinPath([]string{event, name})
	var b strings.Builder
	b.WriteString(`  ciArgs = {
    inherit (source) rev shortRev ref branch tag;
    primaryRepo = source;
    herculesCI = { apiBaseUrl = ` + text.QuoteNix(hercules.APIBaseURL) + `; ciSystems = null; };
  };
`)
	if form == hercules.Flake {
		b.WriteString(`  given = call (root.herculesCI or { }) ciArgs;
  config = given // (if given ? onPush then { } else { onPush.default.outputs = { effects = call root.effects ciArgs; }; });
`)
	} else {
		b.WriteString("  config = call (autoCall args root).herculesCI ciArgs;\n")
	}
	fmt.Fprintf(&b, "  handler = select %s %s (select %s %s config);\n",
		text.QuoteNix(at), text.QuoteNix(name), text.QuoteNix(event), text.QuoteNix(event))
	b.WriteString(`  outputs =
    if builtins.isFunction handler.outputs && (handler.extraInputs or { }) != { } then throw "` + throwInputs + `"
    else call handler.outputs { };
`)
	return b.String()
}

// gitSource is src, or primaryRepo. What nobody knows fails when it is used.
func (x *expression) gitSource(form hercules.Form) string {
	outPath := text.QuoteNix(x.checkout.Root)
	if form == hercules.Flake {
		outPath = "root.outPath"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "{ outPath = %s;", outPath)
	for _, arg := range x.source.Arguments(true) {
		name := strings.TrimPrefix(arg.Name, "src.")
		value := arg.Value
		if value == "" {
			value = "throw " + text.QuoteNix(arg.Name+" is not known here, while an agent knows it: git has no commit or no remote that tells")
		}
		fmt.Fprintf(&b, " %s = %s;", name, value)
	}
	return b.String() + " }"
}

// flake is the repository as a flake reference: the commit, or, where the work tree
// differs from it, what git tracks there.
func (x *expression) flake() string {
	query := url.Values{}
	if x.project.Inner != "" {
		query.Set("dir", x.project.Inner)
	}
	if !x.dirty && x.source.Rev != "" {
		query.Set("rev", x.source.Rev)
	}
	if x.project.Git.Shallow {
		query.Set("shallow", "1")
	}
	u := url.URL{Scheme: "git+file", Path: x.project.Git.Top(), RawQuery: query.Encode()}
	return u.String()
}
