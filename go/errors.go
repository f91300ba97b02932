package changeover

// What can go wrong, as constants for errors.Is.

// #include <changeover.h>
import "C"

import (
	"errors"
	"fmt"
)

// Error is a result of the engine. The errors of this package wrap one, or the error of a context.
type Error int32

// The errors a caller may want to tell apart.
const (
	// ErrStreamID: a stream id is empty or longer than 255 bytes.
	ErrStreamID Error = C.CHANGEOVER_ERR_STREAM_ID
	// ErrUTF8: a string is not UTF-8.
	ErrUTF8 Error = C.CHANGEOVER_ERR_UTF8
	// ErrPriority: a priority is negative or beyond 2³¹−1.
	ErrPriority Error = C.CHANGEOVER_ERR_PRIORITY
	// ErrDuplicatePriority: two inputs of one stream have the same priority.
	ErrDuplicatePriority Error = C.CHANGEOVER_ERR_DUPLICATE_PRIORITY
	// ErrConfig: a duration is out of range, or a setting makes no sense on its level.
	ErrConfig Error = C.CHANGEOVER_ERR_CONFIG
	// ErrValue: a setting is none of its constants.
	ErrValue Error = C.CHANGEOVER_ERR_VALUE
	// ErrHotWithoutOverlap: hot standby was asked for where two sessions can't overlap.
	ErrHotWithoutOverlap Error = C.CHANGEOVER_ERR_HOT_WITHOUT_OVERLAP
	// ErrStreamExists: the stream id is already registered.
	ErrStreamExists Error = C.CHANGEOVER_ERR_STREAM_EXISTS
	// ErrUnknownStream: no such stream is registered.
	ErrUnknownStream Error = C.CHANGEOVER_ERR_UNKNOWN_STREAM
	// ErrUnknownInput: the stream has no input of that priority.
	ErrUnknownInput Error = C.CHANGEOVER_ERR_UNKNOWN_INPUT
	// ErrInputDegraded: the input is degraded, so it can't be chosen.
	ErrInputDegraded Error = C.CHANGEOVER_ERR_INPUT_DEGRADED
	// ErrStaleSession: that session is over.
	ErrStaleSession Error = C.CHANGEOVER_ERR_STALE_SESSION
	// ErrClosed: the service, or the input, is closed.
	ErrClosed Error = C.CHANGEOVER_ERR_SHUT_DOWN
	// ErrSystem: the system refused a thread or a descriptor.
	ErrSystem Error = C.CHANGEOVER_ERR_SYSTEM
)

var (
	// ErrProbeUnsupported is what an [Ingestor]'s Probe returns for an input that can't be
	// probed; the engine then tries such inputs by starting them behind the closed gate.
	ErrProbeUnsupported = errors.New("changeover: this input can't be probed")

	// ErrSessionEnded is the cause ([context.Cause]) with which the context of a session ends.
	ErrSessionEnded = errors.New("changeover: the session is over")

	// ErrNoSession is returned by [Service.OpenSession] for a context that is not a session's.
	ErrNoSession = errors.New("changeover: not the context of a session of this service")
)

// Error says it in words.
func (e Error) Error() string {
	return C.GoString(C.changeover_error_message(C.int32_t(e)))
}

// failure makes an error of a result, nil of success.
func failure(result C.int32_t, operation, streamID string) error {
	if result == C.CHANGEOVER_OK {
		return nil
	}
	code := Error(result)
	if result == C.CHANGEOVER_ERR_HANDLE {
		// The only handles there are to be stale are those of what was closed.
		code = ErrClosed
	}
	if streamID == "" {
		return fmt.Errorf("changeover: %s: %w", operation, code)
	}
	return fmt.Errorf("changeover: %s %q: %w", operation, streamID, code)
}
