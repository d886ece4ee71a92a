package cli

import (
	"math"
	"runtime"
	"runtime/debug"
	"sync"
)

const (
	// firstCollection is the heap size from which the collector works, where there
	// is memory enough.
	firstCollection = 960 << 20
	// leastGrowth is how much a heap beyond that may at least grow from one
	// collection to the next, in percent of what is in use.
	leastGrowth = 40
)

// postponeCollector keeps the garbage collector out of short runs, where it
// would cost more time than the memory is worth. When the heap has reached
// firstCollection, collections keep it there as long as half of it is garbage.
//
// An evaluation ends when its values take more than most bytes. What the collector
// leaves of the room around them goes back to the system when all of it is more, by a
// quarter or as the machine has it.
//
// Measured on an evaluation that allocates 100 MB: 0.15 s of processor time
// instead of 0.26 s, and a fifth more memory. docs/benchmarks.md has what
// collections cost the packages of nixpkgs.
//
// It is called when a run has taken a megabyte, before the collector would start
// by itself: stopping everything to change its settings, and asking how much
// memory there is, would be a tenth of the shortest runs.
func postponeCollector(most int64) {
	postponed.Do(func() {
		first := int64(firstCollection)
		if early := memory() / 4; early > 0 {
			first = min(first, early)
		}
		if most > 0 {
			first = min(first, most)
		}
		debug.SetGCPercent(-1)
		debug.SetMemoryLimit(first)
		afterCollection(func() {
			debug.SetMemoryLimit(room(most, memory()))
			paceCollector(first)
		})
	})
}

var postponed sync.Once

// room is how many bytes the process may take for an evaluation of which most are in
// use, on a machine of so much memory; 0 means that there is no limit. With little more
// than most it would collect all the time.
func room(most, memory int64) int64 {
	if most == 0 {
		return math.MaxInt64
	}
	more := max(most, most+most/4)
	if memory == 0 {
		return more
	}
	return max(min(more, memory/8*7), most)
}

// paceCollector sets off the next collection, and all that follow, when the heap
// has reached a size again.
func paceCollector(size int64) {
	// At 100 percent and without a limit the next collection is at twice what the last
	// one left, stacks and global variables added once.
	limit := debug.SetMemoryLimit(math.MaxInt64)
	debug.SetGCPercent(100)
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	debug.SetMemoryLimit(limit)
	inUse := max(int64(stats.NextGC)/2, 1)
	debug.SetGCPercent(int(max((size-inUse)*100/inUse, leastGrowth)))
	afterCollection(func() { paceCollector(size) })
}

// afterCollection calls f, in a goroutine of its own, when the collector next ran.
func afterCollection(f func()) {
	sentinel := new([16]byte)
	runtime.AddCleanup(sentinel, func(f func()) { f() }, f)
}
