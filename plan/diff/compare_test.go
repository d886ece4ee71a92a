package diff

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/plan"
)

// singleChanges each change one thing, which is what has to be reported, with
// what follows from it and nothing else.
var singleChanges = []struct {
	name string
	edit func(w *world)
	want string
}{
	{"another revision", func(w *world) { w.rev = strings.Repeat("b", 40) }, ""},
	{"lines added above", func(w *world) {
		w.network(func(j *plan.Job) { j.Position.Line += 7 })
		place := *w.findings[0].Place
		place.Line += 7
		w.findings[0].Place = &place
		w.findings[0].Summary = "old finding at network.nix:10:3"
	}, ""},
	{"job added", func(w *world) {
		w.edit(func(p *plan.Plan) {
			p.Jobs = append(p.Jobs, plan.Job{
				Path: "new", AttrPath: []string{"new"}, Kind: plan.MkEffect, State: plan.Active,
				Trigger: plan.Trigger{Kind: plan.Push}, Secrets: []plan.Secret{{Name: "k", Type: "Secret", Source: "neat-k"}},
			})
		})
	}, `
job added new runs
activated state absent → active
added secret k → neat-k`},
	{"job removed", func(w *world) {
		w.edit(func(p *plan.Plan) { p.Jobs = p.Jobs[:1] })
	}, `
job removed docs runs
deactivated state active → absent
removed argument bucket neat-docs`},
	{"job added for one ref only", func(w *world) {
		w.edit(func(p *plan.Plan) {
			if p.Ref == mainBranch {
				p.Jobs = append(p.Jobs, plan.Job{Path: "new", AttrPath: []string{"new"}, Kind: plan.MkEffect, State: plan.Active})
			}
		})
	}, `
job added new runs
activated state absent → active [main]`},
	{"network file lost, and with it a target", func(w *world) {
		w.network(func(j *plan.Job) {
			j.Files = slices.Clone(j.Files)
			j.Files[0].Exists, j.Files[0].Error = new(bool), "there is no such file in src"
			j.Machines = slices.Clone(j.Machines)
			j.Machines[0].TargetEnv, j.Machines[0].TargetHost = "", ""
		})
	}, `
job changed neat-network runs
changed file network.nix network → network, does not exist`},
	{"attribute renamed", func(w *world) {
		w.network(func(j *plan.Job) { j.Path, j.AttrPath = "network", []string{"network"} })
		w.scripts = map[string]map[string]string{"network": w.scripts["neat-network"]}
	}, `
job moved network runs was neat-network`},
	{"attribute renamed and action changed", func(w *world) {
		w.network(func(j *plan.Job) {
			j.Path, j.AttrPath = "network", []string{"network"}
			j.Prebuild = true
		})
		w.scripts = map[string]map[string]string{"network": w.scripts["neat-network"]}
	}, `
job moved network runs was neat-network
changed prebuild false → true`},
	{"activated", func(w *world) {
		w.network(func(j *plan.Job) { j.State = plan.Active })
	}, `
job changed neat-network runs
activated state inactive → active [main other]`},
	{"deactivated", func(w *world) {
		w.network(func(j *plan.Job) { j.State = plan.Inactive })
	}, `
job changed neat-network runs
deactivated state active → inactive [production]`},
	{"undetermined", func(w *world) {
		w.edit(func(p *plan.Plan) {
			if p.Ref == other {
				p.Jobs[0].State = plan.Undetermined
			}
		})
	}, `
job changed neat-network may-run
undetermined state inactive → undetermined [other]`},
	{"condition", func(w *world) {
		w.network(func(j *plan.Job) { j.Condition.Terms[0].Expression = `ref == "refs/heads/production"` })
	}, `
job changed neat-network runs
changed condition src.ref == "refs/heads/production" → ref == "refs/heads/production"`},
	{"what a name in the condition stands for", func(w *world) {
		w.network(func(j *plan.Job) { j.Condition.Terms[0].Operands[1] = plan.Operand{Expression: "live", Value: `"x"`} })
	}, `
job changed neat-network runs
changed condition src.ref == "refs/heads/production" → src.ref == "refs/heads/production", live is "x"`},
	{"kind", func(w *world) {
		w.edit(func(p *plan.Plan) { p.Jobs[1].Kind = plan.NetlifyDeploy })
	}, `
job changed docs runs
changed kind mkEffect → netlifyDeploy`},
	{"effect name", func(w *world) {
		w.edit(func(p *plan.Plan) { p.Jobs[1].EffectName = "docs" })
	}, `
job changed docs runs
changed effect_name publish-docs → docs`},
	{"action", func(w *world) {
		w.network(func(j *plan.Job) { a, _ := plan.NixOpsAction("dry-activate"); j.Action = &a })
	}, `
job changed neat-network runs
changed action switch: nixops deploy --confirm --allow-reboot --allow-recreate → dry-activate: nixops deploy --confirm --allow-reboot --allow-recreate --dry-activate
changed step deploy`},
	{"action that saves no state", func(w *world) {
		w.network(func(j *plan.Job) { a, _ := plan.NixOpsAction("dry-run"); j.Action = &a })
	}, `
job changed neat-network runs
changed action switch: nixops deploy --confirm --allow-reboot --allow-recreate → dry-run: nixops deploy --confirm --allow-reboot --allow-recreate --dry-run
changed step deploy
removed step export
removed step put-state
removed step check`},
	{"argument", func(w *world) {
		w.edit(func(p *plan.Plan) { p.Jobs[1].Facts[0].Value = "other-docs" })
	}, `
job changed docs runs
changed argument bucket neat-docs → other-docs`},
	{"network argument", func(w *world) {
		w.network(func(j *plan.Job) { j.NetworkArgs[0].JSON = `"bye"` })
	}, `
job changed neat-network runs
changed network_argument motd "hello" → "bye"
changed step set-args`},
	{"deployment name", func(w *world) {
		w.network(func(j *plan.Job) { j.Deployment, j.EffectName = "bar", "nixops-bar" })
	}, `
job changed neat-network runs
changed deployment foo → bar
changed step import
changed step modify
changed step create
changed step set-args
changed step prior-check
changed step version
changed step deploy
changed step export
changed step check`},
	{"state name", func(w *world) {
		w.network(func(j *plan.Job) { j.StateFiles[0].Name = "other.json" })
	}, `
job changed neat-network runs
changed state_file deployment nixops-foo.json → other.json
changed step lock
changed step unlock`},
	{"src", func(w *world) {
		w.network(func(j *plan.Job) { j.Src = "sub" })
		for _, name := range []string{"network.nix", "network-ec2.nix"} {
			w.files["sub/"+name] = w.files[name]
		}
	}, `
job changed neat-network runs
changed src . → sub
file added sub/network-ec2.nix network runs +1 -0
file added sub/network.nix network runs +6 -0`},
	{"prebuild", func(w *world) {
		w.network(func(j *plan.Job) { j.Prebuild = true })
	}, `
job changed neat-network runs
changed prebuild false → true`},
	{"schedule", func(w *world) {
		w.edit(func(p *plan.Plan) {
			p.Jobs = append(p.Jobs, plan.Job{Path: "nightly", AttrPath: []string{"nightly"}, State: plan.Active,
				Trigger: plan.Trigger{Kind: plan.Schedule, Name: "nightly", When: &plan.When{Hour: []int{4}}}})
		})
	}, `
job added nightly runs
activated state absent → active
added schedule → in hour 4 UTC`},
	{"network file", func(w *world) {
		w.files["network.nix"] = strings.Replace(networkText, "true", "false", 1)
	}, `
job changed neat-network runs
changed file_content network.nix
file changed network.nix network runs +1 -1`},
	{"network file that is too odd to show", func(w *world) {
		w.files["network.nix"] += "\x00"
	}, `
job changed neat-network runs
changed file_content network.nix
file changed network.nix network runs not a text, or its lines are too long to show`},
	{"network file renamed", func(w *world) {
		w.network(func(j *plan.Job) { j.Files[0].Path = "machines.nix" })
		w.files["machines.nix"] = networkText
		delete(w.files, "network.nix")
		w.findings[0].Place = &diag.Place{File: "machines.nix", Line: 3, Column: 3, EndLine: 3, EndColumn: 10, Text: "  backend = { ... }: {"}
	}, `
job changed neat-network runs
moved file machines.nix network.nix → machines.nix
changed step modify
changed step create
file moved machines.nix network runs was network.nix`},
	{"network file renamed and edited", func(w *world) {
		w.network(func(j *plan.Job) { j.Files[0].Path = "machines.nix" })
		w.files["machines.nix"] = strings.Replace(networkText, "true", "false", 1)
		delete(w.files, "network.nix")
		w.findings[0].Place = &diag.Place{File: "machines.nix", Line: 3, Column: 3, EndLine: 3, EndColumn: 10, Text: "  backend = { ... }: {"}
	}, `
job changed neat-network runs
moved file machines.nix network.nix → machines.nix
changed file_content machines.nix
changed step modify
changed step create
file moved machines.nix network runs +1 -1 was network.nix`},
	{"network file added", func(w *world) {
		w.network(func(j *plan.Job) {
			j.Files = append(j.Files, plan.File{Role: plan.DeployOnlyFile, Path: "secrets.nix", Exists: yes()})
		})
		w.files["secrets.nix"] = "{ database.deployment.keys = { }; }\n"
	}, `
job changed neat-network runs
added file secrets.nix → deploy-only
changed step modify
changed step create
file added secrets.nix deploy-only runs +1 -0`},
	{"network file removed, the file stays", func(w *world) {
		w.network(func(j *plan.Job) { j.Files = j.Files[:1] })
	}, `
job changed neat-network runs
removed file network-ec2.nix network
changed step modify
changed step create`},
	{"network file missing", func(w *world) { delete(w.files, "network-ec2.nix") }, `
job changed neat-network runs
changed file network-ec2.nix network → network, does not exist
file removed network-ec2.nix network runs +0 -1`},
	{"network files in another order", func(w *world) {
		w.network(func(j *plan.Job) { slices.Reverse(j.Files) })
	}, `
job changed neat-network runs
changed file_order network network.nix network-ec2.nix → network-ec2.nix network.nix
changed step modify
changed step create`},
	{"role of a file", func(w *world) {
		w.network(func(j *plan.Job) { j.Files[1].Role = plan.PrebuildOnlyFile })
	}, `
job changed neat-network runs
changed file network-ec2.nix network → prebuild-only
changed step modify
changed step create`},
	{"imported file", func(w *world) { w.files["common.nix"] = "{ time.timeZone = \"CET\"; }\n" }, `
file changed common.nix imported may-run +1 -1`},
	{"imported file renamed", func(w *world) {
		w.files["base.nix"] = w.files["common.nix"]
		delete(w.files, "common.nix")
		w.imports = map[string]string{"base.nix": ""}
	}, `
file moved base.nix imported may-run was common.nix`},
	{"entry file, to no effect", func(w *world) { w.files["ci.nix"] = "# nothing\n{ }\n" }, ""},
	{"machine added", func(w *world) {
		w.network(func(j *plan.Job) { j.Machines = append(j.Machines, plan.Machine{Name: "cache"}) })
	}, `
job changed neat-network runs
added machine cache`},
	{"machine removed", func(w *world) {
		w.network(func(j *plan.Job) { j.Machines = j.Machines[:1] })
	}, `
job changed neat-network runs
removed machine database ec2`},
	{"machine's target", func(w *world) {
		w.network(func(j *plan.Job) {
			j.Machines[0] = plan.Machine{Name: "backend", TargetEnv: "none", TargetHost: "10.0.0.1"}
		})
	}, `
job changed neat-network runs
changed machine backend ec2 → none 10.0.0.1`},
	{"secret mapped", func(w *world) {
		w.network(func(j *plan.Job) {
			j.Secrets = append(j.Secrets, plan.Secret{Name: "ssh", Type: "Secret", Source: "neat-ssh"})
		})
	}, `
job changed neat-network runs
added secret ssh → neat-ssh`},
	{"secret's source", func(w *world) {
		w.network(func(j *plan.Job) { j.Secrets[0].Source = "other-aws" })
	}, `
job changed neat-network runs
changed secret aws neat-aws, aws_access_key_id → other-aws, aws_access_key_id`},
	{"secret's fields", func(w *world) {
		w.network(func(j *plan.Job) { j.Secrets[0].Fields = []string{"aws_access_key_id", "aws_secret_access_key"} })
	}, `
job changed neat-network runs
changed secret aws neat-aws, aws_access_key_id → neat-aws, aws_access_key_id aws_secret_access_key`},
	{"script", func(w *world) {
		w.scripts = map[string]map[string]string{"neat-network": {"userSetupScript": "writeAWSKey aws\nwriteSSHKey\n"}}
	}, `
job changed neat-network runs
changed script userSetupScript
script changed neat-network userSetupScript +1 -0`},
	{"script removed", func(w *world) {
		w.scripts = map[string]map[string]string{}
	}, `
job changed neat-network runs
removed script userSetupScript
script removed neat-network userSetupScript +0 -1`},
	{"pin", func(w *world) {
		w.edit(func(p *plan.Plan) {
			p.Pins[0].Rev = strings.Repeat("2", 40)
			p.Pins[0].URL = "https://github.com/NixOS/nixpkgs/archive/" + p.Pins[0].Rev + ".tar.gz"
		})
	}, `
pin changed nixpkgs https://github.com/NixOS/nixpkgs/compare/` + strings.Repeat("1", 40) + "..." + strings.Repeat("2", 40)},
	{"pin's hash", func(w *world) {
		w.edit(func(p *plan.Plan) { p.Pins[0].Hash = "sha256-B" })
	}, `
pin changed nixpkgs`},
	{"pin added", func(w *world) {
		w.edit(func(p *plan.Plan) {
			p.Pins = append(p.Pins, plan.Pin{Kind: "other", URL: "https://example.org/x/y.tar.gz"})
		})
	}, `
pin added x`},
	{"new finding", func(w *world) {
		w.findings = append(w.findings, Report{Record: diag.Record{ID: "NP601", Severity: "note", Summary: "not pinned"}})
	}, `
finding new NP601 not pinned`},
	{"finding fixed", func(w *world) { w.findings = []Report{} }, `
finding fixed NP508 old finding at network.nix:3:3`},
	{"finding on a line that changed", func(w *world) {
		place := *w.findings[0].Place
		place.Text = "  backend = { pkgs, ... }: {"
		w.findings[0].Place = &place
	}, ""},
	{"finding in another file", func(w *world) {
		place := *w.findings[0].Place
		place.File = "jobs.nix"
		w.findings[0].Place = &place
	}, ""},
	{"finding made once more", func(w *world) { w.findings = append(w.findings, w.findings[0]) }, `
finding new NP508 old finding at network.nix:3:3`},
	{"something unknown", func(w *world) {
		w.network(func(j *plan.Job) { j.Unknowns = append(j.Unknowns, plan.Unknown{Field: "machines", Needs: "pkgs.x"}) })
	}, `
job changed neat-network runs
added unknown machines → pkgs.x`},
	{"another entry file", func(w *world) {
		w.edit(func(p *plan.Plan) { p.Entry.Path = "nix/ci.nix" })
	}, `
entry`},
	{"derivation alone", func(w *world) {
		w.edit(func(p *plan.Plan) {
			p.Jobs[1].DrvPath = "/nix/store/" + strings.Repeat("0", 32) + "-" + w.rev[:1] + ".drv"
		})
	}, ""},
	{"the program fails", func(w *world) {
		w.edit(func(p *plan.Plan) {
			p.Jobs, p.Pins = nil, nil
			p.Diagnostics = append(p.Diagnostics, plan.Diagnostic{Record: diag.Record{ID: diag.IDScope, Severity: "error", Summary: "undefined variable"}})
		})
	}, `
job changed docs runs
deactivated state active → failed
job changed neat-network runs
deactivated state active → failed [production]
changed state inactive → failed [main other]`},
	{"a job fails for one ref", func(w *world) {
		w.edit(func(p *plan.Plan) {
			if p.Ref == production {
				p.Jobs = p.Jobs[1:]
				p.Diagnostics = append(p.Diagnostics, plan.Diagnostic{Record: diag.Record{ID: diag.IDEvaluation, Severity: "error"}, Attr: "neat-network"})
			}
		})
	}, `
job changed neat-network runs
deactivated state active → failed [production]`},
	{"a job of a name that begins alike fails", func(w *world) {
		w.edit(func(p *plan.Plan) {
			p.Jobs = p.Jobs[:1]
			p.Diagnostics = append(p.Diagnostics, plan.Diagnostic{Record: diag.Record{ID: diag.IDEvaluation, Severity: "error"}, Attr: "doc"})
		})
	}, `
job removed docs runs
deactivated state active → absent
removed argument bucket neat-docs`},
	{"herculesCI fails", func(w *world) {
		w.edit(func(p *plan.Plan) {
			p.Jobs = p.Jobs[:1]
			p.Diagnostics = append(p.Diagnostics, plan.Diagnostic{Record: diag.Record{ID: diag.IDEvaluation, Severity: "error"}, Attr: "herculesCI"})
		})
	}, `
job changed docs runs
deactivated state active → failed`},
	{"a job becomes one of some", func(w *world) {
		w.edit(func(p *plan.Plan) {
			p.Jobs = p.Jobs[:1]
			p.SomeJobs = append(p.SomeJobs, plan.SomeJobs{State: plan.Active})
		})
	}, `
job changed docs runs
undetermined state active → undetermined
job added … runs
activated state absent → active`},
	{"undetermined as a whole", func(w *world) {
		w.edit(func(p *plan.Plan) {
			p.Jobs, p.Pins = nil, nil
			p.SomeJobs = append(p.SomeJobs, plan.SomeJobs{State: plan.Undetermined})
		})
	}, `
job changed docs runs
undetermined state active → undetermined
job changed neat-network runs
undetermined state active → undetermined [production]
undetermined state inactive → undetermined [main other]
job added … may-run
undetermined state absent → undetermined`},
	{"jobs whose names are not known", func(w *world) {
		w.edit(func(p *plan.Plan) {
			p.SomeJobs = append(p.SomeJobs, plan.SomeJobs{Path: "envs", AttrPath: []string{"envs"}, State: plan.Undetermined})
		})
	}, `
job added envs.… may-run
undetermined state absent → undetermined`},
}

