package changeover

// A lane keeps one stream's calls of the host in order, whatever they take: lanes don't wait for
// each other, and within one only what must wait does.

// #include <changeover.h>
import "C"

import (
	"runtime"
	"slices"
	"sync/atomic"
)

// noticeLimit is how many notices wait for a slow host, for each stream.
const noticeLimit = 1024

// lane is one stream id's, for as long as there is something to do or to remember. All of it is
// guarded by Service.mu, but leaving.
//
// What a session goes through, from left to right:
//
//	waiting ──advance──> entering ──enter──> begun ──stopped──> gone
//	   └─────────────────────┴──stopped──> gone; its Start is never called
//
// And the lane. advance begins a call only in free, and prefers a Stop:
//
//	free ──a Stop is owed, and no session is begun──────────────> stopping ──Stop has returned──> free
//	free ──one waits, and no Start that runs is in its way──────> entering ──enter──────────────> free
//
// stopping and entering are fields of these names, free is neither. A Stop is owed from the first enter of
// a live session on. A Start may run long: it holds up no Stop, and of the next sessions only one of the
// same input, which may need what this one holds, or any if overlap is off (mayBegin). But a Stop waits for
// a goroutine between enter and the call of Start, which no lock covers (leaving). Notices are a queue
// apart, drained by one goroutine at a time (delivering).
type lane struct {
	service *Service
	id      string

	// Sessions whose stop has not come.
	sessions map[uint64]*session
	// Those of them whose Start is still to be called, in order.
	waiting []*session
	// Sessions whose Start has not returned.
	starts []*session
	// A Start is about to be called: the next one comes after it.
	entering bool
	// How many goroutines have left mu to call Start at once: a Stop lets them go first.
	leaving atomic.Int32
	// A Start was called since the last Stop; Stop is being called.
	owesStop, stopping bool

	notices []notice
	// Of the notices, what was dropped before the first.
	dropped    uint64
	delivering bool
}

// notice is an event the host is to be told.
type notice struct {
	event Event
	// It may be left out if the host is too slow.
	droppable bool
}

// lane finds a stream's lane, or makes one. s.mu is held; whoever calls it then tells the lane
// something, which ends with l.leave.
func (s *Service) lane(id string) *lane {
	l := s.lanes[id]
	if l == nil {
		l = &lane{service: s, id: id, sessions: make(map[uint64]*session)}
		s.lanes[id] = l
	}
	return l
}

// leave forgets the lane if there is nothing left to remember.
func (l *lane) leave() {
	if len(l.sessions) == 0 && len(l.starts) == 0 && !l.stopping && !l.delivering {
		delete(l.service.lanes, l.id)
	}
}

func (l *lane) started(s *session) {
	l.sessions[s.id] = s
	l.waiting = append(l.waiting, s)
	l.advance()
}

func (l *lane) stopped(id uint64) {
	if s := l.sessions[id]; s != nil {
		s.end(ErrSessionEnded)
		delete(l.sessions, id)
		// If its Start was not called yet, it never will be.
		l.waiting = slices.DeleteFunc(l.waiting, func(waiting *session) bool { return waiting == s })
	}
	l.advance()
}

// advance begins what may begin.
func (l *lane) advance() {
	defer l.leave()
	if l.entering || l.stopping {
		return
	}
	if l.owesStop && !l.running() {
		l.owesStop, l.stopping = false, true
		l.service.spawn(l.callStop)
		return
	}
	for !l.entering {
		i := slices.IndexFunc(l.waiting, l.mayBegin)
		if i < 0 {
			return
		}
		next := l.waiting[i]
		l.waiting = slices.Delete(l.waiting, i, i+1)
		// Its registration may have ended, and its stop be on the way: then it is left out.
		if next.ctx.Err() == nil {
			l.entering = true
			l.starts = append(l.starts, next)
			l.service.spawn(func() { l.callStart(next) })
		}
	}
}

// mayBegin says whether no Start that runs holds up that of next.
func (l *lane) mayBegin(next *session) bool {
	overlap := l.service.mayOverlap(next.registration)
	return !slices.ContainsFunc(l.starts, func(runs *session) bool {
		return !overlap || runs.input.Priority == next.input.Priority
	})
}

// advanceLanes begins what may begin now that settings have changed: of one stream, or with an empty
// id of all.
func (s *Service) advanceLanes(streamID string) {
	if streamID == "" {
		for _, l := range s.lanes {
			l.advance()
		}
	} else if l := s.lanes[streamID]; l != nil {
		l.advance()
	}
}

// mayOverlap says whether two sessions of a stream may run at once. s.mu is held.
func (s *Service) mayOverlap(r *registration) bool {
	overlap := r.overlap
	if overlap == 0 {
		overlap = s.overlap
	}
	return overlap != OverlapOff
}

