package graph

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/nixplan/nixplan/plan"
)

var testSize = Size{
	Node:    func(n *Node) (int, int) { return 10 * (1 + len(n.Name)%5), 10 + 10*(len(n.Note)%2) },
	Between: 40, Along: 6,
}

// randomPlan has jobs that share files and secrets by chance.
func randomPlan(r *rand.Rand, jobs int) *plan.Plan {
	p := &plan.Plan{Ref: "refs/heads/main"}
	for i := range jobs {
		job := plan.Job{Path: fmt.Sprint("job-", i), State: plan.Active, Src: ".", Deployment: fmt.Sprint("d", r.IntN(jobs))}
		for range r.IntN(4) {
			file := plan.File{Role: plan.NetworkFile, Path: fmt.Sprint("f", r.IntN(2*jobs))}
			for range r.IntN(4) {
				file.Machines = append(file.Machines, fmt.Sprint("m", r.IntN(5)))
			}
			job.Files = append(job.Files, file)
		}
		for range r.IntN(3) {
			job.Secrets = append(job.Secrets, plan.Secret{Name: "s", Source: fmt.Sprint("s", r.IntN(jobs))})
		}
		p.Jobs = append(p.Jobs, job)
	}
	return p
}

// Whatever the graph, nodes lie in their columns, apart and inside the picture,
// and lines go from where an edge begins to where it ends.
func TestPlace(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 150 {
		g := Of([]*plan.Plan{randomPlan(r, n%25)}, Options{})
		at := Place(g, testSize)
		byColumn := map[int][]Box{}
		for i, box := range at.Boxes {
			if box.X < 0 || box.Y < 0 || box.X+box.W > at.Width || box.Y+box.H > at.Height {
				t.Fatalf("%d: %+v is outside of %d × %d", n, box, at.Width, at.Height)
			}
			if !slices.ContainsFunc(at.Columns, func(c Column) bool { return c.X == box.X && slices.Contains(c.Kinds, g.Nodes[i].Kind) }) {
				t.Fatalf("%d: %s %+v is in none of %+v", n, g.Nodes[i].Kind, box, at.Columns)
			}
			byColumn[box.X] = append(byColumn[box.X], box)
		}
		for _, boxes := range byColumn {
			slices.SortFunc(boxes, func(a, b Box) int { return a.Y - b.Y })
			for i := 1; i < len(boxes); i++ {
				if boxes[i-1].Y+boxes[i-1].H+testSize.Along > boxes[i].Y {
					t.Fatalf("%d: %+v and %+v are too near", n, boxes[i-1], boxes[i])
				}
			}
		}
		for i, line := range at.Lines {
			from, to := at.Boxes[g.Edges[i].From], at.Boxes[g.Edges[i].To]
			first, last := line[0], line[len(line)-1]
			if first != (Point{from.X + from.W, from.Y + from.H/2}) || last != (Point{to.X, to.Y + to.H/2}) {
				t.Fatalf("%d: %+v does not lead from %+v to %+v", n, line, from, to)
			}
			for k := 1; k < len(line); k++ {
				if line[k].X < line[k-1].X {
					t.Fatalf("%d: %+v leads back", n, line)
				}
			}
		}
		if again := Place(g, testSize); !slices.Equal(again.Boxes, at.Boxes) {
			t.Fatalf("%d: another layout of the same graph", n)
		}
	}
}

// A job with files that nothing else has: no lines cross, jobs stay in their
// order, and a job is level with the middle of its files.
func TestPlaceTrees(t *testing.T) {
	p := &plan.Plan{Ref: "refs/heads/main"}
	for _, name := range []string{"c", "a", "b"} {
		job := plan.Job{Path: name, Src: "."}
		for _, f := range []string{"1", "2", "3"} {
			job.Files = append(job.Files, plan.File{Role: plan.NetworkFile, Path: name + f, Machines: []string{name + f}})
		}
		job.Machines = []plan.Machine{{Name: name + "1"}, {Name: name + "2"}, {Name: name + "3"}}
		p.Jobs = append(p.Jobs, job)
	}
	g := Of([]*plan.Plan{p}, Options{})
	at := Place(g, testSize)
	for i := range g.Nodes {
		for j := range g.Nodes {
			if g.Nodes[i].Kind == Job && g.Nodes[j].Name == g.Nodes[i].Name+"2" && at.Boxes[i].Y+at.Boxes[i].H/2 != at.Boxes[j].Y+at.Boxes[j].H/2 {
				t.Errorf("%s at %+v, %s at %+v", g.Nodes[i].Name, at.Boxes[i], g.Nodes[j].Name, at.Boxes[j])
			}
		}
	}
	if !(at.Boxes[0].Y < at.Boxes[1].Y && at.Boxes[1].Y < at.Boxes[2].Y) {
		t.Errorf("the jobs are in another order: %+v", at.Boxes[:3])
	}
}

// The order has far fewer crossings than the one things were met in.
func TestCrossings(t *testing.T) {
	g := Of([]*plan.Plan{randomPlan(rand.New(rand.NewPCG(3, 4)), 40)}, Options{})
	p := &placer{g: g, size: testSize}
	p.items()
	at := make([]float64, len(p.all))
	number := func() {
		for _, column := range p.cols {
			for i, item := range column {
				at[item] = float64(i)
			}
		}
	}
	number()
	before, naive := p.crossings(at), 0
	for _, column := range p.cols {
		var edges [][2]float64
		for _, i := range column {
			for _, j := range p.all[i].right {
				edges = append(edges, [2]float64{at[i], at[j]})
			}
		}
		for i, a := range edges {
			for _, b := range edges[:i] {
				if (a[0]-b[0])*(a[1]-b[1]) < 0 {
					naive++
				}
			}
		}
	}
	if before != naive {
		t.Errorf("%d crossings, counted one by one %d", before, naive)
	}
	p.order()
	number()
	if after := p.crossings(at); 2*after > before {
		t.Errorf("%d crossings, before %d", after, before)
	}
}

func TestPlaceMany(t *testing.T) {
	g := Of([]*plan.Plan{randomPlan(rand.New(rand.NewPCG(5, 6)), 1000)}, Options{})
	start := time.Now()
	at := Place(g, testSize)
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("%d nodes and %d edges took %s", len(g.Nodes), len(g.Edges), took)
	}
	if len(at.Lines) != len(g.Edges) {
		t.Errorf("%d lines for %d edges", len(at.Lines), len(g.Edges))
	}
}
