package changeover_test

// What waits for what: the order of a stream's calls, and that nothing else waits.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"changeover"
)

func openSession(t testing.TB, service *changeover.Service, h *host, streamID string, priority int) *changeover.Input {
	t.Helper()
	var ctx context.Context
	eventually(t, "start of "+key(streamID, priority), func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		ctx = h.sessions[key(streamID, priority)]
		return ctx != nil
	})
	in, err := service.OpenSession(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	return in
}

// A Start that blocks for as long as its session lasts, as http.Serve does.
func TestStartMayServeTheSession(t *testing.T) {
	h := &host{start: func(ctx context.Context, _ string, _ changeover.InputConfig, _ string) error {
		<-ctx.Done()
		return ctx.Err()
	}}
	service := newService(t, h, patient)
	register(t, service, twoInputs("news"))
	service.RecordPacket("news", 0)
	h.session(t, "news", 0)
	settle(t, service)
	service.ReportInputError("news", 0, errors.New("gone"))
	second := h.session(t, "news", 1)
	service.RecordPacket("news", 1)
	eventually(t, "the end of the first", func() bool { return h.session(t, "news", 0).Err() != nil })
	if second.Err() != nil || input(t, service, "news", 1).Status != changeover.StatusActive {
		t.Error("the second session is over")
	}
}

// A Start that never returns, and heeds no context, holds up neither its stream's next one nor others.
func TestABlockedStartHoldsUpNothing(t *testing.T) {
	release := make(chan struct{})
	h := &host{start: func(_ context.Context, streamID string, input changeover.InputConfig, _ string) error {
		if key(streamID, input.Priority) == "news/0" {
			<-release
		}
		return nil
	}}
	service := newService(t, h, changeover.Config{ConnectTimeout: 20 * time.Millisecond})
	register(t, service, twoInputs("news"))
	register(t, service, twoInputs("sport"))
	h.session(t, "sport", 0)
	h.session(t, "news", 1)
	if err := service.Unregister("news"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "stop", func() bool { return h.called("stop news") })
	eventually(t, "the events", func() bool { return slices.Contains(h.kinds("news"), "unregistered") })
	close(release)
}

// With overlap off, Stop and every Start before have returned before the next one.
func TestWithoutOverlapStartWaits(t *testing.T) {
	var mu sync.Mutex
	inside, most := 0, 0
	enter := func() {
		mu.Lock()
		defer mu.Unlock()
		inside++
		most = max(most, inside)
	}
	leave := func() {
		mu.Lock()
		defer mu.Unlock()
		inside--
	}
	stopped := make(chan struct{}, 100)
	h := &host{
		start: func(context.Context, string, changeover.InputConfig, string) error {
			enter()
			defer leave()
			// Does not heed the context: Stop is what ends it.
			<-stopped
			// As a host does that has to close something. (Long enough for the next one to be seen
			// beside it.)
			time.Sleep(5 * time.Millisecond)
			return nil
		},
		stop: func(string) { stopped <- struct{}{} },
	}
	service := newService(t, h, changeover.Config{Overlap: changeover.OverlapOff})
	register(t, service, twoInputs("news"))
	h.session(t, "news", 0)
	for round := range 10 {
		next := (round + 1) % 2
		if err := service.SwitchInput("news", next); err != nil {
			t.Fatal(err)
		}
		starts := func() int { return count(h, "start news/0") + count(h, "start news/1") }
		eventually(t, "next start", func() bool { return starts() == round+2 })
	}
	mu.Lock()
	defer mu.Unlock()
	if most != 1 {
		t.Errorf("%d Starts at once", most)
	}
	stops := 0
	for _, call := range h.calls() {
		switch call {
		case "stop news":
			stops++
		default:
			stops--
		}
		if stops < -1 || stops > 0 {
			t.Fatalf("calls %q", h.calls())
		}
	}
}

