package changeover_test

// How registrations and services end.

import (
	"context"
	"errors"
	"testing"
	"time"

	"changeover"
)

func TestUnregisterEndsTheSessions(t *testing.T) {
	h := &host{}
	service := newService(t, h, patient)
	register(t, service, twoInputs("news"))
	session := h.session(t, "news", 0)
	if err := service.Unregister("news"); err != nil {
		t.Fatal(err)
	}
	if session.Err() == nil || !errors.Is(context.Cause(session), changeover.ErrSessionEnded) {
		t.Errorf("the session's context: %v, %v", session.Err(), context.Cause(session))
	}
	eventually(t, "stop", func() bool { return h.called("stop news") })
	eventually(t, "unregistered", func() bool { return len(h.seen(changeover.EventUnregistered)) == 1 })
	if _, ok := service.RuntimeStatus("news"); ok {
		t.Error("there is a status")
	}
}

func TestCancellingTheContextUnregisters(t *testing.T) {
	h := &host{}
	service := newService(t, h, patient)
	ctx, cancel := context.WithCancel(context.Background())
	if err := service.Register(ctx, twoInputs("news"), ""); err != nil {
		t.Fatal(err)
	}
	session := h.session(t, "news", 0)
	cancel()
	eventually(t, "unregistered", func() bool { return !service.IsRegistered("news") && h.called("stop news") })
	if session.Err() == nil {
		t.Error("the session goes on")
	}
	// The old context has nothing to do with another registration of the id.
	register(t, service, twoInputs("news"))
	if !service.IsRegistered("news") {
		t.Error("not registered")
	}
}

// A cancelled stream's id is free at once.
func TestRegisterAfterCancel(t *testing.T) {
	service := newService(t, &host{}, patient)
	for range 200 {
		ctx, cancel := context.WithCancel(context.Background())
		if err := service.Register(ctx, twoInputs("news"), ""); err != nil {
			t.Fatal(err)
		}
		cancel()
	}
}

type panickingContext struct{ context.Context }

func (panickingContext) Done() <-chan struct{} { panic("bug in a context") }

func TestAContextThatPanicsRegistersNothing(t *testing.T) {
	service := newService(t, &host{}, patient)
	func() {
		defer func() { _ = recover() }()
		_ = service.Register(panickingContext{context.Background()}, twoInputs("news"), "")
		t.Error("it did not panic")
	}()
	if service.IsRegistered("news") {
		t.Error("it is registered")
	}
	register(t, service, twoInputs("news"))
}

func TestCloseEndsEverything(t *testing.T) {
	h := &host{}
	service := newService(t, h, patient)
	register(t, service, twoInputs("news"))
	session := h.session(t, "news", 0)
	in := openInput(t, service, "news", 0)
	in.Record(1, 0)
	service.RecordPacket("news", 0)
	if err := service.Close(); err != nil {
		t.Fatal(err)
	}
	if session.Err() == nil {
		t.Error("the session goes on")
	}
	if in.Record(1, 0).Forward() || service.Record("news", 0, 1, 0).Forward() {
		t.Error("a packet is forwarded")
	}
	open := func(_ *changeover.Input, err error) error { return err }
	for name, err := range map[string]error{
		"register":   service.Register(context.Background(), twoInputs("more"), ""),
		"unregister": service.Unregister("news"),
		"switch":     service.SwitchInput("news", 1),
		"open":       open(service.OpenInput("news", 0)),
		"sync":       service.Sync(context.Background()),
	} {
		if !errors.Is(err, changeover.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if service.IsRegistered("news") || len(service.RegisteredStreams()) != 0 {
		t.Error("registered")
	}
	service.ReportInputError("news", 0, errors.New("gone"))
	in.ReportError(errors.New("gone"))
	if err := service.Close(); err != nil {
		t.Error(err)
	}
	eventually(t, "the last calls", func() bool {
		return h.called("stop news") && len(h.seen(changeover.EventUnregistered)) == 1
	})
}

func TestShutdownWaitsForTheHost(t *testing.T) {
	release := make(chan struct{})
	h := &host{stop: func(string) { <-release }}
	service := newService(t, h, patient)
	register(t, service, twoInputs("news"))
	h.session(t, "news", 0)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := service.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("shutdown: %v", err)
	}
	close(release)
	if err := service.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}
