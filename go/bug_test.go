package changeover

// What becomes of a registration that the engine has given up because it met a bug. (That it does is
// tested in ffi-tests/bugs.c: this package's library meets none on demand.)

import (
	"context"
	"errors"
	"log/slog"
	"testing"
)

func TestBugEndsTheRegistration(t *testing.T) {
	sessions := make(chan context.Context, 1)
	host := funcHost{func(ctx context.Context, _ InputConfig) error {
		sessions <- ctx
		return nil
	}}
	service, err := New(host, &Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	stream := Stream{ID: "news", Inputs: []InputConfig{{Priority: 0}}}
	if err := service.Register(context.Background(), stream, ""); err != nil {
		t.Fatal(err)
	}
	lost, session := service.current("news"), <-sessions
	// The engine has ended it, and before that is noticed here, the host begins another.
	if err := service.unregisterInEngine("news"); err != nil {
		t.Fatal(err)
	}
	if err := service.Register(context.Background(), stream, ""); err != nil {
		t.Fatal(err)
	}
	<-sessions
	service.lost(lost)
	<-session.Done()
	if cause := context.Cause(session); !errors.Is(cause, ErrPanic) && !errors.Is(cause, ErrSessionEnded) {
		t.Errorf("the session ended by %v", cause)
	}
	if cause := context.Cause(lost.ctx); !errors.Is(cause, ErrPanic) {
		t.Errorf("the registration ended by %v", cause)
	}
	if service.current("news") == nil || service.registration(lost.number) != nil {
		t.Error("of the two, the second is there")
	}
	service.lost(service.current("news"))
	if ids := service.RegisteredStreams(); len(ids) != 0 {
		t.Errorf("registered: %q", ids)
	}
}
