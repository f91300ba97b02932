package changeover

// Recording by stream id: Inputs found in a hash table that is read without locks.

// #cgo noescape changeover_record_packet
// #cgo nocallback changeover_record_packet
// #include <changeover.h>
import "C"

import (
	"hash/maphash"
	"sync/atomic"
)

// index maps stream ids to the Inputs that recording by id goes through. It is read by anybody and
// written under Service.mu. Open addressing; the slots are words, so that readers need no lock.
type index struct {
	seed  maphash.Seed
	slots atomic.Pointer[[]atomic.Pointer[indexEntry]]
	// Slots that are not nil, removed entries included; entries.
	used, live int
}

// indexEntry is a stream's Inputs. It does not change: another one takes its place.
type indexEntry struct {
	hash   uint64
	id     string
	inputs []indexInput
}

type indexInput struct {
	priority int
	input    *Input
}

// removedEntry keeps the place of an entry that was removed, for those behind it. No stream has its
// id.
var removedEntry = &indexEntry{}

func (x *index) init() {
	x.seed = maphash.MakeSeed()
	slots := make([]atomic.Pointer[indexEntry], 16)
	x.slots.Store(&slots)
}

// find returns an open input, nil if it was not opened yet.
func (x *index) find(id string, priority int) *Input {
	hash := maphash.String(x.seed, id)
	slots := *x.slots.Load()
	for i := hash; ; i++ {
		entry := slots[i&uint64(len(slots)-1)].Load()
		if entry == nil {
			return nil
		}
		if entry.hash == hash && entry.id == id {
			for j := range entry.inputs {
				if entry.inputs[j].priority == priority {
					return entry.inputs[j].input
				}
			}
			return nil
		}
	}
}

// slotOf returns an entry's place, or the one where it would go.
func slotOf(slots []atomic.Pointer[indexEntry], hash uint64, id string) *atomic.Pointer[indexEntry] {
	for i := hash; ; i++ {
		slot := &slots[i&uint64(len(slots)-1)]
		if entry := slot.Load(); entry == nil || entry.hash == hash && entry.id == id {
			return slot
		}
	}
}

// add adds an open input.
func (x *index) add(id string, priority int, input *Input) {
	hash := maphash.String(x.seed, id)
	added := &indexEntry{hash: hash, id: id, inputs: []indexInput{{priority, input}}}
	slot := slotOf(*x.slots.Load(), hash, id)
	if entry := slot.Load(); entry != nil {
		added.inputs = append(added.inputs, entry.inputs...)
	} else {
		x.used++
		x.live++
	}
	slot.Store(added)
	if 2*x.used > len(*x.slots.Load()) {
		x.rebuild()
	}
}

// remove takes a stream's entry out and returns it; nil if there is none.
func (x *index) remove(id string) *indexEntry {
	slot := slotOf(*x.slots.Load(), maphash.String(x.seed, id), id)
	entry := slot.Load()
	if entry != nil {
		slot.Store(removedEntry)
		x.live--
	}
	return entry
}

// rebuild makes room, and leaves removed entries behind. Readers go on in the old table.
func (x *index) rebuild() {
	old := *x.slots.Load()
	size := 16
	for size < 4*x.live {
		size *= 2
	}
	slots := make([]atomic.Pointer[indexEntry], size)
	for i := range old {
		if entry := old[i].Load(); entry != nil && entry != removedEntry {
			slotOf(slots, entry.hash, entry.id).Store(entry)
		}
	}
	x.slots.Store(&slots)
	x.used = x.live
}

// close closes the Inputs of an entry that was removed.
func (e *indexEntry) close() {
	if e != nil {
		for _, i := range e.inputs {
			i.input.Close()
		}
	}
}

// enterShared enters an Input that several goroutines use, unless one is inside.
func (i *Input) enterShared() bool {
	return atomic.CompareAndSwapUint32(&i.inside, 0, 1)
}

// RecordPacket counts a packet of an input's current session, by the stream's id. Packets of unknown
// streams and inputs are ignored. Any number of goroutines may record the same input.
//
// To learn whether to forward the packet, and to have its size counted, call [Service.Record];
// faster than both is an [Input].
func (s *Service) RecordPacket(streamID string, inputPriority int) {
	s.Record(streamID, inputPriority, 0, 0)
}

// Record counts a packet of an input's current session, by the stream's id, and says whether to
// forward it. Packets of unknown streams and inputs are to be dropped. Any number of goroutines may
// record the same input; counts are exact.
//
// It takes no cgo call, no allocation and no lock, but for the first packet of an input and for
// packets that meet in the same input at the same instant.
func (s *Service) Record(streamID string, inputPriority int, bytes int, flags Flags) Verdict {
	i := s.index.find(streamID, inputPriority)
	if i == nil {
		return s.recordFirst(streamID, inputPriority, bytes, flags)
	}
	if i.enterShared() {
		// Closed, if the stream's inputs change just now.
		if c := i.current(); c != closedCell {
			return i.record(c, bytes, flags)
		}
		i.leave()
	}
	verdict, _ := s.recordByCall(streamID, inputPriority, bytes, flags)
	return verdict
}

// recordByCall lets the engine find the input; false if there is none.
func (s *Service) recordByCall(streamID string, inputPriority, bytes int, flags Flags) (Verdict, bool) {
	id, idLen := chars(streamID)
	var verdict C.uint64_t
	result := C.changeover_record_packet(s.engine, id, idLen, cPriority(inputPriority),
		C.uint32_t(bytes), C.uint32_t(flags), &verdict)
	return Verdict(verdict), result == C.CHANGEOVER_OK
}

// recordFirst records a packet of an input that was not opened yet, and opens it for the next.
func (s *Service) recordFirst(streamID string, inputPriority, bytes int, flags Flags) Verdict {
	s.mu.Lock()
	r := s.registrations[streamID]
	changes := 0
	if r != nil {
		changes = r.changes
	}
	s.mu.Unlock()
	if r == nil {
		return 0
	}
	verdict, known := s.recordByCall(streamID, inputPriority, bytes, flags)
	if !known {
		return verdict
	}
	i, err := s.OpenInput(streamID, inputPriority)
	if err != nil {
		return verdict
	}
	s.mu.Lock()
	// Another goroutine may have been faster, or the input be gone meanwhile.
	current := s.registrations[streamID] == r && r.changes == changes
	wanted := current && s.index.find(r.id, inputPriority) == nil
	if wanted {
		// The registration's id: the caller's may be part of something larger.
		s.index.add(r.id, inputPriority, i)
	}
	s.mu.Unlock()
	if !wanted {
		i.Close()
	}
	return verdict
}