func lines(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == '\n' })
}

func described(c *Changes) []string {
	out := []string{}
	for _, line := range describe(c) {
		out = append(out, strings.TrimRight(line, " "))
	}
	return out
}

func TestSingleChanges(t *testing.T) {
	for _, test := range singleChanges {
		t.Run(test.name, func(t *testing.T) {
			w := neatWorld()
			test.edit(w)
			c := Compare(neatWorld().side("base"), w.side("head"))
			if diff := cmp.Diff(append([]string{}, lines(test.want)...), described(c)); diff != "" {
				t.Error(diff)
			}
			if c.Empty() != (test.want == "") {
				t.Error("Empty is", c.Empty())
			}
		})
	}
}

// What is said to be identical is, whatever field of a job differs.
func TestIdentical(t *testing.T) {
	whole := neatWorld().plan(production).Jobs[0]
	differs := func(path string) {
		t.Helper()
		if other := neatWorld().plan(production).Jobs[0]; identical(reflect.ValueOf(whole), reflect.ValueOf(other)) {
			t.Error(path, "makes no difference")
		}
	}
	var change func(v reflect.Value, path string)
	change = func(v reflect.Value, path string) {
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				change(v.Field(i), path+"."+v.Type().Field(i).Name)
			}
			return
		case reflect.Pointer:
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			} else {
				v.SetZero()
			}
		case reflect.Slice:
			for i := range v.Len() {
				change(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
			}
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		case reflect.String:
			v.SetString(v.String() + "x")
		case reflect.Bool:
			v.SetBool(!v.Bool())
		case reflect.Int, reflect.Int64:
			v.SetInt(v.Int() + 1)
		default:
			t.Fatal("a field of another kind: ", path)
		}
		differs(path)
		v.Set(old)
	}
	if other := neatWorld().plan(production).Jobs[0]; !identical(reflect.ValueOf(whole), reflect.ValueOf(other)) {
		t.Fatal("a job differs from itself")
	}
	change(reflect.ValueOf(&whole).Elem(), "job")
}

