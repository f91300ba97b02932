package changeover

// One start of one input, and the context that carries it.

import "context"

// session is one start of one input.
type session struct {
	id            uint64
	registration  *registration
	input         InputConfig
	bufferWriteID string
	reason        StartReason
	ctx           context.Context
	end           context.CancelCauseFunc
	// The host's Start was called. Guarded by Service.mu.
	begun bool
}

// StartInfo is what a [Ingestor.Start] may want to know besides its arguments.
type StartInfo struct {
	// Reason is what the input is started for.
	Reason StartReason
	// Session is the number of this session, as events have it: unique in the service.
	Session uint64
	// Registration is which life of the stream this is.
	Registration uint64
}

// StartInfoOf tells what the Start that was given ctx is for; false if ctx is not of a Start.
func StartInfoOf(ctx context.Context) (StartInfo, bool) {
	s, ok := ctx.Value(sessionKey{}).(*session)
	if !ok {
		return StartInfo{}, false
	}
	return StartInfo{Reason: s.reason, Session: s.id, Registration: s.registration.number}, true
}

// sessionKey is where a session's context keeps it.
type sessionKey struct{}

func newSession(r *registration, id uint64, input InputConfig, bufferWriteID string) *session {
	s := &session{id: id, registration: r, input: input, bufferWriteID: bufferWriteID}
	s.ctx, s.end = context.WithCancelCause(context.WithValue(r.ctx, sessionKey{}, s))
	return s
}
