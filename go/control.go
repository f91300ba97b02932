package changeover

// The operations that change what the engine does.

// #include <changeover.h>
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Register puts a stream under supervision: its best input is started, and every hot one.
// bufferWriteID names where the ingestor writes; empty means the stream's id. Cancelling ctx
// unregisters the stream. An id that is registered already is [ErrStreamExists].
//
// It waits for the engine's decision, not for the ingestor.
func (s *Service) Register(ctx context.Context, stream Stream, bufferWriteID string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("changeover: register %q: %w", stream.ID, err)
	}
	s.control.Lock()
	defer s.control.Unlock()
	if s.closed {
		return failure(C.CHANGEOVER_ERR_SHUT_DOWN, "register", stream.ID)
	}
	if old := s.current(stream.ID); old != nil && old.ctx.Err() != nil {
		// It was cancelled, and its end is on the way.
		_ = s.endRegistration(old)
	}
	r := &registration{service: s, id: stream.ID, overlap: stream.Config.Overlap}
	r.ctx, r.end = context.WithCancelCause(ctx)
	var pinner runtime.Pinner
	defer pinner.Unpin()
	inputs, inputsLen := specs(&pinner, stream.Inputs)
	id, idLen := chars(stream.ID)
	buffer, bufferLen := chars(bufferWriteID)
	var config C.changeover_config
	stream.Config.toC(&config)
	var number C.uint64_t
	result := C.changeover_register_from(s.engine, id, idLen, buffer, bufferLen, inputs, inputsLen, &config,
		C.uint64_t(stream.FirstSwitch), &number)
	if err := failure(result, "register", stream.ID); err != nil {
		r.end(err)
		about := stream.Config.about(err, ofStream)
		if about == "" {
			about = aboutInputs(stream.Inputs, err)
		}
		if errors.Is(err, ErrFirstSwitch) {
			about = fmt.Sprintf("FirstSwitch is %d", stream.FirstSwitch)
		}
		return explained(err, about)
	}
	r.number = uint64(number)
	s.mu.Lock()
	s.registrations[r.id] = r
	s.byNumber[r.number] = r
	s.newest = r.number
	s.registered.Signal() // the pump
	s.mu.Unlock()
	r.release = context.AfterFunc(ctx, func() { s.unregister(r) })
	return nil
}

// Unregister ends a stream's supervision. The contexts of its sessions and probes have ended when
// it returns; Stop is called soon after.
func (s *Service) Unregister(streamID string) error {
	s.control.Lock()
	defer s.control.Unlock()
	r := s.current(streamID)
	if r == nil {
		// The engine knows the right error.
		return s.unregisterInEngine(streamID)
	}
	return s.endRegistration(r)
}

// unregister ends this registration, if it has not ended and another one of its id begun.
func (s *Service) unregister(r *registration) {
	s.control.Lock()
	defer s.control.Unlock()
	if s.current(r.id) == r {
		_ = s.endRegistration(r)
	}
}

// current is a stream's registration, nil if it has none. While s.control is held, it stays so.
func (s *Service) current(streamID string) *registration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.registrations[streamID]
}

// endRegistration ends a current registration. s.control is held.
func (s *Service) endRegistration(r *registration) error {
	s.forget(r, ErrSessionEnded)
	return s.unregisterInEngine(r.id)
}

// forget ends a registration on the Go side. s.control is held.
func (s *Service) forget(r *registration, cause error) {
	s.mu.Lock()
	if s.registrations[r.id] == r {
		delete(s.registrations, r.id)
	}
	delete(s.byNumber, r.number)
	opened := s.takeOpened(r)
	s.mu.Unlock()
	closeAll(opened)
	r.release()
	r.end(cause)
}

// lost ends a registration that the engine has ended, because it met a bug in the stream.
func (s *Service) lost(r *registration) {
	s.control.Lock()
	defer s.control.Unlock()
	s.forget(r, ErrPanic)
}

