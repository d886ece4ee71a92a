package value

import "unsafe"

const (
	// slabBytes is a size that Go's allocator has, less what it needs for itself.
	// One element in use keeps its whole slab, and so what the others refer to:
	// with much larger slabs a fold over `//` kept 3.4 GB instead of 1.0.
	slabBytes = 4096 - 8

	// The first memory of an evaluation, but for that of a very short one, comes
	// in large slabs, for which the kernel is asked for huge pages: handing out
	// pages was a third of the time. Lists of thunks take half the time with it, a
	// minimal NixOS system a twentieth less. It is bounded because such slabs are
	// seldom free again as a whole, and because a kernel that has to make huge
	// pages first takes longer: with 320 MB the NixOS system took a tenth more.
	hugeBytes = 8 << 20
	hugeFrom  = 4 << 20
	hugeTo    = 96 << 20
)

// newSlab is room for values of one type.
func newSlab[T any](m *Machine) []T {
	size := int(unsafe.Sizeof(*new(T)))
	if m.allocated < hugeFrom || m.allocated >= hugeTo {
		m.Charge(slabBytes)
		return make([]T, slabBytes/size)
	}
	m.Charge(hugeBytes)
	slab := make([]T, hugeBytes/size)
	adviseHugePages(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(slab))), hugeBytes/size*size))
	return slab
}
