package changeover

// The engine behind a service: made with the service's settings, polled through Go's netpoller.

// #include <changeover.h>
import "C"

import "runtime"

func (s *Service) newEngine(options *Options) error {
	var pinner runtime.Pinner
	defer pinner.Unpin()
	defaults := new(C.changeover_config)
	options.Config.toC(defaults)
	pinner.Pin(defaults)
	var made C.changeover_options
	C.changeover_options_init(&made, C.sizeof_changeover_options)
	made.defaults = defaults
	made.event_limit = C.uint64_t(max(options.EventLimit, 0))
	err := failure(C.changeover_new(&made, &s.engine), "new", "")
	return explained(err, options.Config.about(err, ofService))
}

// openDescriptor hands the engine's descriptor to Go's netpoller.
func (s *Service) openDescriptor() error {
	var fd C.int32_t
	if err := failure(C.changeover_event_fd(s.engine, &fd), "event descriptor", ""); err != nil {
		return err
	}
	var err error
	s.descriptor, err = pollable(int(fd))
	return err
}

// pump takes the engine's events as they come, without a thread that waits for them, and deals them
// out. It never runs host code, so it never waits.
func (s *Service) pump() {
	defer close(s.pumped)
	var event C.changeover_event
	C.changeover_event_init(&event, C.sizeof_changeover_event)
	// Empties the queue. The netpoller tells of the next event only if this one saw the end:
	// the descriptor is polled edge-triggered, and written when the queue ceases to be empty.
	drain := func(uintptr) bool {
		for C.changeover_next_event(s.engine, 0, &event) == C.CHANGEOVER_OK {
			s.deal(&event)
		}
		return false
	}
	if waiter, err := s.descriptor.SyscallConn(); err == nil {
		// Returns when the descriptor is closed, by Close.
		_ = waiter.Read(drain)
	}
	drain(0)
}

// deal gives an event to the lane of its stream.
func (s *Service) deal(event *C.changeover_event) {
	streamID := text(event.stream, event.stream_len)
	switch event.kind {
	case C.CHANGEOVER_EVENT_START:
		// None: the registration has ended meanwhile, and the stop follows.
		if r := s.registration(uint64(event.registration)); r != nil {
			buffer := text(event.buffer_write_id, event.buffer_write_id_len)
			started := newSession(r, uint64(event.session), eventInput(event), buffer)
			started.reason = StartReason(event.start_reason)
			s.mu.Lock()
			s.lane(streamID).started(started)
			s.mu.Unlock()
		}
	case C.CHANGEOVER_EVENT_STOP:
		s.mu.Lock()
		s.lane(streamID).stopped(uint64(event.session))
		s.mu.Unlock()
	case C.CHANGEOVER_EVENT_PROBE:
		if r := s.registration(uint64(event.registration)); r != nil {
			s.probe(r, uint64(event.probe), eventInput(event), nanoseconds(event.limit))
		}
	default:
		notice := newEvent(event, streamID)
		var lost *registration
		if notice.Kind == EventBug && streamID != "" {
			lost = s.registration(notice.Registration)
		}
		s.mu.Lock()
		switch notice.Kind {
		case EventGap:
			s.spawn(func() { s.logGap(notice.Dropped) })
		case EventBug:
			// Not here: it waits for who registers or unregisters now.
			s.spawn(func() {
				if lost != nil {
					s.lost(lost)
				}
				s.logBug(notice)
			})
		}
		s.lane(streamID).notice(notice)
		s.mu.Unlock()
	}
}

// registration finds a registration by its number, unless it has ended. Events may come before the
// call that made it has returned: then that is waited for, which waits for the engine only.
func (s *Service) registration(number uint64) *registration {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.newest < number {
		s.registered.Wait()
	}
	return s.byNumber[number]
}

// logBug tells the logger of a bug in the engine.
func (s *Service) logBug(bug Event) {
	s.guarded("Logger", bug.Stream, func() error {
		what := "changeover: a bug ended the engine's monitor, nothing is decided any more"
		if bug.Stream != "" {
			what = "changeover: a bug ended a stream"
		}
		s.log.Error(what, "stream", bug.Stream, "bug", bug.Detail)
		return nil
	}, func(error) {})
}

// logGap tells the logger, which is host code too.
func (s *Service) logGap(dropped uint64) {
	s.guarded("Logger", "", func() error {
		s.log.Warn("changeover: events dropped, the host is slow", "dropped", dropped)
		return nil
	}, func(error) {})
}
