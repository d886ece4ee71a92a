// Package graph draws what plans deploy: jobs, the network files they name, the
// machines these define, and the secrets the jobs are given.
//
// Of makes a graph, which Place lays out. Nothing here knows a format, reads a
// file or measures a font, and equal input gives equal output. There are no
// values of secrets in a graph, as there are none in a plan.
package graph

import "github.com/nixplan/nixplan/plan"

// Kind is what a node stands for.
type Kind string

const (
	Job     Kind = "job"
	File    Kind = "file"
	Machine Kind = "machine"
	Secret  Kind = "secret"
)

// Mark says what a change does to a node or an edge; "" is for what stays, and
// for the graph of one side.
type Mark string

const (
	Added   Mark = "added"
	Removed Mark = "removed"
	Changed Mark = "changed"
)

// Node is a thing in the picture.
type Node struct {
	Kind Kind
	Name string // as the plan has it
	// Note says more in a few words: a job's kind, a machine's target.
	Note string
	// Problem is why a file cannot be read.
	Problem string
	// State is a job's: for several refs the one that reaches furthest.
	State plan.State
	Mark  Mark
	// Count is how many things the node stands for; above 1 it has no name, and
	// Names are theirs.
	Count int
	Names []string

	key   string // tells nodes apart
	jobs  []int  // of a machine: the jobs that deploy it
	sides side
}

// Edge leads from a job to its files and secrets, and from files to machines.
type Edge struct {
	From, To int // indices of nodes
	// Label is the file's role where it is not "network", and the name that an
	// effect has for a secret where that is another one. What all edges to
	// a node have in common is in its note.
	Label string
	Mark  Mark

	sides side
}

// Graph is what is drawn. Nodes come by kind: jobs first.
type Graph struct {
	Nodes []Node
	Edges []Edge
	// Omitted are the jobs that the limit left out.
	Omitted int
}

// Options restrict a graph.
type Options struct {
	// Jobs is how many jobs there may be; 0: all. Those that an agent runs, or
	// that change, stay.
	Jobs int
	// Select keeps the jobs for which it is true; nil keeps all.
	Select func(path string) bool
}

// DefaultJobs is how many jobs a picture has unless more are asked for.
const DefaultJobs = 40

// side is where a thing was seen.
type side uint8

const (
	inBase side = 1 << iota
	inHead
	both = inBase | inHead
)
