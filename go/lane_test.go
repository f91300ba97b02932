package changeover

// A lane from inside: what waits in it.

import (
	"context"
	"errors"
	"testing"
	"time"
)

// What waits because two sessions can't overlap begins when they can.
func TestOverlapAllowedLater(t *testing.T) {
	release, started := make(chan struct{}), make(chan struct{})
	host := funcHost{func(_ context.Context, input InputConfig) error {
		if input.Priority == 0 {
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
		eventuallyInLane(t, service, func(l *lane) bool { return l.starts == 1 })
		service.ReportInputError("news", 0, errors.New("gone"))
		// The first session is over, and its Stop has returned, but not its Start.
		eventuallyInLane(t, service, func(l *lane) bool { return len(l.waiting) == 1 && !l.owesStop && !l.stopping })
		config.Overlap = OverlapOn
		if err := service.SetConfig(streamID, config); err != nil {
			t.Fatal(err)
		}
		select {
		case <-started:
		case <-time.After(30 * time.Second):
			t.Fatalf("%q: it still waits", streamID)
		}
		config.Overlap = OverlapOff
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
