package graph

import (
	"cmp"
	"math"
	"slices"
)

// Size says how much room nodes need, in whatever unit the caller draws in.
type Size struct {
	Node           func(*Node) (width, height int)
	Between, Along int // room between columns, and between nodes of a column
}

// Box is where a node is.
type Box struct{ X, Y, W, H int }

// Point is a place in the picture.
type Point struct{ X, Y int }

// Layout is a graph with places. It begins at 0, 0.
type Layout struct {
	*Graph
	Width, Height int
	Boxes         []Box // of the nodes
	// Lines are those of the edges: from a right side to a left one, through a
	// point in the column between where there is one.
	Lines   [][]Point
	Columns []Column
}

// Column is a range of the width, and the kinds of nodes that are there.
type Column struct {
	X, W  int
	Kinds []Kind
}

// Place lays a graph out in columns from left to right: jobs, files, machines and
// secrets. Within a column the order is one with few crossings, found by the
// barycentre heuristic of Sugiyama's method; then nodes are moved to where they
// are level with what they hang on, as far as there is room.
//
// Time grows with the number of edges; a graph of 1,000 jobs takes less than a
// second.
func Place(g *Graph, size Size) *Layout {
	p := &placer{g: g, size: size}
	p.items()
	p.order()
	p.level()
	return p.layout()
}

// item is what takes up room in a column: a node, or the bend of edges that lead
// past it.
type item struct {
	node   int // -1: a bend
	height float64
	centre float64
	left   []int // items of the column before that it is connected with
	right  []int
}

type placer struct {
	g     *Graph
	size  Size
	all   []item
	cols  [][]int // items by column, in their order
	kinds [][]Kind
	bends map[int]int // node → its bend
	wide  []int       // by column
}

// items makes the columns and connects what is in them.
func (p *placer) items() {
	has := map[Kind]bool{}
	for i := range p.g.Nodes {
		has[p.g.Nodes[i].Kind] = true
	}
	column := map[Kind]int{}
	for _, kinds := range [][]Kind{{Job}, {File}, {Machine, Secret}} {
		kinds = slices.DeleteFunc(kinds, func(k Kind) bool { return !has[k] })
		for _, k := range kinds {
			column[k] = len(p.kinds)
		}
		if len(kinds) > 0 {
			p.kinds = append(p.kinds, kinds)
		}
	}
	p.cols, p.wide = make([][]int, len(p.kinds)), make([]int, len(p.kinds))
	for i := range p.g.Nodes {
		w, h := p.size.Node(&p.g.Nodes[i])
		c := column[p.g.Nodes[i].Kind]
		p.all = append(p.all, item{node: i, height: float64(h)})
		p.cols[c] = append(p.cols[c], i)
		p.wide[c] = max(p.wide[c], w)
	}
	p.bends = map[int]int{}
	for _, e := range p.g.Edges {
		from, to := e.From, e.To
		if column[p.g.Nodes[to].Kind]-column[p.g.Nodes[from].Kind] > 1 {
			bend, ok := p.bends[from]
			if !ok {
				bend = len(p.all)
				p.bends[from] = bend
				p.all = append(p.all, item{node: -1, height: float64(p.size.Along)})
				p.cols[1] = append(p.cols[1], bend)
				p.connect(from, bend)
			}
			from = bend
		}
		p.connect(from, to)
	}
}

func (p *placer) connect(from, to int) {
	p.all[from].right = append(p.all[from].right, to)
	p.all[to].left = append(p.all[to].left, from)
}

// sweeps is how often order and level go through the columns and back. More
// change little.
const sweeps = 8

// order finds an order within the columns that has few crossings.
func (p *placer) order() {
	at := make([]float64, len(p.all))
	number := func(column []int) {
		for i, item := range column {
			at[item] = float64(i)
		}
	}
	arrange := func(column []int, next func(int) []int) {
		middle := make(map[int]float64, len(column))
		for _, i := range column {
			middle[i] = at[i]
			if near := next(i); len(near) > 0 {
				sum := 0.0
				for _, j := range near {
					sum += at[j]
				}
				middle[i] = sum / float64(len(near))
			}
		}
		slices.SortStableFunc(column, func(a, b int) int { return cmp.Compare(middle[a], middle[b]) })
		number(column)
	}
	left := func(i int) []int { return p.all[i].left }
	right := func(i int) []int { return p.all[i].right }
	for _, column := range p.cols {
		number(column)
	}
	var best [][]int
	fewest := math.MaxInt
	for range sweeps {
		for c := 1; c < len(p.cols); c++ {
			arrange(p.cols[c], left)
		}
		if n := p.crossings(at); n < fewest {
			fewest, best = n, nil
			for _, column := range p.cols {
				best = append(best, slices.Clone(column))
			}
		}
		if fewest == 0 {
			break // and the jobs are in the order they were given in
		}
		for c := len(p.cols) - 2; c >= 0; c-- {
			arrange(p.cols[c], right)
		}
	}
	if best != nil {
		p.cols = best
	}
}