// unregisterInEngine ends a stream's registration in the engine alone.
func (s *Service) unregisterInEngine(streamID string) error {
	id, idLen := chars(streamID)
	return failure(C.changeover_unregister(s.engine, id, idLen), "unregister", streamID)
}

// IsRegistered says whether a stream is under supervision.
func (s *Service) IsRegistered(streamID string) bool {
	id, idLen := chars(streamID)
	var registered C.int32_t
	result := C.changeover_is_registered(s.engine, id, idLen, &registered)
	return result == C.CHANGEOVER_OK && registered != 0
}

// RegisteredStreams returns the ids of all streams under supervision, sorted.
func (s *Service) RegisteredStreams() []string {
	s.mu.Lock()
	ids := make([]string, 0, len(s.registrations))
	for id := range s.registrations {
		ids = append(ids, id)
	}
	s.mu.Unlock()
	slices.Sort(ids)
	return ids
}

// ReportInputError gives an input up at once, with the text of err as the reason; if it is on air,
// another one takes over. Reporting twice is the same as once. Errors of unknown streams and inputs
// are ignored, as they are of those just removed.
func (s *Service) ReportInputError(streamID string, inputPriority int, err error) {
	id, idLen := chars(streamID)
	why, whyLen := chars(errorText(err))
	C.changeover_report_input_error(s.engine, id, idLen, cPriority(inputPriority), why, whyLen)
}

// ReportSoftError is ReportInputError if another input is usable: for an input that is better than
// none. Otherwise it answers [ErrNoOtherInput], and the input is kept.
func (s *Service) ReportSoftError(streamID string, inputPriority int, err error) error {
	id, idLen := chars(streamID)
	why, whyLen := chars(errorText(err))
	result := C.changeover_report_soft_error(s.engine, id, idLen, cPriority(inputPriority), why, whyLen)
	return failure(result, fmt.Sprintf("report an error of input %d of", inputPriority), streamID)
}

// SetCondition says what a host that sees the media has against an input, or no longer has (holds): it
// counts at once, and may be said in a loop. Session 0 is the input, whatever its session; else it
// ends with that session. The text says more.
func (s *Service) SetCondition(
	streamID string, inputPriority int, session uint64, condition Condition, holds bool, text string,
) error {
	id, idLen := chars(streamID)
	why, whyLen := chars(text)
	var is C.int32_t
	if holds {
		is = 1
	}
	result := C.changeover_set_condition(
		s.engine, id, idLen, cPriority(inputPriority), C.uint64_t(session), C.int32_t(condition), is, why, whyLen)
	return failure(result, fmt.Sprintf("set a condition of input %d of", inputPriority), streamID)
}

// SwitchInput puts an input on air and keeps it there while it is healthy. The old input stays on
// air until the new one delivers. It waits for the decision, not for the input.
func (s *Service) SwitchInput(streamID string, priority int) error {
	id, idLen := chars(streamID)
	result := C.changeover_switch_input(s.engine, id, idLen, cPriority(priority))
	return failure(result, fmt.Sprintf("switch to input %d of", priority), streamID)
}

// ForceInput is SwitchInput, also to an input that was given up: it is started in a new session, and
// when it delivers it has recovered and goes on air. If it does not, the choice ends. With OverlapOff
// the input on air is stopped first: the stream is dark until the other delivers, or for
// ConnectTimeout.
func (s *Service) ForceInput(streamID string, priority int) error {
	id, idLen := chars(streamID)
	result := C.changeover_force_input(s.engine, id, idLen, cPriority(priority))
	return failure(result, fmt.Sprintf("force input %d of", priority), streamID)
}

// ClearOverride ends a choice made with [Service.SwitchInput], [Service.SwitchInputFor] or
// [Service.ForceInput]; failback is free again.
func (s *Service) ClearOverride(streamID string) error {
	id, idLen := chars(streamID)
	return failure(C.changeover_clear_override(s.engine, id, idLen), "clear override of", streamID)
}