// running says whether there is a session whose Start was called and whose stop has not come.
func (l *lane) running() bool {
	for _, s := range l.sessions {
		if s.begun {
			return true
		}
	}
	return false
}

func (l *lane) callStart(s *session) {
	service := l.service
	service.guarded("Start", l.id, func() error {
		if !l.enter(s) {
			return nil
		}
		l.leaving.Add(-1)
		return service.ingestor.Start(s.ctx, l.id, s.input, s.bufferWriteID)
	}, func(err error) {
		if err != nil && s.ctx.Err() == nil {
			id, idLen := chars(l.id)
			why, whyLen := chars(errorText(err))
			// It may have ended meanwhile: then nobody wants to know.
			C.changeover_start_result(service.engine, id, idLen, C.uint64_t(s.id), -1, why, whyLen)
		}
		service.mu.Lock()
		l.starts = slices.DeleteFunc(l.starts, func(runs *session) bool { return runs == s })
		l.advance()
		service.mu.Unlock()
	})
}

// enter says whether a session's Start is still to be called, which is the last moment to know: from
// here on a Stop is owed.
func (l *lane) enter(s *session) bool {
	l.service.mu.Lock()
	defer l.service.mu.Unlock()
	l.entering = false
	live := s.ctx.Err() == nil
	if live {
		s.begun, l.owesStop = true, true
		l.leaving.Add(1)
	}
	l.advance()
	return live
}

func (l *lane) callStop() {
	service := l.service
	// No host code runs in between, so it is not long.
	for l.leaving.Load() != 0 {
		runtime.Gosched()
	}
	service.guarded("Stop", l.id, func() error {
		service.ingestor.Stop(l.id)
		return nil
	}, func(error) {
		service.mu.Lock()
		l.stopping = false
		l.advance()
		service.mu.Unlock()
	})
}

// notice queues what the host is to be told. An outage that ended before it could be told is not
// told at all.
func (l *lane) notice(event Event) {
	outage := l.outage(event.Registration)
	if outage >= 0 && event.Kind == EventUnregistered {
		// Nothing can end it any more.
		l.notices[outage].droppable = true
	}
	if l.service.onEvent == nil && !event.isOutage() {
		l.leave()
		return
	}
	if outage >= 0 && event.isOutage() {
		l.notices = append(l.notices[:outage], l.notices[outage+1:]...)
		return
	}
	l.notices = append(l.notices, notice{event, !event.isOutage()})
	if len(l.notices) > noticeLimit {
		l.dropOldest()
	}
	if !l.delivering {
		l.delivering = true
		l.service.spawn(l.deliver)
	}
}

// outage is where a registration's outage waits, or -1.
func (l *lane) outage(registration uint64) int {
	for i := len(l.notices) - 1; i >= 0; i-- {
		if event := &l.notices[i].event; event.isOutage() && event.Registration == registration {
			return i
		}
	}
	return -1
}

func (l *lane) dropOldest() {
	for i := range l.notices {
		if l.notices[i].droppable {
			l.notices = append(l.notices[:i], l.notices[i+1:]...)
			l.dropped++
			return
		}
	}
}

// deliver tells the host its notices, one after the other.
func (l *lane) deliver() {
	finished := false
	defer func() {
		if !finished {
			// A callback ended this goroutine: another one goes on.
			l.service.mu.Lock()
			defer l.service.mu.Unlock()
			l.service.spawn(l.deliver)
		}
	}()
	for {
		event, more := l.nextNotice()
		if !more {
			finished = true
			return
		}
		l.service.tell(event)
	}
}

func (l *lane) nextNotice() (event Event, more bool) {
	l.service.mu.Lock()
	defer l.service.mu.Unlock()
	if l.dropped > 0 {
		event = Event{Kind: EventGap, Stream: l.id, Priority: -1, From: -1, Dropped: l.dropped}
		l.dropped = 0
		return event, true
	}
	if len(l.notices) == 0 {
		l.notices, l.delivering = nil, false
		l.leave()
		return event, false
	}
	event = l.notices[0].event
	l.notices = l.notices[1:]
	return event, true
}

// tell calls what the host has for an event.
func (s *Service) tell(event Event) {
	outage := &s.onExhausted
	if event.Kind == EventRestored {
		outage = &s.onRestored
	}
	if callback := outage.Load(); callback != nil && event.isOutage() {
		s.guarded(event.Kind.String()+" callback", event.Stream, func() error {
			(*callback)(event.Stream)
			return nil
		}, func(error) {})
	}
	if s.onEvent != nil {
		s.guarded("OnEvent", event.Stream, func() error {
			s.onEvent(event)
			return nil
		}, func(error) {})
	}
}
