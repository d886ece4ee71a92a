package graph

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/plan"
)

// shop is a job with a network file of its own and one that it shares.
func shop(name string, machines ...string) plan.Job {
	job := plan.Job{
		Path: name, Kind: plan.RunNixOps, Deployment: "shop-" + name, State: plan.Active, Src: "networks",
		Files: []plan.File{
			{Role: plan.NetworkFile, Path: "shop.nix", Machines: machines},
			{Role: plan.DeployOnlyFile, Path: name + ".nix"},
		},
		Secrets: []plan.Secret{{Name: "aws", Type: "Secret", Source: "aws-" + name}, {Name: "shared", Type: "Secret", Source: "shared"}},
	}
	for _, m := range machines {
		job.Machines = append(job.Machines, plan.Machine{Name: m, TargetEnv: "ec2"})
	}
	return job
}

func planOf(ref string, jobs ...plan.Job) *plan.Plan {
	return &plan.Plan{Ref: ref, Jobs: jobs}
}

// describe writes a graph as text, an edge a line.
func describe(g *Graph) string {
	var b strings.Builder
	name := func(i int) string {
		n := &g.Nodes[i]
		s := n.Name
		if n.Count > 1 {
			s = fmt.Sprint(n.Count, " of kind ", n.Kind)
		}
		for _, more := range []string{n.Note, n.Problem, string(n.Mark)} {
			if more != "" {
				s += ", " + more
			}
		}
		return s
	}
	connected := map[int]bool{}
	for _, e := range g.Edges {
		connected[e.From], connected[e.To] = true, true
		fmt.Fprintf(&b, "%s -> %s", name(e.From), name(e.To))
		if e.Label+string(e.Mark) != "" {
			fmt.Fprintf(&b, " [%s %s]", e.Label, e.Mark)
		}
		b.WriteByte('\n')
	}
	for i := range g.Nodes {
		if !connected[i] {
			b.WriteString(name(i) + "\n")
		}
	}
	if g.Omitted > 0 {
		fmt.Fprintf(&b, "%d omitted\n", g.Omitted)
	}
	return b.String()
}

func check(t *testing.T, g *Graph, want string) {
	t.Helper()
	if diff := cmp.Diff(strings.TrimLeft(want, "\n"), describe(g)); diff != "" {
		t.Error(diff)
	}
}

func TestOf(t *testing.T) {
	no := false
	broken := shop("broken")
	broken.Files[1].Exists = &no
	broken.Src = "" // so nobody knows which files these are
	broken.Secrets = []plan.Secret{{Name: "token", Type: "GitToken"}}
	host := plan.Job{Path: "host", Kind: plan.RunNixOS, State: plan.Inactive, Facts: []plan.Fact{{Name: "ssh.destination", Value: "root@one.example"}}}
	p := planOf("refs/heads/main", shop("a", "web"), shop("b", "web", "db"), broken, host)
	p.SomeJobs = []plan.SomeJobs{{Path: "more", Kind: plan.MkEffect, State: plan.Undetermined}}
	check(t, Of([]*plan.Plan{p}, Options{}), `
a, runNixOps shop-a -> networks/shop.nix
a, runNixOps shop-a -> networks/a.nix, deploy-only
a, runNixOps shop-a -> aws-a, as aws
a, runNixOps shop-a -> shared
b, runNixOps shop-b -> networks/shop.nix
b, runNixOps shop-b -> networks/b.nix, deploy-only
b, runNixOps shop-b -> shared
b, runNixOps shop-b -> aws-b, as aws
broken, runNixOps shop-broken -> shop.nix
broken, runNixOps shop-broken -> broken.nix, deploy-only, does not exist
broken, runNixOps shop-broken -> token, git token
host, runNixOS -> root@one.example, over SSH
networks/shop.nix -> web, ec2 of shop-a
networks/shop.nix -> web, ec2 of shop-b
networks/shop.nix -> db, ec2
more.…, mkEffect
`)
}

// The state of a job is the one that reaches furthest among the refs.
func TestStates(t *testing.T) {
	state := func(s plan.State) *plan.Plan {
		job := shop("a")
		job.State = s
		return planOf("refs/heads/x", job)
	}
	for _, test := range []struct {
		states []plan.State
		want   plan.State
	}{
		{[]plan.State{plan.Inactive, plan.Active, plan.Undetermined}, plan.Active},
		{[]plan.State{plan.Inactive, plan.Undetermined}, plan.Undetermined},
		{[]plan.State{plan.Inactive}, plan.Inactive},
	} {
		var plans []*plan.Plan
		for _, s := range test.states {
			plans = append(plans, state(s))
		}
		if got := Of(plans, Options{}).Nodes[0].State; got != test.want {
			t.Errorf("%v: %s", test.states, got)
		}
	}
}

