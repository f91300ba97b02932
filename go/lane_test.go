package changeover

// A lane from inside: what waits in it.

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// What waits because two sessions can't overlap begins when they can.
func TestOverlapAllowedLater(t *testing.T) {
	release, entered, started := make(chan struct{}), make(chan struct{}), make(chan struct{})
	host := funcHost{func(_ context.Context, input InputConfig) error {
		if input.Priority == 0 {
			entered <- struct{}{}
			<-release
		} else {
			started <- struct{}{}
		}
		return nil
	}}
	defer close(release)
	config := Config{ConnectTimeout: time.Hour, Overlap: OverlapOff}
	for _, streamID := range []string{"", "news"} {
		service, err := New(host, &Options{Config: config})
		if err != nil {
			t.Fatal(err)
		}
		defer service.Close()
		inputs := []InputConfig{{Priority: 0}, {Priority: 1}}
		if err := service.Register(context.Background(), Stream{ID: "news", Inputs: inputs}, ""); err != nil {
			t.Fatal(err)
		}
		// The lane counts a Start before it is called. One whose session is over by then never is.
		receive(t, entered, "the first Start")
		service.ReportInputError("news", 0, errors.New("gone"))
		// The first session is over, and its Stop has returned, but not its Start.
		eventuallyInLane(t, service, func(l *lane) bool { return len(l.waiting) == 1 && !l.owesStop && !l.stopping })
		config.Overlap = OverlapOn
		if err := service.SetConfig(streamID, config); err != nil {
			t.Fatal(err)
		}
		receive(t, started, fmt.Sprintf("the Start that waits, with the settings of %q", streamID))
		config.Overlap = OverlapOff
	}
}

// A session needs what the last one of its input still holds, such as a port.
func TestAnInputsNextStartWaitsForItsLast(t *testing.T) {
	release, entered := make(chan struct{}), make(chan struct{})
	var inside, most atomic.Int32
	host := funcHost{func(context.Context, InputConfig) error {
		most.Store(max(most.Load(), inside.Add(1)))
		defer inside.Add(-1)
		entered <- struct{}{}
		// Heeds no context.
		<-release
		return nil
	}}
	service, err := New(host, &Options{Config: Config{ConnectTimeout: time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	defer close(release)
	stream := Stream{ID: "news", Inputs: []InputConfig{{}}}
	if err := service.Register(context.Background(), stream, ""); err != nil {
		t.Fatal(err)
	}
	receive(t, entered, "the first Start")
	if err := service.UpdateBufferWriteID("news", "elsewhere"); err != nil {
		t.Fatal(err)
	}
	eventuallyInLane(t, service, func(l *lane) bool { return len(l.waiting) == 1 && !l.owesStop && !l.stopping })
	release <- struct{}{}
	receive(t, entered, "the Start that waited")
	if most.Load() != 1 {
		t.Errorf("%d Starts of one input at once", most.Load())
	}
}

func receive(t *testing.T, from chan struct{}, what string) {
	t.Helper()
	select {
	case <-from:
	case <-time.After(30 * time.Second):
		t.Fatal("it does not come: ", what)
	}
}

func eventuallyInLane(t *testing.T, service *Service, condition func(*lane) bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		service.mu.Lock()
		l := service.lanes["news"]
		met := l != nil && condition(l)
		service.mu.Unlock()
		if met {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the lane does not get there")
		}
	}
}

// newServiceHere is a service with one stream, "news", without inputs.
func newServiceHere(t *testing.T, host Ingestor) *Service {
	t.Helper()
	service, err := New(host, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { service.Close() })
	if err := service.Register(context.Background(), Stream{ID: "news"}, ""); err != nil {
		t.Fatal(err)
	}
	return service
}

// A session that is over before its Start was called needs neither Start nor Stop.
func TestAStartThatIsOverIsNotCalled(t *testing.T) {
	host := &countingHost{}
	service := newServiceHere(t, host)
	service.mu.Lock()
	l := service.lane("news")
	l.started(newSession(service.registrations["news"], 1<<40, InputConfig{}, ""))
	l.stopped(1 << 40)
	service.mu.Unlock()
	if err := service.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if starts, stops := host.starts.Load(), host.stops.Load(); starts != 0 || stops != 0 {
		t.Errorf("%d starts, %d stops", starts, stops)
	}
}

// A Stop lets a Start go first that was decided before it.
func TestStopComesAfterAStartThatIsOnItsWay(t *testing.T) {
	host := &countingHost{}
	service := newServiceHere(t, host)
	service.mu.Lock()
	l := service.lane("news")
	l.leaving.Add(1)
	l.stopping = true
	service.spawn(l.callStop)
	service.mu.Unlock()
	// On one processor, to yield is to let it run.
	processors := runtime.GOMAXPROCS(1)
	for range 1000 {
		runtime.Gosched()
	}
	runtime.GOMAXPROCS(processors)
	if host.stops.Load() != 0 {
		t.Error("it did not wait")
	}
	l.leaving.Add(-1)
	if err := service.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if stops := host.stops.Load(); stops != 1 {
		t.Errorf("%d stops", stops)
	}
}

// What comes late of a registration that has ended waits for nobody who registers.
func TestEventsOfEndedRegistrationsWaitForNobody(t *testing.T) {
	service := newServiceHere(t, &countingHost{})
	number := service.registrations["news"].number
	if err := service.Unregister("news"); err != nil {
		t.Fatal(err)
	}
	service.control.Lock()
	defer service.control.Unlock()
	found := make(chan *registration, 1)
	go func() { found <- service.registration(number) }()
	select {
	case r := <-found:
		if r != nil {
			t.Error("it has ended")
		}
	case <-time.After(30 * time.Second):
		t.Error("it waits")
	}
}

// However many registrations end exhausted while the host is told nothing, little is kept of them.
func TestOutagesOfEndedRegistrationsAreDropped(t *testing.T) {
	service := newServiceHere(t, &countingHost{})
	service.mu.Lock()
	defer service.mu.Unlock()
	l := service.lane("news")
	l.delivering = true // and never done
	for n := uint64(1); n <= 2*noticeLimit; n++ {
		l.notice(Event{Kind: EventExhausted, Stream: "news", Registration: n})
		l.notice(Event{Kind: EventUnregistered, Stream: "news", Registration: n})
	}
	if len(l.notices) > noticeLimit+1 {
		t.Errorf("%d are kept", len(l.notices))
	}
}

type countingHost struct{ starts, stops atomic.Int32 }

func (h *countingHost) Start(context.Context, string, InputConfig, string) error {
	h.starts.Add(1)
	return nil
}

func (h *countingHost) Probe(context.Context, InputConfig) error { return nil }

func (h *countingHost) Stop(string) { h.stops.Add(1) }
