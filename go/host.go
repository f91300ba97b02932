package changeover

// The host's side, and how its code is called: panics stop here.

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// Ingestor is the host's side: it can start, stop and probe an input.
//
// Its methods run on goroutines of their own, may block, and may call any method of the service.
// A panic is recovered, logged, and counts as a failure.
type Ingestor interface {
	// Start begins a session: it pulls input and writes what [Input.Record] lets through to
	// bufferWriteID, until ctx is done. It may return as soon as that is under way, or block for
	// as long as the session lasts. An error gives the input up, with its text as the reason;
	// what is returned after ctx is done is ignored. ConnectTimeout runs from the decision to start
	// the input: what this call has to wait for before, it has less.
	//
	// A Start may overlap sessions of other inputs of the same stream that still run, unless the
	// stream's settings say OverlapOff. Two that are decided at the same moment may then come in either
	// order: the newer session is the one whose context goes on. An input's next Start waits until its
	// last one has returned: what that one held, such as a port, is free if it blocked until then.
	Start(ctx context.Context, streamID string, input InputConfig, bufferWriteID string) error

	// Probe finds out whether input works: nil if it does, [ErrProbeUnsupported] if that can't be
	// found out. ctx carries the probe's deadline, after which the answer is of no interest; it
	// ends with the registration, too.
	Probe(ctx context.Context, input InputConfig) error

	// Stop is called when no session of the stream is left, after their contexts have ended. The
	// stream's next Start waits until it returns. A Start that was called before may still be under
	// way: its ctx has ended.
	Stop(streamID string)
}

// Options are how a service is made. The zero value is fine.
type Options struct {
	// Config is the settings of all streams that don't say otherwise.
	Config Config
	// OnEvent is told each decision that is no command: one call at a time for each stream, in
	// order. It may block, which delays later events of its stream only.
	OnEvent func(Event)
	// Logger is told of panics in the host's code, of events dropped because it was slow, and of bugs
	// met in the engine.
	// Default: slog.Default().
	Logger *slog.Logger
	// EventLimit is how many decisions that are no commands the engine keeps until they are taken
	// from it, before the oldest are dropped. Default: 65536. They are taken at once; of those that
	// wait for a slow OnEvent, the newest 1024 of each stream are kept.
	EventLimit int
}

// guarded calls host code, and then done with what it failed with, in words: an error of the host may
// panic itself when it is asked, so that happens in here. A panic is a failure, and so is the end of
// the goroutine.
func (s *Service) guarded(what, streamID string, code func() error, done func(error)) {
	err := fmt.Errorf("%s ended its goroutine", what)
	// In a deferred call, because host code may end its goroutine with runtime.Goexit.
	defer func() {
		value := recover()
		if value != nil {
			err = fmt.Errorf("panic in %s: %v", what, value)
		}
		// First of all: nothing waits for a log whose reader has stalled.
		done(err)
		if value != nil {
			// The logger is host code, too.
			defer func() { _ = recover() }()
			s.log.Error("changeover: panic in the host's code", "in", what, "stream", Printable(streamID),
				"panic", Printable(fmt.Sprint(value)), "stack", string(debug.Stack()))
		}
	}()
	result := code()
	if result != nil {
		result = errors.New(result.Error())
	}
	err = result
}
