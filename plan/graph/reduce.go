package graph

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/nixplan/nixplan/plan"
)

// limit keeps the most important jobs and what hangs on them.
func (g *Graph) limit(most int) {
	var jobs []int
	for i := range g.Nodes {
		if g.Nodes[i].Kind == Job {
			jobs = append(jobs, i)
		}
	}
	if most <= 0 || len(jobs) <= most {
		return
	}
	rank := func(i int) int {
		n := &g.Nodes[i]
		return 4*btoi(n.Mark == "") + slices.Index([]plan.State{plan.Active, plan.Undetermined, plan.Inactive}, n.State)
	}
	slices.SortStableFunc(jobs, func(a, b int) int { return rank(a) - rank(b) })
	g.Omitted = len(jobs) - most
	out := make([][]int, len(g.Nodes))
	for _, e := range g.Edges {
		out[e.From] = append(out[e.From], e.To)
	}
	keep := make([]bool, len(g.Nodes))
	for _, i := range jobs[:most] {
		g.reach(i, out, keep)
	}
	g.filter(keep)
}

// reach marks a job and all that hangs on it: of a file that it shares, its own
// machines only.
func (g *Graph) reach(job int, out [][]int, seen []bool) {
	seen[job] = true
	for _, i := range out[job] {
		seen[i] = true
		if g.Nodes[i].Kind != File {
			continue
		}
		for _, m := range out[i] {
			seen[m] = seen[m] || slices.Contains(g.Nodes[m].jobs, job)
		}
	}
}

// filter keeps some nodes, and the edges between them.
func (g *Graph) filter(keep []bool) {
	at := make([]int, len(g.Nodes))
	var nodes []Node
	for i, n := range g.Nodes {
		at[i] = len(nodes)
		if keep[i] {
			nodes = append(nodes, n)
		}
	}
	var edges []Edge
	for _, e := range g.Edges {
		if keep[e.From] && keep[e.To] {
			e.From, e.To = at[e.From], at[e.To]
			edges = append(edges, e)
		}
	}
	g.Nodes, g.Edges = nodes, edges
}

// mostAlike is how many files, machines or secrets may hang on the same nodes
// before they become one.
const mostAlike = 8

// fold makes one node of many that hang on the same ones and fare alike.
// Farthest first: what files have in common may be the machines.
func (g *Graph) fold() {
	for _, kind := range []Kind{Machine, Secret, File} {
		parents := make([][]string, len(g.Nodes))
		for _, e := range g.Edges {
			parents[e.To] = append(parents[e.To], fmt.Sprint(e.From, e.Mark, e.Label != "", kind == File && e.Label == string(plan.DeployOnlyFile)))
			if kind == File { // and what it leads to
				parents[e.From] = append(parents[e.From], fmt.Sprint("to", e.To, e.Mark))
			}
		}
		alike := map[string][]int{}
		var keys []string
		for i := range g.Nodes {
			if n := &g.Nodes[i]; n.Kind == kind && n.Problem == "" {
				slices.Sort(parents[i])
				key := fmt.Sprint(n.Mark, parents[i])
				if alike[key] == nil {
					keys = append(keys, key)
				}
				alike[key] = append(alike[key], i)
			}
		}
		keep := make([]bool, len(g.Nodes))
		for i := range keep {
			keep[i] = true
		}
		for _, key := range keys {
			list := alike[key]
			if len(list) <= mostAlike {
				continue
			}
			one := &g.Nodes[list[0]]
			for _, i := range list {
				one.Names = append(one.Names, g.Nodes[i].Name)
				keep[i] = i == list[0]
			}
			slices.Sort(one.Names)
			one.Count, one.Name, one.Note = len(list), "", ""
			for i := range g.Edges {
				if e := &g.Edges[i]; kind == Secret && e.To == list[0] {
					e.Label = "" // each has its own
				}
			}
		}
		g.filter(keep)
	}
}

// sort puts nodes in the order of their kinds, and within in the one in which
// they were met, and edges in the order of what they connect.
func (g *Graph) sort() {
	order := make([]int, len(g.Nodes))
	for i := range order {
		order[i] = i
	}
	kinds := []Kind{Job, File, Machine, Secret}
	slices.SortStableFunc(order, func(a, b int) int {
		return slices.Index(kinds, g.Nodes[a].Kind) - slices.Index(kinds, g.Nodes[b].Kind)
	})
	nodes, at := make([]Node, len(order)), make([]int, len(order))
	for to, from := range order {
		nodes[to], at[from] = g.Nodes[from], to
	}
	g.Nodes = nodes
	for i := range g.Edges {
		g.Edges[i].From, g.Edges[i].To = at[g.Edges[i].From], at[g.Edges[i].To]
	}
	slices.SortStableFunc(g.Edges, func(a, b Edge) int { return cmp.Or(a.From-b.From, a.To-b.To) })
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// lift writes to files and secrets what all edges to them say.
func (g *Graph) lift() {
	labels := make([][]*Edge, len(g.Nodes))
	for i := range g.Edges {
		e := &g.Edges[i]
		labels[e.To] = append(labels[e.To], e)
	}
	for i, edges := range labels {
		n := &g.Nodes[i]
		if len(edges) == 0 || edges[0].Label == "" || n.Note != "" ||
			slices.ContainsFunc(edges, func(e *Edge) bool { return e.Label != edges[0].Label }) {
			continue
		}
		n.Note = edges[0].Label
		if n.Kind == Secret {
			n.Note = "as " + n.Note
		}
		for _, e := range edges {
			e.Label = ""
		}
	}
}