// Each Stop is followed by no session but new ones, and the calls of an id registered again wait for
// it.
func TestStopComesWhenNoSessionIsLeft(t *testing.T) {
	var mu sync.Mutex
	var stopping bool
	var open []context.Context
	h := &host{
		start: func(ctx context.Context, _ string, _ changeover.InputConfig, _ string) error {
			mu.Lock()
			defer mu.Unlock()
			if stopping {
				t.Error("Start while Stop is called")
			}
			open = append(open, ctx)
			return nil
		},
		stop: func(string) {
			mu.Lock()
			stopping = true
			for _, ctx := range open {
				if ctx.Err() == nil {
					t.Error("Stop while a session runs")
				}
			}
			open = nil
			mu.Unlock()
			// An open door for a Start that does not wait.
			for range 100 {
				runtime.Gosched()
			}
			mu.Lock()
			stopping = false
			mu.Unlock()
		},
	}
	service := newService(t, h, patient)
	for range 50 {
		register(t, service, twoInputs("news"))
		service.ReportInputError("news", 0, nil)
		service.RecordPacket("news", 1)
		if err := service.Unregister("news"); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all events", func() bool { return len(h.seen(changeover.EventUnregistered)) == 50 })
}

func TestEventsComeInOrder(t *testing.T) {
	h := &host{}
	service := newService(t, h, changeover.Config{ConnectTimeout: time.Hour})
	const streams = 20
	for i := range streams {
		register(t, service, twoInputs(fmt.Sprint(i)))
	}
	for i := range streams {
		id := fmt.Sprint(i)
		service.RecordPacket(id, 0)
	}
	settle(t, service)
	for i := range streams {
		id := fmt.Sprint(i)
		service.ReportInputError(id, 0, errors.New("gone"))
		service.RecordPacket(id, 1)
	}
	settle(t, service)
	for i := range streams {
		if err := service.Unregister(fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"switched", "active", "degraded", "switched", "active", "unregistered"}
	for i := range streams {
		id := fmt.Sprint(i)
		eventually(t, "events of "+id, func() bool { return slices.Contains(h.kinds(id), "unregistered") })
		if got := h.kinds(id); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
}

// A callback that blocks delays its stream's events, in which outages cancel out and the rest is
// bounded; other streams' events come.
func TestABlockedCallbackDelaysItsStreamOnly(t *testing.T) {
	release, blocked := make(chan struct{}), make(chan struct{})
	var once sync.Once
	h := &host{}
	service := newServiceOf(t, h, &changeover.Options{OnEvent: func(event changeover.Event) {
		h.onEvent(event)
		if event.Stream == "news" {
			once.Do(func() { close(blocked) })
			<-release
		}
	}, Config: changeover.Config{ConnectTimeout: time.Hour, SwitchCooldown: changeover.NoWait}})
	register(t, service, twoInputs("news"))
	<-blocked
	register(t, service, twoInputs("sport"))
	eventually(t, "other events", func() bool { return len(h.kinds("sport")) > 0 })
	// Decisions go on, more than are kept.
	for range 600 {
		for priority := range 2 {
			service.RecordPacket("news", priority)
			service.ReportInputError("news", priority, nil)
		}
	}
	settle(t, service)
	// Events are dealt out in order: with this one, all before it were.
	register(t, service, twoInputs("last"))
	eventually(t, "the marker", func() bool { return len(h.kinds("last")) > 0 })
	close(release)
	if err := service.Unregister("news"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the last event", func() bool { return slices.Contains(h.kinds("news"), "unregistered") })
	outages, last := 0, changeover.EventRestored
	var dropped uint64
	for _, event := range func() []changeover.Event { h.mu.Lock(); defer h.mu.Unlock(); return h.events }() {
		switch event.Kind {
		case changeover.EventGap:
			dropped += event.Dropped
		case changeover.EventExhausted, changeover.EventRestored:
			if event.Kind == last {
				t.Error("outages don't alternate")
			}
			last = event.Kind
			outages++
		}
	}
	if total := len(h.kinds("news")); total > 1100 || dropped == 0 || outages > 2 {
		t.Errorf("%d events, %d outages, %d dropped", total, outages, dropped)
	}
}

func TestPanicsAreRecoveredAndReported(t *testing.T) {
	var mu sync.Mutex
	var log bytes.Buffer
	panicking := func(what string) {
		if what != "" {
			panic("bug in " + what)
		}
	}
	h := &host{
		start: func(_ context.Context, _ string, input changeover.InputConfig, _ string) error {
			if input.Priority == 0 {
				panicking("start")
			}
			return nil
		},
		probe: func(context.Context, changeover.InputConfig) error { panicking("probe"); return nil },
		stop:  func(string) { panicking("stop") },
	}
	service := newServiceOf(t, h, &changeover.Options{
		Logger:  slog.New(slog.NewTextHandler(writer(func(p []byte) { mu.Lock(); log.Write(p); mu.Unlock() }), nil)),
		OnEvent: func(event changeover.Event) { h.onEvent(event); panicking("event") },
		Config:  changeover.Config{ConnectTimeout: time.Hour, ProbeCooldown: time.Millisecond},
	})
	service.SetExhaustedCallback(func(string) { panicking("exhausted") })
	register(t, service, twoInputs("news"))
	// The panic in Start is a failure of that input.
	h.session(t, "news", 1)
	eventually(t, "the reason", func() bool {
		degraded := h.seen(changeover.EventDegraded)
		return len(degraded) > 0 && degraded[0].Reason == changeover.ReasonStartFailed && strings.Contains(degraded[0].Detail, "bug in start")
	})
	eventually(t, "probe", func() bool { return h.called("probe 0") })
	service.ReportInputError("news", 1, nil)
	eventually(t, "exhausted", func() bool { return len(h.seen(changeover.EventExhausted)) > 0 })
	if err := service.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, bug := range []string{"start", "probe", "stop", "event", "exhausted"} {
		if !strings.Contains(log.String(), "bug in "+bug) {
			t.Errorf("the log does not tell of the bug in %s", bug)
		}
	}
	if !strings.Contains(log.String(), "order_test.go") {
		t.Error("the log has no stack")
	}
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) {
	w(p)
	return len(p), nil
}

// runtime.Goexit (t.Fatal, say) in host code ends its goroutine, not the stream's calls.
func TestGoexitInHostCode(t *testing.T) {
	h := &host{
		start: func(_ context.Context, _ string, input changeover.InputConfig, _ string) error {
			if input.Priority == 0 {
				runtime.Goexit()
			}
			return nil
		},
		stop: func(string) { runtime.Goexit() },
	}
	service := newService(t, h, changeover.Config{ConnectTimeout: time.Hour})
	service.SetExhaustedCallback(func(string) { runtime.Goexit() })
	for round := range 3 {
		register(t, service, twoInputs("news"))
		eventually(t, "second start", func() bool { return count(h, "start news/1") == round+1 })
		service.ReportInputError("news", 1, nil)
		if err := service.Unregister("news"); err != nil {
			t.Fatal(err)
		}
		eventually(t, "events", func() bool { return len(h.seen(changeover.EventUnregistered)) == round+1 })
	}
}

// The host's methods and callbacks may call the service.
func TestHostCodeMayCallTheService(t *testing.T) {
	var service *changeover.Service
	ready := make(chan struct{})
	h := &host{}
	h.start = func(ctx context.Context, streamID string, input changeover.InputConfig, _ string) error {
		<-ready
		in, err := service.OpenSession(ctx)
		if err != nil {
			return err
		}
		defer in.Close()
		in.Record(1, 0)
		service.RuntimeStatus(streamID)
		if input.Priority == 0 {
			service.ReportInputError(streamID, 0, errors.New("from within"))
		}
		return nil
	}
	h.stop = func(streamID string) {
		if streamID == "news" {
			register(t, service, changeover.Stream{ID: "more"})
		}
	}
	service = newService(t, h, changeover.Config{ConnectTimeout: time.Hour})
	service.SetRestoredCallback(func(string) { _ = service.Sync(context.Background()) })
	service.SetExhaustedCallback(func(streamID string) {
		if err := service.Unregister(streamID); err != nil {
			t.Error(err)
		}
	})
	close(ready)
	register(t, service, twoInputs("news"))
	h.session(t, "news", 1)
	service.ReportInputError("news", 1, nil)
	eventually(t, "the callback's doing", func() bool { return service.IsRegistered("more") })
	if service.IsRegistered("news") {
		t.Error("still registered")
	}
}

func TestCloseFromHostCode(t *testing.T) {
	var service *changeover.Service
	closed := make(chan struct{})
	h := &host{}
	h.stop = func(string) {
		service.Close()
		close(closed)
	}
	service = newService(t, h, patient)
	register(t, service, twoInputs("news"))
	h.session(t, "news", 0)
	if err := service.Unregister("news"); err != nil {
		t.Fatal(err)
	}
	<-closed
}

// reset is an error of the host as they come: its text is what a library said.
type reset struct{ text string }

func (r *reset) Error() string { return r.text }

// What a host returns as an error may be no UTF-8, or panic when it is asked.
func TestAnyErrorOfTheHostIsAFailure(t *testing.T) {
	var probes atomic.Int32
	h := &host{
		start: func(_ context.Context, _ string, input changeover.InputConfig, _ string) error {
			switch input.Priority {
			case 0:
				return &reset{"no header in \xff\xfe"}
			case 1:
				return (*reset)(nil)
			}
			return nil
		},
		probe: func(context.Context, changeover.InputConfig) error {
			probes.Add(1)
			return (*reset)(nil)
		},
	}
	service := newService(t, h, changeover.Config{ConnectTimeout: time.Hour, ProbeCooldown: time.Millisecond})
	stream := twoInputs("news")
	stream.Inputs = append(stream.Inputs, changeover.InputConfig{Priority: 2}, changeover.InputConfig{Priority: 3})
	register(t, service, stream)
	openSession(t, service, h, "news", 2).ReportError(&reset{"\xc3"})
	h.session(t, "news", 3)
	service.ReportInputError("news", 3, &reset{"cut \xe2\x82"})
	eventually(t, "exhausted", func() bool { return len(h.seen(changeover.EventExhausted)) == 1 })
	eventually(t, "probes", func() bool { return probes.Load() > 1 })
	details := make(map[int]string)
	for _, event := range h.seen(changeover.EventDegraded) {
		if details[event.Priority] == "" {
			details[event.Priority] = event.Detail
		}
	}
	want := map[int]string{0: "no header in \ufffd", 1: "panic in Start: runtime error: invalid memory address or nil pointer dereference",
		2: "\ufffd", 3: "cut \ufffd"}
	if !maps.Equal(details, want) {
		t.Errorf("%q, want %q", details, want)
	}
}

// A logger is host code, too.
func TestTheLoggerMayPanic(t *testing.T) {
	h := &host{start: func(_ context.Context, _ string, input changeover.InputConfig, _ string) error {
		if input.Priority == 0 {
			panic("bug")
		}
		return nil
	}}
	panics := writer(func([]byte) { panic("bug in the logger") })
	service := newServiceOf(t, h, &changeover.Options{
		Logger: slog.New(slog.NewTextHandler(panics, nil)),
		Config: changeover.Config{ConnectTimeout: time.Hour},
	})
	register(t, service, twoInputs("news"))
	h.session(t, "news", 1)
	if err := service.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// A logger that blocks, because nobody reads the log, delays nothing: not the next input, not the next life of
// the stream.
func TestTheLoggerMayBlock(t *testing.T) {
	release := make(chan struct{})
	blocks := writer(func([]byte) { <-release })
	h := &host{
		start: func(_ context.Context, _ string, input changeover.InputConfig, _ string) error {
			if input.Priority == 0 {
				panic("bug in start")
			}
			return nil
		},
		stop: func(string) { panic("bug in stop") },
	}
	service := newServiceOf(t, h, &changeover.Options{Logger: slog.New(slog.NewTextHandler(blocks, nil)), Config: patient})
	defer close(release)
	for life := range 2 {
		register(t, service, twoInputs("news"))
		eventually(t, "the next input", func() bool { return count(h, "start news/1") == life+1 })
		if err := service.Unregister("news"); err != nil {
			t.Fatal(err)
		}
	}
}