// A comparison with itself is empty, whatever there is.
func TestSame(t *testing.T) {
	for _, test := range singleChanges {
		w := neatWorld()
		test.edit(w)
		if c := Compare(w.side("a"), w.side("b")); !c.Empty() {
			t.Errorf("%s: %v", test.name, described(c))
		}
	}
}

// The way back is the way there, mirrored.
func TestMirror(t *testing.T) {
	for i, one := range singleChanges {
		for _, two := range singleChanges[i:] {
			if strings.Contains(one.name+two.name, "fail") && strings.Contains(one.name+two.name, "finding") ||
				strings.Contains(one.name+two.name, "undetermined as a whole") {
				continue // what is no longer found since nothing is evaluated is not gone; found again it is new
			}
			a, b := neatWorld(), neatWorld()
			one.edit(a)
			two.edit(b)
			there := Compare(a.side("a"), b.side("b"))
			back := Compare(b.side("b"), a.side("a"))
			mirror(back)
			want, got := described(there), described(back)
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %s: %s", one.name, two.name, diff)
			}
		}
	}
}

func mirror(c *Changes) {
	swap := map[Change]Change{Added: Removed, Removed: Added, New: Fixed, Fixed: New}
	turn := func(what *Change) {
		if to, ok := swap[*what]; ok {
			*what = to
		}
	}
	flip := func(d *Diff) {
		if d != nil {
			d.Added, d.Removed = d.Removed, d.Added
		}
	}
	for i := range c.Jobs {
		j := &c.Jobs[i]
		turn(&j.Change)
		if j.Was != "" {
			j.Path, j.Was = j.Was, j.Path
		}
		for k := range j.Facts {
			f := &j.Facts[k]
			turn(&f.Change)
			f.Before, f.After = f.After, f.Before
			if f.Topic == State {
				f.Change = stateChange(f.Before, f.After)[0].what
			}
			if f.Topic == NetworkFile && f.Change == Moved {
				f.Name = f.After
			}
			// A file that moved is called what it is called in the head.
			if f.Topic == FileContent {
				for _, file := range c.Files {
					if file.Path == f.Name && file.Was != "" {
						f.Name = file.Was
					}
				}
			}
		}
		for k := range j.Steps {
			turn(&j.Steps[k].Change)
		}
	}
	for i := range c.Files {
		f := &c.Files[i]
		turn(&f.Change)
		flip(f.Diff)
		if f.Was != "" {
			f.Path, f.Was = f.Was, f.Path
		}
	}
	moved := map[string]string{}
	for _, j := range c.Jobs {
		moved[j.Was] = j.Path
	}
	for i := range c.Scripts {
		turn(&c.Scripts[i].Change)
		flip(c.Scripts[i].Diff)
		if to, ok := moved[c.Scripts[i].Job]; ok {
			c.Scripts[i].Job = to
		}
	}
	for i := range c.Pins {
		p := &c.Pins[i]
		turn(&p.Change)
		p.Before, p.After = p.After, p.Before
		if p.Compare != "" {
			p.Compare = CompareURL(p.Before, p.After)
		}
	}
	for i := range c.Findings {
		turn(&c.Findings[i].Change)
	}
}