// crossings counts the pairs of edges that cross.
func (p *placer) crossings(at []float64) int {
	count := 0
	for _, column := range p.cols {
		// Edges in the order of their starts cross when their ends are in the other.
		most := 0
		var ends []int
		for _, i := range column {
			from := len(ends)
			for _, j := range p.all[i].right {
				ends = append(ends, int(at[j]))
				most = max(most, int(at[j]))
			}
			slices.Sort(ends[from:])
		}
		tree := make([]int, most+2) // a binary indexed tree of the ends seen
		for seen, end := range ends {
			below := 0
			for k := end + 1; k > 0; k -= k & -k {
				below += tree[k]
			}
			count += seen - below
			for k := end + 1; k < len(tree); k += k & -k {
				tree[k]++
			}
		}
	}
	return count
}

// level finds the centres: as near to the mean of what an item is connected with
// as its neighbours in the column allow.
func (p *placer) level() {
	for _, column := range p.cols {
		y := 0.0
		for _, i := range column {
			p.all[i].centre = y + p.all[i].height/2
			y += p.all[i].height + float64(p.size.Along)
		}
	}
	for range sweeps {
		for c := range p.cols {
			p.settle(p.cols[c])
		}
		for c := len(p.cols) - 2; c >= 0; c-- {
			p.settle(p.cols[c])
		}
	}
}

// settle moves a column's items so that the squares of their distances from where
// they want to be add up to the least, in their order and without overlaps. That
// is isotonic regression, solved by pooling neighbours that are in each other's
// way.
func (p *placer) settle(column []int) {
	type pool struct {
		sum, weight float64
		items       int
	}
	var pools []pool
	offset := make([]float64, len(column)) // of an item's centre within a tight stack
	for k, i := range column {
		if k > 0 {
			offset[k] = offset[k-1] + (p.all[column[k-1]].height+p.all[i].height)/2 + float64(p.size.Along)
		}
		wish, weight := p.all[i].centre, 0.01 // what is connected with nothing gives way
		if n := len(p.all[i].left) + len(p.all[i].right); n > 0 {
			sum := 0.0
			for _, j := range p.all[i].left {
				sum += p.all[j].centre
			}
			for _, j := range p.all[i].right {
				sum += p.all[j].centre
			}
			wish, weight = sum/float64(n), 1
		}
		pools = append(pools, pool{(wish - offset[k]) * weight, weight, 1})
		for n := len(pools); n > 1 && pools[n-2].sum/pools[n-2].weight > pools[n-1].sum/pools[n-1].weight; n-- {
			a, b := pools[n-2], pools[n-1]
			pools = append(pools[:n-2], pool{a.sum + b.sum, a.weight + b.weight, a.items + b.items})
		}
	}
	k := 0
	for _, q := range pools {
		for range q.items {
			p.all[column[k]].centre = q.sum/q.weight + offset[k]
			k++
		}
	}
}

// layout rounds to whole numbers.
func (p *placer) layout() *Layout {
	out := &Layout{Graph: p.g, Boxes: make([]Box, len(p.g.Nodes))}
	top := math.Inf(1)
	for _, i := range p.all {
		top = min(top, i.centre-i.height/2)
	}
	x := 0
	bend := map[int]Box{}
	for c, column := range p.cols {
		out.Columns = append(out.Columns, Column{x, p.wide[c], p.kinds[c]})
		bottom := 0
		for k, i := range column {
			it := &p.all[i]
			box := Box{x, int(math.Round(it.centre - it.height/2 - top)), p.wide[c], int(it.height)}
			if k > 0 { // rounding must not bring two together
				box.Y = max(box.Y, bottom)
			}
			bottom = box.Y + box.H + p.size.Along
			out.Height = max(out.Height, box.Y+box.H)
			if it.node < 0 {
				bend[i] = box
			} else {
				out.Boxes[it.node] = box
			}
		}
		out.Width = x + p.wide[c]
		x += p.wide[c] + p.size.Between
	}
	for _, e := range p.g.Edges {
		from, to := out.Boxes[e.From], out.Boxes[e.To]
		line := []Point{{from.X + from.W, from.Y + from.H/2}}
		if past, ok := p.bends[e.From]; ok && !slices.Contains(p.all[e.From].right, e.To) {
			box := bend[past]
			line = append(line, Point{box.X, box.Y + box.H/2}, Point{box.X + box.W, box.Y + box.H/2})
		}
		out.Lines = append(out.Lines, append(line, Point{to.X, to.Y + to.H/2}))
	}
	return out
}