// UpdateInputs removes, adds and updates inputs, in this order, as one change: if it is refused,
// nothing has changed. Of the removed only the priorities matter. An updated input that runs is
// stopped, and started in a new session.
func (s *Service) UpdateInputs(streamID string, added, removed, updated []InputConfig) error {
	var pinner runtime.Pinner
	defer pinner.Unpin()
	add, addLen := specs(&pinner, added)
	update, updateLen := specs(&pinner, updated)
	var remove *C.int32_t
	if len(removed) > 0 {
		priorities := make([]C.int32_t, len(removed))
		for i, input := range removed {
			priorities[i] = cPriority(input.Priority)
		}
		remove = &priorities[0]
	}
	id, idLen := chars(streamID)
	result := C.changeover_update_inputs(s.engine, id, idLen,
		add, addLen, remove, C.size_t(len(removed)), update, updateLen)
	// What by-id recording holds open may belong to an input that is gone.
	var opened []*Input
	s.mu.Lock()
	if r := s.registrations[streamID]; r != nil {
		r.changes++
		opened = s.takeOpened(r)
	}
	s.mu.Unlock()
	closeAll(opened)
	err := failure(result, "update inputs of", streamID)
	if err == nil {
		return nil
	}
	status, _ := s.RuntimeStatus(streamID)
	return explained(err, aboutUpdate(status.Inputs, added, removed, updated, err))
}

// UpdateBufferWriteID has every running session of a stream restarted onto another buffer; empty
// means the stream's id.
func (s *Service) UpdateBufferWriteID(streamID, bufferWriteID string) error {
	id, idLen := chars(streamID)
	buffer, bufferLen := chars(bufferWriteID)
	result := C.changeover_update_buffer_write_id(s.engine, id, idLen, buffer, bufferLen)
	return failure(result, "update buffer of", streamID)
}

// SetConfig changes the settings of a stream, or with an empty id the service's. What is zero in
// config inherits again. Running deadlines move at once.
func (s *Service) SetConfig(streamID string, config Config) error {
	s.control.Lock()
	defer s.control.Unlock()
	var c C.changeover_config
	config.toC(&c)
	id, idLen := chars(streamID)
	err := failure(C.changeover_set_config(s.engine, id, idLen, &c), "set config of", streamID)
	if err != nil {
		of := ofStream
		if streamID == "" {
			of = ofService
		}
		return explained(err, config.about(err, of))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if streamID == "" {
		s.overlap = config.Overlap
	} else if r := s.registrations[streamID]; r != nil {
		r.overlap = config.Overlap
	}
	s.advanceLanes(streamID)
	return nil
}

// Alive says how late the oldest duty of the engine's monitor is: a tick or a deadline that was due, or
// a call that was not carried out; 0 if there is none. In a healthy engine it is well below a
// millisecond, or as long as the machine keeps its threads waiting: for a watchdog, seconds mean that
// the monitor hangs. [ErrMonitorDied] once a bug has ended it: then nothing is decided any more,
// recording goes on answering as it last did, and what is left is to end the process, or to close the
// service and make another.
func (s *Service) Alive() (time.Duration, error) {
	var late C.uint64_t
	err := failure(C.changeover_alive(s.engine, &late), "alive", "")
	return nanoseconds(late), err
}

// Sync returns when everything before it, recorded packets included, is decided and published, or
// when ctx is done. (What was decided may still be on its way to the host.)
func (s *Service) Sync(ctx context.Context) error {
	// In slices, so that a context without a deadline is heeded, too.
	const slice = 20 * time.Millisecond
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		result := C.changeover_sync(s.engine, C.uint64_t(slice))
		if result != C.CHANGEOVER_ERR_TIMEOUT {
			return failure(result, "sync", "")
		}
	}
}

// errorText is an error in words the engine takes: what ffmpeg says of a broken file, say, need not be
// UTF-8.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return strings.ToValidUTF8(err.Error(), "\uFFFD")
}
