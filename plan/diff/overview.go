package diff

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/nixplan/nixplan/plan"
	"github.com/nixplan/nixplan/plan/graph"
)

// Overview is what surrounds the changes: all jobs, and their states for all refs
// that were compared. It is not part of the document.
type Overview struct {
	Columns []Column
	Rows    []Row
	Picture *graph.Graph
}

// Column is a ref, or more than a few for which every job is, and was, the same.
type Column struct {
	// Titles name the first refs for people; More is how many there are besides.
	Titles []string
	More   int
	refs   []int // of the comparison's pairs
}

// Row is a job, or more than a few that do not change and are alike.
type Row struct {
	Paths  []string
	Was    string // the path of a job that moved
	Change Change // "" for what does not change
	// Unknown says that nobody knows whether it changes.
	Unknown bool
	Cells   []Cell // by column
}

// Cell is a job's state for a ref: a plan.State, plan.Absent or plan.Failed.
type Cell struct{ Before, After plan.RefState }

// mostAlike is how many columns, or rows, may be alike before they are one.
const mostAlike = 3

// CompareAll says what changes, and gives the overview.
func CompareAll(base, head Side) (*Changes, *Overview) {
	c := compare(base, head)
	o := &Overview{Rows: c.rows()}
	o.Columns = c.columns(o.Rows)
	for i := range o.Rows {
		row := &o.Rows[i]
		var cells []Cell
		for _, column := range o.Columns {
			cells = append(cells, row.Cells[column.refs[0]])
		}
		row.Cells = cells
	}
	o.Rows = foldRows(o.Rows)
	o.Picture = c.picture()
	for i := range o.Columns {
		clean(reflect.ValueOf(&o.Columns[i].Titles).Elem())
	}
	clean(reflect.ValueOf(&o.Rows).Elem())
	return c.finish(), o
}

// rows has a row for each job and in it a cell for each ref: those that change
// first, in the order of the changes.
func (c *comparison) rows() []Row {
	var out []Row
	for _, m := range c.matches {
		row := Row{Paths: []string{m.path}, Was: m.was, Change: m.change, Unknown: m.unknown}
		for i := range c.pairs {
			p := &c.pairs[i]
			state := func(side *plan.Plan, v *view) plan.RefState {
				return plan.RefState(p.state(side, v.at(p.ref), m.matched.path(v), m.either().any.Kind))
			}
			row.Cells = append(row.Cells, Cell{state(p.base, m.base), state(p.head, m.head)})
		}
		out = append(out, row)
	}
	return out
}

// columns puts refs together for which all cells are the same, where they are
// many.
func (c *comparison) columns(rows []Row) []Column {
	alike := map[string][]int{}
	keys := make([]string, len(c.pairs))
	for i := range c.pairs {
		var key strings.Builder
		for _, row := range rows {
			key.WriteString(string(row.Cells[i].Before) + " " + string(row.Cells[i].After) + "\n")
		}
		keys[i] = key.String()
		alike[keys[i]] = append(alike[keys[i]], i)
	}
	var out []Column
	for i := range c.pairs {
		refs := alike[keys[i]]
		if len(refs) <= mostAlike {
			refs = []int{i}
		} else if refs[0] != i {
			continue
		}
		column := Column{refs: refs}
		for _, ref := range refs {
			column.Titles = append(column.Titles, c.title(c.pairs[ref].ref))
		}
		// What stands for others says the most.
		slices.SortStableFunc(column.Titles, func(a, b string) int {
			return boolCompare(strings.HasPrefix(a, "refs/"), strings.HasPrefix(b, "refs/"))
		})
		if n := len(column.Titles); n > mostNamed {
			column.Titles, column.More = column.Titles[:mostNamed], n-mostNamed
		}
		out = append(out, column)
	}
	return out
}

// foldRows puts jobs together that do not change and are alike, where they are
// many.
func foldRows(rows []Row) []Row {
	key := func(row *Row) string {
		var b strings.Builder
		fmt.Fprint(&b, row.Unknown)
		for _, cell := range row.Cells {
			b.WriteString(string(cell.After) + " ")
		}
		return b.String()
	}
	count, at := map[string]int{}, map[string]int{}
	for i := range rows {
		if rows[i].Change == "" {
			count[key(&rows[i])]++
		}
	}
	var out []Row
	for _, row := range rows {
		k := key(&row)
		if row.Change != "" || count[k] <= mostAlike {
			out = append(out, row)
			continue
		}
		first, ok := at[k]
		if !ok {
			first = len(out)
			at[k] = first
			out = append(out, Row{Cells: row.Cells, Unknown: row.Unknown})
		}
		out[first].Paths = append(out[first].Paths, row.Paths...)
	}
	return out
}

// wholePicture is up to how many jobs the picture has those that do not change,
// too.
const wholePicture = 12

// picture draws both sides in one.
func (c *comparison) picture() *graph.Graph {
	marks := graph.Changes{Jobs: map[string]graph.Mark{}, Files: map[string]graph.Mark{}, JobsWere: map[string]string{}, FilesWere: c.files.moved}
	any := false
	for _, m := range c.matches {
		if m.change != "" {
			any = true
			marks.Jobs[m.path] = graphMark(m.change)
		}
		if m.was != "" {
			marks.JobsWere[m.was] = m.path
		}
	}
	for name, file := range c.files.changed {
		marks.Files[name] = graphMark(file.Change)
	}
	o := graph.Options{Jobs: graph.DefaultJobs}
	if any && len(c.matches) > wholePicture {
		o.Select = func(path string) bool { return marks.Jobs[path] != "" }
	}
	var base, head []*plan.Plan
	for i := range c.pairs {
		if p := &c.pairs[i]; p.base != nil {
			base = append(base, p.base)
		}
		if p := &c.pairs[i]; p.head != nil {
			head = append(head, p.head)
		}
	}
	g := graph.Compare(base, head, marks, o)
	drawn := 0
	for i := range g.Nodes {
		if g.Nodes[i].Kind == graph.Job {
			drawn++
		}
	}
	g.Omitted = max(0, len(c.matches)-drawn)
	return g
}

func graphMark(change Change) graph.Mark {
	switch change {
	case Added:
		return graph.Added
	case Removed:
		return graph.Removed
	}
	return graph.Changed
}

// outcome is a job of either side and what became of it.
type outcome struct {
	matched
	path, was string
	change    Change // "" when it does not change
	unknown   bool   // whether it changes
	reach     Reach
}

// order is that of the changes, then of the paths.
func (o *outcome) order(p *outcome) int {
	return cmp.Or(boolCompare(o.change == "", p.change == ""), reachOrder(o.reach)-reachOrder(p.reach), cmp.Compare(o.path, p.path))
}
