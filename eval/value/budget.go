package value

import (
	"context"
	"math"
	"runtime"
	"time"
)

// Limits bound an evaluation; zero fields mean the default. Passing one ends the
// evaluation with an error of kind Budget or StackOverflow, which tryEval does not
// catch.
type Limits struct {
	// Steps is how many thunks, calls and elements may be worked on. Default: no
	// limit.
	Steps int64
	// CallDepth is how deep calls may nest. Default 10,000, as in today's Nix.
	CallDepth int
	// Depth is how deep forcing, calling and printing together may nest.
	// Default 200,000 (about 200 MB of stack).
	Depth int
	// Heap is how many bytes the process may hold. What counts is what is in use,
	// not what was ever allocated; the machine asks for a collection before it
	// says that there is too much. Default: what DefaultHeap gives, else no limit.
	Heap int64
	// DefaultHeap is asked once, before the evaluation takes more than a megabyte:
	// most do not, and what a machine has takes a while to find out.
	DefaultHeap func() int64
	// Text is how many bytes a string may have, and what is printed. A few
	// doublings ask for more than any machine has, and Go ends a process that
	// asks for it. Default 1 GiB.
	Text int
}

const maxText = 1 << 30

// maxList is how many elements a list may have; they alone take 2 GiB.
const maxList = 1 << 27

const (
	// lookEvery is how many bytes may be allocated between two looks at the heap
	// and at the context. A look costs about a microsecond.
	lookEvery = 16 << 20
	firstLook = 1 << 20
	// stepsPerLook is how many steps there may be between two looks at the context, and
	// heapLook between two at the heap, for what nobody charges. The first comes earlier:
	// the default is asked for then, and the collector postponed.
	stepsPerLook  = 1 << 10
	firstHeapLook = 4 * stepsPerLook
	heapLook      = 16 * stepsPerLook
	// A close look at the heap stops everything for some ten microseconds. There are
	// closeLook between two when the process was ever larger than the limit, unless much
	// is about to be taken at once. While it was not there are farLook: the peak is of
	// what is in the machine's memory, and some of the heap may be swapped out.
	closeLook = 5 * time.Millisecond
	farLook   = time.Second
)

// Charge counts bytes that a computation is about to take, and ends it when
// there is no room for them. Builtins call it before they build something large.
func (m *Machine) Charge(bytes int64) {
	m.allocated += bytes
	if m.allocated >= m.nextLook {
		m.look(bytes)
	}
}

// ChargeApart is Charge for what is no value: trees and code. How values are laid out
// depends on how much they are.
func (m *Machine) ChargeApart(bytes int64) {
	if m.apart += bytes; m.apart >= m.apartLook {
		m.apart, m.apartLook = 0, lookEvery
		m.look(bytes)
	}
}

func (m *Machine) look(bytes int64) {
	m.nextLook = m.allocated + lookEvery
	m.checkBudget()
	m.checkHeap(bytes)
}

// checkHeap ends the evaluation when the heap has no room for so many bytes.
func (m *Machine) checkHeap(bytes int64) {
	if ask := m.limits.DefaultHeap; ask != nil {
		m.limits.DefaultHeap = nil
		if heap := ask(); m.limits.Heap == 0 {
			m.limits.Heap = heap
		}
	}
	limit := m.limits.Heap
	if limit == 0 {
		return
	}
	wait := farLook
	if peakMemory()+bytes > limit {
		wait = closeLook
		if bytes >= lookEvery {
			wait = 0
		}
	}
	if time.Since(m.looked) < wait {
		return
	}
	m.looked = time.Now()
	if heapInUse()+bytes <= limit {
		return
	}
	runtime.GC()
	// The rest of an eighth keeps collections apart: without it an evaluation
	// that stays just below the limit would collect at every look.
	if heapInUse()+bytes > limit-limit/8 {
		m.Throw(&Error{Kind: Budget, Message: "the evaluation takes more memory than allowed"})
	}
}

// exhaust ends the evaluation, and whatever is begun later: short pieces of work would
// not come to the next look.
func (m *Machine) exhaust(message string) {
	late := m.spent != ""
	m.spent, m.nextSteps = message, 0
	m.Throw(&Error{Kind: Budget, Message: message, Late: late})
}

// FitText ends the evaluation when a string of that size would be too long.
func (m *Machine) FitText(size int) {
	most := m.limits.Text
	if most == 0 {
		most = maxText
	}
	if size > most {
		m.Throw(&Error{Kind: Budget, Message: "the string would be too long"})
	}
}

// FitList ends the evaluation when a list of that length would be too long.
func (m *Machine) FitList(length int64) {
	if length > maxList {
		m.Throw(&Error{Kind: Budget, Message: "the list would be too long"})
	}
}

// noPeak is a peak that is not known.
const noPeak = math.MaxInt64 / 2

// heapInUse is how many bytes of the heap hold objects, garbage included that
// was not collected yet. Package runtime/metrics would tell without stopping everything,
// but takes a fiftieth of the start of each run.
func heapInUse() int64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// Step counts work done inside a builtin, n elements or so, against the budgets.
// Every loop whose length a program decides calls it, so that none goes on after
// the context is done.
func (m *Machine) Step(n int) {
	m.steps += int64(n)
	if m.steps >= m.nextSteps {
		m.checkBudget()
	}
}

// Spent says, once the time or the steps are used up, which of them; else "". Then all
// further work ends at its first step, while what has been computed can still be read.
func (m *Machine) Spent() string { return m.spent }

func (m *Machine) checkBudget() {
	if m.limits.Steps > 0 && m.steps > m.limits.Steps {
		m.exhaust("the evaluation takes more steps than allowed")
	}
	if err := m.ctx.Err(); err != nil {
		message := "the evaluation was cancelled"
		if err == context.DeadlineExceeded {
			message = "the evaluation takes longer than allowed"
		}
		m.exhaust(message)
	}
	m.nextSteps = m.steps - m.steps%stepsPerLook + stepsPerLook
	if m.steps >= m.nextHeap {
		m.nextHeap = m.steps + heapLook
		m.checkHeap(0)
	}
}
