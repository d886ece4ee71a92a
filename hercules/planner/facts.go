package planner

import (
	"slices"
	"strings"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

// model is what a function of the model left on what it made: its name and its
// arguments, defaults applied.
func model(ev *eval.Evaluator, effect value.Value) (kind string, args value.Value, ok bool) {
	facts := attr(ev, effect, "__nixplan")
	name, args := attr(ev, facts, "kind"), attr(ev, facts, "args")
	if name.Kind() != value.String || args.Kind() != value.AttrSet {
		return "", value.Value{}, false
	}
	return name.Str(), args, true
}

// attr is a forced attribute, none when there is none or it fails.
func attr(ev *eval.Evaluator, v value.Value, name string) value.Value {
	if v.Kind() != value.AttrSet {
		return value.Value{}
	}
	a := v.Attrs().Lookup(name)
	if a == nil {
		return value.Value{}
	}
	out, err := ev.Force(a.Value)
	if err != nil {
		return value.Value{}
	}
	return out
}

// isDerivation reports whether a set is a derivation.
func isDerivation(ev *eval.Evaluator, v value.Value) bool {
	kind := attr(ev, v, "type")
	return kind.Kind() == value.String && kind.Str() == "derivation" && v.Attrs().Lookup("drvPath") != nil
}

// kindOf names the function an effect was made with: the model says so, of other
// effects it is recognised.
func kindOf(ev *eval.Evaluator, effect value.Value) plan.Kind {
	if kind, _, ok := model(ev, effect); ok {
		return plan.Kind(kind)
	}
	return recognise(ev, effect)
}

// knownFacts is what facts made of an effect.
type knownFacts struct {
	at   value.Span
	job  plan.Job
	from Effect
}

// factsOnce is facts. The evaluator gives the same effect for several refs where it
// can; then it is read once.
func (b *builder) factsOnce(job *plan.Job, effect value.Value, at value.Span, from *Effect) {
	if effect.Kind() != value.AttrSet || len(job.Unknowns) > 0 {
		b.facts(job, effect, at, from)
		return
	}
	if known := b.known[effect.Attrs()]; known != nil && known.at == at && known.job.Path == job.Path {
		b.cleaned[len(b.plan.Jobs)] = true
		made := known.job
		made.AttrPath, made.AgentPath, made.Position, made.Trigger = job.AttrPath, job.AgentPath, job.Position, job.Trigger
		made.State, made.DrvPath = job.State, job.DrvPath
		*job = made
		from.Args, from.Given = known.from.Args, known.from.Given
		from.Faults, from.Taken, from.Machines, from.Settings = known.from.Faults, known.from.Taken, known.from.Machines, known.from.Settings
		return
	}
	before := len(b.plan.Diagnostics)
	b.facts(job, effect, at, from)
	if len(b.plan.Diagnostics) > before {
		return // each plan has its own
	}
	job.Clean()
	b.cleaned[len(b.plan.Jobs)] = true
	b.known[effect.Attrs()] = &knownFacts{at, *job, *from}
}

// facts fills in what a job does, and what it was read from.
func (b *builder) facts(job *plan.Job, effect value.Value, at value.Span, from *Effect) {
	job.Kind = kindOf(b.ev, effect)
	if effect.Kind() == value.UnknownValue {
		job.Unknowns = append(job.Unknowns, b.unknown("effect", effect.Unknown()))
		return
	}
	given := effect
	_, args, ok := model(b.ev, effect)
	if !ok {
		args = (&reader{b: b, job: job, at: at}).arguments(effect)
	} else if given = attr(b.ev, attr(b.ev, effect, "__nixplan"), "given"); given.IsNone() {
		given = args
	}
	r := &reader{b: b, job: job, at: at, args: args, given: given}
	e := &reader{b: b, job: job, at: at, args: effect}
	if name := e.value("name"); name.Kind() != value.None {
		job.EffectName, _, _ = b.ev.Text(name)
	}
	job.Scripts = e.scripts()
	job.UserSetup = slices.Contains(job.Scripts, "userSetupScript")
	switch job.Kind {
	case plan.RunNixOps:
		r.nixops()
	case plan.RunNixOps2:
		r.nixops2()
	}
	switch {
	case ok:
		r.others()
	case job.Kind == plan.RunNixOS, job.Kind == plan.RunNixDarwin:
		r.overSSH(effect)
	}
	r.secrets()
	from.Args, from.Given = args, given
	from.Faults, from.Taken, from.Machines, from.Settings = r.faults, r.taken, r.machines, r.settings
}

// secrets reads secretsMap: names of secrets in secrets.json, or a token that
// the CI service makes. mkEffect's derivation has it as JSON.
func (r *reader) secrets() {
	v := r.value("secretsMap")
	if v.Kind() == value.String {
		parsed, err := r.b.builtin("fromJSON", v)
		if err != nil {
			r.fail("secrets_map", err)
			return
		}
		v = parsed
	}
	switch v.Kind() {
	case value.None, value.Null:
		return
	case value.UnknownValue:
		r.unknown("secrets_map", v.Unknown())
		return
	case value.AttrSet:
	default:
		r.wrong("secretsMap", "a set", v)
		return
	}
	if isDerivation(r.b.ev, v) {
		r.wrong("secretsMap", "a set of names", v)
		return
	}
	if open := v.Attrs().Open(); open != nil {
		r.unknown("secrets_map", open)
	}
	for _, a := range v.Attrs().ByName() {
		r.secret(a)
	}
}

const gitToken = "GitToken"

func (r *reader) secret(a *value.Attr) {
	name := a.Name.String()
	v, err := r.b.ev.Force(a.Value)
	if err != nil {
		r.fail("secrets_map."+name, err)
		return
	}
	secret := plan.Secret{Name: name, Type: "Secret"}
	switch v.Kind() {
	case value.UnknownValue:
		r.unknown("secrets_map."+name, v.Unknown())
	case value.String:
		secret.Source = v.Str()
	case value.AttrSet:
		kind := attr(r.b.ev, v, "type")
		if kind.Kind() != value.String || kind.Str() != gitToken {
			r.badSecret(a, "a set without type = \"GitToken\"")
			return
		}
		secret.Type = gitToken
	default:
		r.badSecret(a, v.Kind().InWords())
		return
	}
	r.job.Secrets = append(r.job.Secrets, secret)
}

func (r *reader) badSecret(a *value.Attr, what string) {
	r.b.report(r.job.Path, &diag.Diagnostic{
		ID:      idSecret,
		Range:   a.Pos.Span().Range(),
		Summary: "secretsMap." + a.Name.String() + " is " + what + ", which agents refuse",
		Help:    "name a secret of secrets.json, or write { type = \"GitToken\"; }",
	})
}

// notFacts are arguments that say nothing about what a job does, or are shown
// elsewhere.
var notFacts = []string{
	"__nixplan", "name", "src", "NIX_PATH", "secretsMap", "inputs", "env", "passthru", "meta", "mounts", "uid", "gid",
	"buildInputs", "nativeBuildInputs", "dontUnpack", "preferLocalBuild", "allowSubstitutes", "type", "system",
	"builder", "args", "outputs", "outputName", "outPath", "drvPath", "drvAttrs", "isEffect", "stdenv",
	"userHook", "strictDeps", "doCheck", "doInstallCheck", "requiredSystemFeatures", "shellHook",
}

// factNames are the facts of effects' arguments that lie deeper.
var factNames = map[plan.Kind][]string{
	plan.RunNixOS:       {"ssh.destination", "ssh.buildOnDestination"},
	plan.RunNixDarwin:   {"ssh.destination", "ssh.buildOnDestination"},
	plan.GitWriteBranch: {"git.update.branch", "git.checkout.remote.url"},
	plan.FlakeUpdate:    append([]string{"git.update.branch", "git.checkout.remote.url"}, gitUpdate...),
	plan.ModularEffect:  gitUpdate,
}

// gitUpdate are what effects that push a branch say of what becomes of it.
var gitUpdate = []string{
	"pullRequest.base", "pullRequest.title", "pullRequest.autoMergeMethod", "baseMerge.branch", "baseMerge.method",
}

// namesOfSecrets are arguments that name a secret of secrets.json or a field of
// one, and hold none.
var namesOfSecrets = []string{"secretName", "secretField", "tokenSecret"}

// longestFact is how many bytes of a value a plan shows.
const longestFact = 160

// nixopsArguments are those that the plan of a NixOps job shows elsewhere.
var nixopsArguments = []string{
	"flake", "networkFiles", "networkArgs", "prebuild", "prebuildOnlyNetworkFiles", "deployOnlyNetworkFiles",
	"prebuildNetworkArgs", "prebuildOnlyModules", "stateName", "knownHostsName", "action", "allowReboot", "allowRecreate",
	"extraDeployArgs", "forgetState", "makeAnException", "nixops", "nix",
}

// others lists the arguments of an effect of which nixplan does not know more:
// those that are short, known texts. Of a NixOps job they are variables of the
// environment that the program gives it.
func (r *reader) others() {
	args, shown := r.args, []string(nil)
	if k := r.job.Kind; k == plan.RunNixOps || k == plan.RunNixOps2 {
		args, shown = r.given, nixopsArguments
	}
	if args.Kind() != value.AttrSet {
		return
	}
	for _, a := range args.Attrs().ByName() {
		name := a.Name.String()
		if slices.Contains(shown, name) {
			continue
		}
		if slices.Contains(notFacts, name) || strings.HasPrefix(name, "__") ||
			name == "script" || strings.HasSuffix(name, "Script") || strings.HasSuffix(name, "Phase") || strings.HasSuffix(name, "Phases") ||
			strings.HasPrefix(name, "pre") || strings.HasPrefix(name, "post") {
			continue
		}
		r.fact(name, a.Value)
	}
	if env := attr(r.b.ev, r.args, "env"); r.job.Kind == plan.ModularEffect && env.Kind() == value.AttrSet {
		for _, a := range env.Attrs().ByName() {
			if name := a.Name.String(); !strings.HasPrefix(name, "HCI_") { // those say what other settings do
				r.fact("env."+name, a.Value)
			}
		}
	}
	for _, path := range factNames[r.job.Kind] {
		v := r.args
		for step := range strings.SplitSeq(path, ".") {
			v = attr(r.b.ev, v, step)
		}
		if v.Kind() != value.None {
			r.fact(path, v)
		}
	}
}

// display is a path relative to the project, where it lies in it.
func (b *builder) display(path string) string {
	if rel, ok := b.project.Rel(path); ok {
		return rel
	}
	return path
}

// fact shows a value, if it is one that a line of text can show.
func (r *reader) fact(name string, v value.Value) {
	v, err := r.b.ev.Force(v)
	if err != nil {
		return
	}
	var shown string
	switch v.Kind() {
	case value.Bool, value.Int, value.Float:
		shown, _ = r.b.ev.Print(v)
	case value.String:
		if shown = v.Str(); strings.HasPrefix(shown, "/") {
			shown = r.b.display(shown)
		}
	case value.Path:
		shown = r.b.display(v.Path())
	case value.UnknownValue:
		if shown, _ = eval.Known(v); v.Unknown().Parts == nil {
			return // not even a part of it is known
		}
	case value.List:
		var items []string
		for i := range v.List() {
			item, err := r.b.ev.Force(v.List()[i])
			if err != nil || item.Kind() != value.String {
				return
			}
			items = append(items, item.Str())
		}
		shown = strings.Join(items, " ")
	default:
		return
	}
	if shown = oneLine(shown); shown == "" {
		return
	}
	if text.SecretName(name) && !slices.Contains(namesOfSecrets, name) {
		shown = plan.NotShown
	}
	if len(shown) > longestFact {
		shown = strings.ToValidUTF8(shown[:longestFact], "") + "…"
	}
	r.job.Facts = append(r.job.Facts, plan.Fact{Name: name, Value: shown})
}
