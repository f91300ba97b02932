package changeover

// Readers of the engine's events, beside the ingestor.

// #include <changeover.h>
import "C"

import (
	"context"
	"math"
	"os"
	"sync"
)

// The commands that the [Ingestor] is given. Only a [Tap] has them as events.
const (
	EventStart EventKind = C.CHANGEOVER_EVENT_START
	EventStop  EventKind = C.CHANGEOVER_EVENT_STOP
	EventProbe EventKind = C.CHANGEOVER_EVENT_PROBE
)

// TapOptions say how a [Tap] begins.
type TapOptions struct {
	// Keep is how many of the newest events are kept for readers that are slow, or come back; 0: 8,192,
	// at most 65,536. All taps of a service share what is kept: it is as many as any of them wants.
	Keep int
	// After is the Seq of the last event that was taken, to go on there; what is not kept any more counts
	// as missed. 0: from now on.
	After uint64
}

// Tap follows all events of a service's engine, of all streams: the commands that the [Ingestor] is given and
// the decisions that OnEvent is told of. There may be any number. It never holds up the engine or another
// reader: one that is too slow loses the oldest events, and is told how many. It outlives its service, and
// is to be closed.
type Tap struct {
	// A duplicate of the tap's descriptor, in Go's netpoller.
	descriptor *os.File

	// Held while an event is taken or waited for, and guards what follows.
	mu    sync.Mutex
	tap   *C.changeover_tap
	event C.changeover_event
}

// Tapped is an event that a [Tap] saw.
type Tapped struct {
	// Event is what happened; of a command, Session is whom it concerns.
	Event
	// Seq is the event's number, from 1 on from the engine's beginning; Missed is how many this reader
	// missed before it since the last it took.
	Seq, Missed uint64
	// JSON is all of it as one line, as changeover_event_json has it: for a page, or a message bus.
	JSON string
}

// Tap opens a tap: it sees what is decided after the call. options may be nil.
func (s *Service) Tap(options *TapOptions) (*Tap, error) {
	keep, after := C.uint64_t(0), C.uint64_t(math.MaxUint64)
	if options != nil {
		keep = C.uint64_t(max(options.Keep, 0))
		if options.After != 0 {
			after = C.uint64_t(options.After)
		}
	}
	t := &Tap{}
	if err := failure(C.changeover_tap_open(s.engine, keep, after, &t.tap), "tap", ""); err != nil {
		return nil, err
	}
	C.changeover_event_init(&t.event, C.sizeof_changeover_event)
	var fd C.int32_t
	err := failure(C.changeover_tap_fd(t.tap, &fd), "tap", "")
	if err == nil {
		t.descriptor, err = pollable(int(fd))
	}
	if err != nil {
		C.changeover_tap_close(t.tap)
		return nil, err
	}
	return t, nil
}

// Next takes the next event, and waits for one, without a thread, until ctx is done; then it returns the
// error of that. When no event is left because the service or the tap is closed it is [ErrClosed], and
// [ErrMonitorDied] if a bug has ended the engine. From any goroutine, one at a time.
func (t *Tap) Next(ctx context.Context) (Tapped, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	result := t.take()
	if result == C.CHANGEOVER_ERR_TIMEOUT {
		err := waitReadable(ctx, t.descriptor, func() bool {
			result = t.take()
			return result != C.CHANGEOVER_ERR_TIMEOUT
		})
		if err != nil {
			return Tapped{}, err
		}
	}
	if err := failure(result, "tap", ""); err != nil {
		return Tapped{}, err
	}
	defer C.changeover_event_clear(&t.event)
	return Tapped{
		Event: newEvent(&t.event, text(t.event.stream, t.event.stream_len)),
		Seq:   uint64(t.event.seq), Missed: uint64(t.event.missed),
		JSON: printed(func(buffer *C.char, size C.size_t, length *C.size_t) {
			C.changeover_event_json(&t.event, buffer, size, length)
		}),
	}, nil
}

// take takes what is there.
func (t *Tap) take() C.int32_t {
	return C.changeover_tap_next(t.tap, 0, &t.event)
}

// Close ends the tap. A Next that waits returns [ErrClosed]. Closing twice is fine.
func (t *Tap) Close() error {
	_ = t.descriptor.Close()
	t.mu.Lock()
	defer t.mu.Unlock()
	C.changeover_tap_close(t.tap)
	return nil
}
