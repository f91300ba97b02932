package changeover

// Where recording by stream id finds its Inputs: a hash table that is read without locks.

import (
	"hash/maphash"
	"sync/atomic"
)

// index maps stream id and priority to the Input that recording by id goes through. It is read by
// anybody and written under Service.mu.
//
// Open addressing. A packet of a stream that was not heard of for a while costs cache misses, so
// that there are few, and as many as can be at once: the slot says where all else is, the Input (with
// the key in its line), the cell and the gate.
type index struct {
	seed  maphash.Seed
	slots atomic.Pointer[[]indexSlot]
	// Slots with a hash, at most three quarters; of those, the ones with an Input.
	used, live int
}

// indexSlot is free while hash is 0, and never of another Input afterwards. Without an input it keeps
// the place of the one that was removed, for those behind it.
type indexSlot struct {
	hash  atomic.Uint64
	input atomic.Pointer[Input]
	// The Input's, as long as it is open.
	cell *cell
	gate *uint64
}

const indexMinimum = 16

func (x *index) init() {
	x.seed = maphash.MakeSeed()
	slots := make([]indexSlot, indexMinimum)
	x.slots.Store(&slots)
}

func (x *index) hash(streamID string, priority int) uint64 {
	// Neighbouring priorities are to be far apart; 0 is none.
	return (maphash.String(x.seed, streamID) + uint64(priority)*0x9e3779b97f4a7c15) | 1<<63
}

// find returns an open input and its slot, nil if it was not opened yet.
func (x *index) find(streamID string, priority int) (*Input, *indexSlot) {
	hash := x.hash(streamID, priority)
	slots := *x.slots.Load()
	for at := hash; ; at++ {
		slot := &slots[at&uint64(len(slots)-1)]
		switch slot.hash.Load() {
		case hash:
			if in := slot.input.Load(); in != nil && in.priority == priority && in.streamID == streamID {
				return in, slot
			}
		case 0:
			return nil, nil
		}
	}
}

// add adds an Input that is not in it.
func (x *index) add(in *Input, streamID string, priority int) {
	if 4*(x.used+1) > 3*len(*x.slots.Load()) {
		x.rebuild()
	}
	in.hash, in.streamID, in.priority = x.hash(streamID, priority), streamID, priority
	place(*x.slots.Load(), in)
	x.used++
	x.live++
}

func place(slots []indexSlot, in *Input) {
	for at := in.hash; ; at++ {
		if slot := &slots[at&uint64(len(slots)-1)]; slot.hash.Load() == 0 {
			// The hash last: who sees it sees all else.
			slot.cell, slot.gate = in.current(), in.gate
			slot.input.Store(in)
			slot.hash.Store(in.hash)
			return
		}
	}
}

// remove takes an Input out.
func (x *index) remove(in *Input) {
	slots := *x.slots.Load()
	for at := in.hash; ; at++ {
		if slot := &slots[at&uint64(len(slots)-1)]; slot.input.Load() == in {
			slot.input.Store(nil)
			x.live--
			return
		}
	}
}

// rebuild makes room, without the places of those removed. Readers go on in the old table.
func (x *index) rebuild() {
	size := indexMinimum
	for size < 2*(x.live+1) {
		size *= 2
	}
	slots := make([]indexSlot, size)
	old := *x.slots.Load()
	for at := range old {
		if in := old[at].input.Load(); in != nil {
			place(slots, in)
		}
	}
	x.slots.Store(&slots)
	x.used = x.live
}
