package changeover_test

// The host of the tests: it does as it is told and keeps a log.

import (
	"context"
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

// host is an ingestor. What its methods do can be replaced.
type host struct {
	start func(ctx context.Context, streamID string, input changeover.InputConfig, buffer string) error
	probe func(ctx context.Context, input changeover.InputConfig) error
	stop  func(streamID string)

	mu       sync.Mutex
	log      []string
	sessions map[string]context.Context // of each input, the last one
	events   []changeover.Event
}

func (h *host) note(format string, arguments ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log = append(h.log, fmt.Sprintf(format, arguments...))
}

func key(streamID string, priority int) string {
	return fmt.Sprintf("%s/%d", streamID, priority)
}

func (h *host) Start(ctx context.Context, streamID string, input changeover.InputConfig, buffer string) error {
	h.mu.Lock()
	h.log = append(h.log, "start "+key(streamID, input.Priority))
	if h.sessions == nil {
		h.sessions = make(map[string]context.Context)
	}
	h.sessions[key(streamID, input.Priority)] = ctx
	h.mu.Unlock()
	if h.start != nil {
		return h.start(ctx, streamID, input, buffer)
	}
	return nil
}

func (h *host) Probe(ctx context.Context, input changeover.InputConfig) error {
	h.note("probe %d", input.Priority)
	if h.probe != nil {
		return h.probe(ctx, input)
	}
	return changeover.ErrProbeUnsupported
}

func (h *host) Stop(streamID string) {
	h.note("stop %s", streamID)
	if h.stop != nil {
		h.stop(streamID)
	}
}

func (h *host) onEvent(event changeover.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, event)
}

// calls returns what was called so far.
func (h *host) calls() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.log)
}

func (h *host) called(call string) bool {
	return slices.Contains(h.calls(), call)
}

// session returns the context of an input's last start, when it has come.
func (h *host) session(t *testing.T, streamID string, priority int) context.Context {
	t.Helper()
	var ctx context.Context
	eventually(t, "start of "+key(streamID, priority), func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		ctx = h.sessions[key(streamID, priority)]
		return ctx != nil
	})
	return ctx
}

// seen returns the events of a kind.
func (h *host) seen(kind changeover.EventKind) []changeover.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	var seen []changeover.Event
	for _, event := range h.events {
		if event.Kind == kind {
			seen = append(seen, event)
		}
	}
	return seen
}

// kinds returns a stream's events by name.
func (h *host) kinds(streamID string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var kinds []string
	for _, event := range h.events {
		if event.Stream == streamID {
			kinds = append(kinds, event.Kind.String())
		}
	}
	return kinds
}

// newService makes a service for a test, which ends it and demands that nothing is left of it.
func newService(t testing.TB, h *host, config changeover.Config) *changeover.Service {
	t.Helper()
	return newServiceOf(t, h, &changeover.Options{Config: config, OnEvent: h.onEvent})
}

// newServiceOf is newService with options.
func newServiceOf(t testing.TB, h *host, options *changeover.Options) *changeover.Service {
	t.Helper()
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	// What a failed test left is not this one's.
	before := goroutinesOfPackage(nil)
	service, err := changeover.New(h, options)
	if err != nil {
		t.Fatal(err)
	}
	services.Add(1)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := service.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if services.Add(-1) == 0 {
			nothingIsLeft(t, before, "nothing")
		}
	})
	return service
}

// services counts those that newServiceOf made and that have not ended.
var services atomic.Int32

// patience is how long a test waits for what ought to come at once: it fails then.
const patience = 30 * time.Second

// eventually waits for a condition.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			buffer := make([]byte, 1<<20)
			t.Fatalf("not in %v: %s\n%s", patience, what, buffer[:runtime.Stack(buffer, true)])
		}
	}
}

// goroutinesOfPackage returns the stacks of the goroutines that the package has begun, by their
// names, but not those of before.
func goroutinesOfPackage(before map[string]string) map[string]string {
	buffer := make([]byte, 1<<20)
	found := make(map[string]string)
	for _, stack := range strings.Split(string(buffer[:runtime.Stack(buffer, true)]), "\n\n") {
		// It begins with "goroutine 17 [".
		name, _, _ := strings.Cut(stack, "[")
		if _, known := before[name]; !known && strings.Contains(stack, "created by changeover.") {
			found[name] = stack
		}
	}
	return found
}

// nothingIsLeft waits for the goroutines that are not of before to end, but for those in a method.
func nothingIsLeft(t testing.TB, before map[string]string, method string) {
	t.Helper()
	var left map[string]string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		left = goroutinesOfPackage(before)
		maps.DeleteFunc(left, func(_, stack string) bool { return strings.Contains(stack, ")."+method+"(") })
		if len(left) == 0 {
			return
		}
	}
	for _, stack := range left {
		t.Errorf("a goroutine is left:\n%s", stack)
	}
}

// twoInputs is a stream with inputs 0 and 1.
func twoInputs(id string) changeover.Stream {
	return changeover.Stream{ID: id, Inputs: []changeover.InputConfig{
		{Priority: 0, URL: "udp://primary"},
		{Priority: 1, URL: "udp://backup"},
	}}
}

func register(t testing.TB, service *changeover.Service, stream changeover.Stream) {
	t.Helper()
	if err := service.Register(context.Background(), stream, ""); err != nil {
		t.Fatal(err)
	}
}

// settle waits until everything recorded so far is decided.
func settle(t testing.TB, service *changeover.Service) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := service.Sync(ctx); err != nil {
		t.Fatal(err)
	}
}

func status(t testing.TB, service *changeover.Service, streamID string) changeover.RuntimeStatus {
	t.Helper()
	status, ok := service.RuntimeStatus(streamID)
	if !ok {
		t.Fatalf("%s has no status", streamID)
	}
	return status
}

// input returns an input's health.
func input(t testing.TB, service *changeover.Service, streamID string, priority int) changeover.InputHealthSnapshot {
	t.Helper()
	for _, input := range status(t, service, streamID).Inputs {
		if input.InputPriority == priority {
			return input
		}
	}
	t.Fatalf("%s has no input %d", streamID, priority)
	return changeover.InputHealthSnapshot{}
}
