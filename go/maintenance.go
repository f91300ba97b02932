package changeover

// Operations for maintenance: inputs out of use, choices that end, returns, all streams at once.

// #include <changeover.h>
import "C"

import (
	"fmt"
	"time"
)

// SetInputEnabled says whether an input may be used; at first it may. Disabled it is StatusStopped: not
// started, not probed, not chosen, and its packets and errors count for nothing; updates of it leave it
// so. On air it stays there until another input delivers, and is stopped then, or when there is none to
// try (with [OverlapOff] it is stopped first). Enabled it is as newly added. Saying the same again changes
// nothing.
func (s *Service) SetInputEnabled(streamID string, inputPriority int, enabled bool) error {
	id, idLen := chars(streamID)
	var is C.int32_t
	verb := "disable"
	if enabled {
		is, verb = 1, "enable"
	}
	result := C.changeover_set_input_enabled(s.engine, id, idLen, cPriority(inputPriority), is)
	return failure(result, fmt.Sprintf("%s input %d of", verb, inputPriority), streamID)
}

// SwitchInputFor is [Service.SwitchInput] for so long from now, from a millisecond to a year ([Never]):
// then the choice ends as by [Service.ClearOverride].
func (s *Service) SwitchInputFor(streamID string, priority int, lasts time.Duration) error {
	id, idLen := chars(streamID)
	// A negative one is too long, too.
	result := C.changeover_switch_input_for(s.engine, id, idLen, cPriority(priority), C.uint64_t(lasts))
	return failure(result, fmt.Sprintf("switch for %v to input %d of", lasts, priority), streamID)
}

// FailBack returns to the best healthy input, without the waits of an automatic failback and whatever
// the policy; its faults are forgotten. The input on air stays there until the other delivers (with
// [OverlapOff] it is stopped first). It ends a manual choice. [ErrNoBetterInput] when none that is healthy is better.
func (s *Service) FailBack(streamID string) error {
	id, idLen := chars(streamID)
	return failure(C.changeover_fail_back(s.engine, id, idLen), "fail back", streamID)
}

// UnregisterAll ends the supervision of all streams, as [Service.Unregister] does of one, in one call
// of the engine.
func (s *Service) UnregisterAll() error {
	s.control.Lock()
	defer s.control.Unlock()
	return s.endAllRegistrations()
}

// endAllRegistrations ends the current registrations. s.control is held, so there will be no others.
func (s *Service) endAllRegistrations() error {
	s.mu.Lock()
	all := make([]*registration, 0, len(s.registrations))
	for _, r := range s.registrations {
		all = append(all, r)
	}
	s.mu.Unlock()
	// All sessions end now; the rest takes a while with very many.
	for _, r := range all {
		r.end(ErrSessionEnded)
	}
	for _, r := range all {
		s.forget(r, ErrSessionEnded)
	}
	return failure(C.changeover_unregister_all(s.engine), "unregister all", "")
}
