package changeover

// One start of one input, and the context that carries it.

import "context"

// session is one start of one input.
type session struct {
	id            uint64
	registration  *registration
	input         InputConfig
	bufferWriteID string
	ctx           context.Context
	end           context.CancelCauseFunc
	// The host's Start was called. Guarded by Service.mu.
	begun bool
}

// sessionKey is where a session's context keeps it.
type sessionKey struct{}

func newSession(r *registration, id uint64, input InputConfig, bufferWriteID string) *session {
	s := &session{id: id, registration: r, input: input, bufferWriteID: bufferWriteID}
	s.ctx, s.end = context.WithCancelCause(context.WithValue(r.ctx, sessionKey{}, s))
	return s
}
