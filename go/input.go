package changeover

// Input, the recording handle: opened, used, closed.

// #include <changeover.h>
import "C"

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// Flags says what a packet is. They may be or'ed.
type Flags uint32

const (
	// Video is a video frame. Counts into FPS.
	Video Flags = C.CHANGEOVER_VIDEO
	// Audio is an audio frame.
	Audio Flags = C.CHANGEOVER_AUDIO
	// Key is a point where decoding can start.
	Key Flags = C.CHANGEOVER_KEY
)

// Verdict is what recording a packet answers: 0 to drop it, otherwise to forward it, and the number
// is the stream's switch number, which only rises. A host that writes under one lock and drops
// packets whose number is smaller than the last one written never interleaves two inputs.
type Verdict uint64

// Forward says whether the packet is to be forwarded.
func (v Verdict) Forward() bool {
	return v != 0
}

// Input is an open input: the fastest way to record its packets, without a cgo call, an allocation
// or a lock.
//
// One goroutine at a time may record (as with a bufio.Writer); the race detector tells of others.
// Close may come from any goroutine at any time, also in the midst of a Record. An Input
// outlives its stream and its service: from then on it answers drop.
type Input struct {
	// In one cache line what recording needs. Inputs don't share lines: each is written to by its
	// own goroutine for every packet. (Go aligns objects of 128 bytes accordingly.)

	// Not 0 while a goroutine is inside.
	inside uint32
	// Only under the race detector, see enter.
	witness uint32
	// Of the engine, or closedCell or foreignCell. Atomic, because Close replaces it.
	cell  unsafe.Pointer
	clock *uint64
	gate  *uint64
	// Only of those that recording by id goes through, see index.
	hash     uint64
	streamID string
	priority int

	handle *handle
	// Closes what was forgotten.
	cleanup runtime.Cleanup
	_       [40]byte
}

// handle is the engine's side of an Input, a thing of its own for the cleanup to hold on to.
type handle struct {
	// Guards open against being closed while it is lent to a call.
	mu   sync.Mutex
	open C.changeover_input
}

// OpenSession opens the input of a session for recording. ctx is the one that was given to
// [Ingestor].Start, or derived from it. Once the session is over, its packets are neither forwarded
// nor taken for a sign of life.
func (s *Service) OpenSession(ctx context.Context) (*Input, error) {
	session, ok := ctx.Value(sessionKey{}).(*session)
	if !ok || session.registration.service != s {
		return nil, ErrNoSession
	}
	return s.openInput(session.registration.id, session.input.Priority, session.id)
}

// OpenInput opens an input for recording, whichever of its sessions is the current one.
func (s *Service) OpenInput(streamID string, inputPriority int) (*Input, error) {
	return s.openInput(streamID, inputPriority, 0)
}

func (s *Service) openInput(streamID string, inputPriority int, session uint64) (*Input, error) {
	h := new(handle)
	id, idLen := chars(streamID)
	result := C.changeover_open_input(s.engine, id, idLen, cPriority(inputPriority), C.uint64_t(session), &h.open)
	if err := failure(result, fmt.Sprintf("open input %d of", inputPriority), streamID); err != nil {
		return nil, err
	}
	in := &Input{
		cell:   h.open.cell,
		clock:  (*uint64)(h.open.clock),
		gate:   (*uint64)(h.open.gate),
		handle: h,
	}
	if h.open.layout != layout {
		in.cell = unsafe.Pointer(foreignCell)
	}
	in.cleanup = runtime.AddCleanup(in, (*handle).close, h)
	return in, nil
}

// Record counts one packet of so many bytes (0 to 2³²−1) and says whether to forward it. It takes
// about two nanoseconds: no cgo call, no allocation, no lock. (The few packets that the engine waits
// for, e.g. the first of a session, take a cgo call.)
//
// One goroutine at a time.
func (in *Input) Record(bytes int, flags Flags) Verdict {
	// Small enough to be inlined, so that a packet costs one Go call.
	in.enter()
	return in.record(in.current(), in.gate, bytes, flags)
}

// RecordLost counts packets known to be lost, e.g. from gaps in sequence numbers.
//
// One goroutine at a time, as for Record.
func (in *Input) RecordLost(packets uint64) {
	in.enter()
	in.recordLost(packets)
	in.leave()
}

// ReportError gives the input up at once, with the text of err as the reason, if its session is not
// over yet; an Input of [Service.OpenInput] that of the current session. The decision follows.
func (in *Input) ReportError(err error) {
	in.handle.reportError(errorText(err))
	// Or in could be found forgotten, and be closed, before the engine heard of it. (Recording needs
	// no such line: it ends with a store to in.)
	runtime.KeepAlive(in)
}

// StartFailed says that the start of this Input's session has failed, with the text of err as the reason:
// as an error that [Ingestor].Start returns, for one that has returned already. The decision follows.
func (in *Input) StartFailed(err error) {
	in.handle.startFailed(errorText(err))
	runtime.KeepAlive(in) // as in ReportError
}

// Close ends recording; what was counted stays counted. Closing twice is fine, and so is recording
// afterwards: it counts nothing and answers drop.
func (in *Input) Close() error {
	if atomic.SwapPointer(&in.cell, unsafe.Pointer(closedCell)) == unsafe.Pointer(closedCell) {
		return nil
	}
	// Who enters from here on finds closedCell. A goroutine that is inside may still use the old
	// cell and the clock, which must not be given back under its hands.
	if !fence() {
		// Nothing tells whether somebody is inside. But who is, holds in: so the cleanup knows.
		return nil
	}
	// Either the one inside saw closedCell, or its being inside is seen here.
	for wait := time.Microsecond; atomic.LoadUint32(&in.inside) != 0; wait = min(2*wait, time.Millisecond) {
		if hooked {
			testHook(waiting)
		}
		time.Sleep(wait)
	}
	in.cleanup.Stop()
	in.handle.close()
	return nil
}

func (h *handle) reportError(why string) {
	if hooked {
		testHook(reporting)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	text, textLen := chars(why)
	// It may be closed: then nobody wants to know.
	C.changeover_input_report_error(&h.open, text, textLen)
}

func (h *handle) startFailed(why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	text, textLen := chars(why)
	// It may be closed, as above.
	C.changeover_input_start_failed(&h.open, text, textLen)
}

// close gives the handle back to the engine. Closing twice is fine.
func (h *handle) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	C.changeover_close_input(&h.open)
}
