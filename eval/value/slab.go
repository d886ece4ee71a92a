package value

import "unsafe"

const (
	// slabBytes is a size that Go's allocator has, less what it needs for itself.
	// With much larger slabs a fold over `//` kept 3.4 GB instead of 1.0.
	slabBytes = 4096 - 8

	// The first memory of an evaluation, but for that of a short one, comes in large
	// slabs, which the kernel hands out in larger parts than single pages, huge pages
	// where they are quick: that was a third of the time. Lists of thunks take half the
	// time with it, a minimal NixOS system a twentieth less. It is bounded because such
	// slabs are seldom free again as a whole: with all slabs large an evaluation that
	// made garbage alone needed 200 MB instead of 100. And a kernel that has to make huge
	// pages first takes longer: with 320 MB the NixOS system took a tenth more.
	largeBytes = 8 << 20
	largeFrom  = 4 << 20
	largeTo    = 96 << 20

	// slabsTo is how much an evaluation takes before it does without slabs, which
	// keep what nothing needs: neighbours of what is in use, and all that those
	// refer to. Of the packages of nixpkgs 1.6 GB stayed in use with slabs of any
	// size, 0.7 GB without. A minimal NixOS system is done before that; it would
	// take a seventh more time, and more memory, as it is never collected.
	slabsTo = 384 << 20
)

// singly reports whether what is made comes one by one from Go's allocator.
func (m *Machine) singly() bool { return m.allocated >= slabsTo }

// newSlab is room for values of one type. rest is what was not handed out yet of the
// last large slab of the type.
func newSlab[T any](m *Machine, rest *[]T) []T {
	size := int(unsafe.Sizeof(*new(T)))
	switch {
	case m.singly():
		m.Charge(int64(size))
		return make([]T, 1)
	case len(*rest) > 0:
	case m.allocated < largeFrom || m.allocated >= largeTo:
		m.Charge(slabBytes)
		return make([]T, slabBytes/size)
	default:
		m.Charge(largeBytes)
		*rest = make([]T, largeBytes/size)
	}
	end := handOut(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(*rest))), len(*rest)*size))
	n := end / size // what lies across the end comes next
	slab := (*rest)[:n:n]
	*rest = (*rest)[n:]
	return slab
}
