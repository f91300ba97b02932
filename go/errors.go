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

// ErrClosed: the service, or the input, is closed.
const ErrClosed Error = C.CHANGEOVER_ERR_SHUT_DOWN

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
