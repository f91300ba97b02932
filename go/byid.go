package changeover

// Recording by stream id.

// #cgo noescape changeover_record_packet
// #cgo nocallback changeover_record_packet
// #include <changeover.h>
import "C"

import "sync/atomic"

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
// packets that meet in the same input at the same instant. (Packets of unknown streams take a lock,
// those of unknown inputs a call.)
func (s *Service) Record(streamID string, inputPriority int, bytes int, flags Flags) Verdict {
	in, slot := s.index.find(streamID, inputPriority)
	if in == nil {
		return s.recordFirst(streamID, inputPriority, bytes, flags)
	}
	if in.enterShared() {
		// Not if it was closed, because the stream's inputs change just now.
		if slot.cell == in.current() {
			return in.record(slot.cell, slot.gate, bytes, flags)
		}
		in.leave()
	}
	verdict, _ := s.recordByCall(streamID, inputPriority, bytes, flags)
	return verdict
}

// enterShared enters an Input that several goroutines use, unless one is inside.
func (in *Input) enterShared() bool {
	return atomic.CompareAndSwapUint32(&in.inside, 0, 1)
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
	in, err := s.OpenInput(streamID, inputPriority)
	if err != nil {
		return verdict
	}
	s.mu.Lock()
	// Another goroutine may have been faster, or the input be gone meanwhile.
	current := s.registrations[r.id] == r && r.changes == changes
	found, _ := s.index.find(r.id, inputPriority)
	wanted := current && found == nil
	if wanted {
		// By the registration's id: the caller's may be part of something larger.
		s.index.add(in, r.id, inputPriority)
		r.opened = append(r.opened, in)
	}
	s.mu.Unlock()
	if !wanted {
		in.Close()
	}
	return verdict
}

// takeOpened takes what recording by id holds open of a registration. s.mu is held; the Inputs are to
// be closed without it.
func (s *Service) takeOpened(r *registration) []*Input {
	opened := r.opened
	r.opened = nil
	for _, in := range opened {
		s.index.remove(in)
	}
	return opened
}

func closeAll(inputs []*Input) {
	for _, in := range inputs {
		in.Close()
	}
}