func TestCompare(t *testing.T) {
	before, after := shop("a", "web", "old"), shop("renamed", "web", "new")
	after.Deployment = before.Deployment
	after.Machines[0].TargetEnv = "none"
	same := shop("same", "one")
	check(t, Compare(
		[]*plan.Plan{planOf("refs/heads/main", before, shop("gone"), same)},
		[]*plan.Plan{planOf("refs/heads/main", after, same, shop("young"))},
		Changes{
			Jobs: map[string]Mark{"renamed": Changed}, JobsWere: map[string]string{"a": "renamed"},
			Files: map[string]Mark{"networks/renamed.nix": Changed, "networks/shop.nix": Changed}, FilesWere: map[string]string{"networks/a.nix": "networks/renamed.nix"},
		}, Options{}), `
renamed, runNixOps shop-a, changed -> networks/shop.nix, changed
renamed, runNixOps shop-a, changed -> networks/renamed.nix, deploy-only, changed
renamed, runNixOps shop-a, changed -> aws-renamed, as aws, added [ added]
renamed, runNixOps shop-a, changed -> shared
renamed, runNixOps shop-a, changed -> aws-a, as aws, removed [ removed]
same, runNixOps shop-same -> networks/shop.nix, changed
same, runNixOps shop-same -> networks/same.nix, deploy-only
same, runNixOps shop-same -> shared
same, runNixOps shop-same -> aws-same, as aws
young, runNixOps shop-young, added -> networks/shop.nix, changed [ added]
young, runNixOps shop-young, added -> networks/young.nix, deploy-only, added [ added]
young, runNixOps shop-young, added -> shared [ added]
young, runNixOps shop-young, added -> aws-young, as aws, added [ added]
gone, runNixOps shop-gone, removed -> networks/shop.nix, changed [ removed]
gone, runNixOps shop-gone, removed -> networks/gone.nix, deploy-only, removed [ removed]
gone, runNixOps shop-gone, removed -> shared [ removed]
gone, runNixOps shop-gone, removed -> aws-gone, as aws, removed [ removed]
networks/shop.nix, changed -> web, none, changed
networks/shop.nix, changed -> new, ec2, added [ added]
networks/shop.nix, changed -> one, ec2
networks/shop.nix, changed -> old, ec2, removed [ removed]
`)
}

// Many things that hang on the same are one; those that differ stay.
func TestFold(t *testing.T) {
	var machines []string
	for i := range 20 {
		machines = append(machines, fmt.Sprintf("m%02d", i))
	}
	job := shop("a", machines...)
	job.Files[1].Machines = machines[:1]
	g := Of([]*plan.Plan{planOf("refs/heads/main", job)}, Options{})
	check(t, g, `
a, runNixOps shop-a -> networks/shop.nix
a, runNixOps shop-a -> networks/a.nix, deploy-only
a, runNixOps shop-a -> aws-a, as aws
a, runNixOps shop-a -> shared
networks/shop.nix -> m00, ec2
networks/shop.nix -> 19 of kind machine
networks/a.nix, deploy-only -> m00, ec2
`)
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Count > 1 && !slices.Equal(n.Names, machines[1:]) {
			t.Errorf("names: %v", n.Names)
		}
	}
}

// With a limit the jobs stay that change, then those that are active, and all
// that hangs on them.
func TestLimit(t *testing.T) {
	var jobs []plan.Job
	for i := range 30 {
		job := shop(fmt.Sprintf("j%02d", i), "web")
		job.State = []plan.State{plan.Inactive, plan.Undetermined, plan.Active}[i%3]
		jobs = append(jobs, job)
	}
	p := []*plan.Plan{planOf("refs/heads/main", jobs...)}
	g := Compare(p, p, Changes{Jobs: map[string]Mark{"j00": Changed}}, Options{Jobs: 12})
	var names []string
	kinds := map[Kind]int{}
	for i := range g.Nodes {
		kinds[g.Nodes[i].Kind]++
		if g.Nodes[i].Kind == Job {
			names = append(names, g.Nodes[i].Name)
		}
	}
	if got, want := strings.Join(names, " "), "j00 j01 j02 j05 j08 j11 j14 j17 j20 j23 j26 j29"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if g.Omitted != 18 || kinds[File] != 13 || kinds[Machine] != 1 {
		t.Errorf("%d omitted, %v", g.Omitted, kinds)
	}
	g = Of(p, Options{Select: func(path string) bool { return path == "j07" }})
	if len(g.Nodes) != 6 || g.Omitted != 0 {
		t.Errorf("selected: %s", describe(g))
	}
}

func TestCredentials(t *testing.T) {
	const token = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
	job := shop("a")
	job.Files[0].Path = token + ".nix"
	job.Machines = []plan.Machine{{Name: "m", TargetHost: "https://user:pass@example.org/" + token}}
	job.Secrets[0].Name = token
	g := Of([]*plan.Plan{planOf("refs/heads/main", job)}, Options{})
	if s := describe(g); strings.Contains(s, token) || strings.Contains(s, "pass") || !strings.Contains(s, "****") {
		t.Error(s)
	}
}

// What jobs do with the same thing in different ways is said of the edges.
func TestLabels(t *testing.T) {
	a, b := shop("a"), shop("b")
	b.Files = []plan.File{{Role: plan.PrebuildOnlyFile, Path: "a.nix"}}
	b.Secrets = []plan.Secret{{Name: "other", Source: "aws-a"}}
	check(t, Of([]*plan.Plan{planOf("refs/heads/main", a, b)}, Options{}), `
a, runNixOps shop-a -> networks/shop.nix
a, runNixOps shop-a -> networks/a.nix [deploy-only ]
a, runNixOps shop-a -> aws-a [aws ]
a, runNixOps shop-a -> shared
b, runNixOps shop-b -> networks/a.nix [prebuild-only ]
b, runNixOps shop-b -> aws-a [other ]
`)
}

// A job that cannot be evaluated on one side does not come, and neither does what
// hangs on it.
func TestNotMissing(t *testing.T) {
	head := []*plan.Plan{planOf("refs/heads/main", shop("a", "web"))}
	check(t, Compare([]*plan.Plan{planOf("refs/heads/main")}, head, Changes{Jobs: map[string]Mark{"a": Changed}}, Options{}), `
a, runNixOps shop-a, changed -> networks/shop.nix
a, runNixOps shop-a, changed -> networks/a.nix, deploy-only
a, runNixOps shop-a, changed -> aws-a, as aws
a, runNixOps shop-a, changed -> shared
networks/shop.nix -> web, ec2
`)
}