// A script that names the commit it is evaluated at is not changed by the next
// commit.
func TestScriptOfCommit(t *testing.T) {
	side := func(rev, text string) Side {
		w := neatWorld()
		w.rev = strings.Repeat(rev, 40)
		w.scripts["neat-network"]["effectCheckScript"] = text + w.rev
		return w.side(rev)
	}
	if c := Compare(side("a", "test "), side("b", "test ")); !c.Empty() {
		t.Error(described(c))
	}
	if c := Compare(side("a", "test "), side("b", "check ")); len(c.Scripts) != 1 {
		t.Error(described(c))
	}
}

// What is undetermined before and after may have changed: it is not said to be the
// same.
func TestUnknownJobs(t *testing.T) {
	side := func(name string) Side {
		w := neatWorld()
		w.edit(func(p *plan.Plan) {
			p.SomeJobs = append(p.SomeJobs, plan.SomeJobs{State: plan.Undetermined})
			p.Jobs[1].Unknowns = append(p.Jobs[1].Unknowns, plan.Unknown{Field: "effect", Needs: "x"})
			for _, attr := range []string{"docs", "onPush.default.checks.x", "onPush.default.effects.broken"} {
				p.Diagnostics = append(p.Diagnostics, plan.Diagnostic{Record: diag.Record{ID: diag.IDEvaluation, Severity: "error"}, Attr: attr})
			}
		})
		return w.side(name)
	}
	c := Compare(side("a"), side("b"))
	if want := []string{"docs", "onPush.default.effects.broken", "…"}; !slices.Equal(c.Unknown, want) || c.Counts.JobsUnknown != 3 || c.Counts.JobsUnchanged != 1 || !c.Empty() {
		t.Errorf("unknown %q, unchanged %q, %+v", c.Unknown, c.Unchanged, c.Counts)
	}
}
