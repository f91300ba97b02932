package changeover_test

// What the host gave an input comes back to it, and is let go.

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"changeover"
)

// kept is what an input carries; collected counts those that are garbage.
type kept struct {
	name      string
	collected *atomic.Int32
}

func keep(name string, collected *atomic.Int32) *kept {
	value := &kept{name, collected}
	runtime.SetFinalizer(value, func(value *kept) { value.collected.Add(1) })
	return value
}

func nameOf(input changeover.InputConfig) string {
	if value, ok := input.UserData.(*kept); ok {
		return value.name
	}
	return "none"
}

func TestUserDataComesBackWithStartsAndProbes(t *testing.T) {
	var collected atomic.Int32
	started, probed := make(chan string, 16), make(chan string, 16)
	h := &host{
		start: func(_ context.Context, _ string, input changeover.InputConfig, _ string) error {
			started <- nameOf(input)
			return nil
		},
		probe: func(_ context.Context, input changeover.InputConfig) error {
			probed <- nameOf(input)
			return errors.New("gone")
		},
	}
	service := newService(t, h, changeover.Config{ProbeCooldown: time.Millisecond, ConnectTimeout: time.Hour})
	stream := changeover.Stream{ID: "news", Inputs: []changeover.InputConfig{
		{Priority: 0, UserData: keep("first", &collected)},
		{Priority: 1, UserData: keep("second", &collected)},
		{Priority: 2},
	}}
	if err := service.Register(t.Context(), stream, ""); err != nil {
		t.Fatal(err)
	}
	if name := <-started; name != "first" {
		t.Fatalf("started %q", name)
	}
	service.ReportInputError("news", 1, errors.New("down"))
	if name := <-probed; name != "second" {
		t.Fatalf("probed %q", name)
	}
	updated := changeover.InputConfig{Priority: 0, UserData: keep("third", &collected)}
	if err := service.UpdateInputs("news", nil, nil, []changeover.InputConfig{updated}); err != nil {
		t.Fatal(err)
	}
	if name := <-started; name != "third" {
		t.Fatalf("started %q", name)
	}
	service.ReportInputError("news", 0, errors.New("down"))
	if name := <-started; name != "none" {
		t.Fatalf("started %q", name)
	}
}

func TestUserDataIsLetGo(t *testing.T) {
	var collected atomic.Int32
	h := &host{}
	service := newService(t, h, changeover.Config{})
	for i := range 10 {
		inputs := func() []changeover.InputConfig {
			return []changeover.InputConfig{
				{Priority: 0, UserData: keep("a", &collected)}, {Priority: 1, UserData: keep("b", &collected)},
			}
		}
		if err := service.Register(t.Context(), changeover.Stream{ID: "news", Inputs: inputs()}, ""); err != nil {
			t.Fatal(err)
		}
		err := service.Register(t.Context(), changeover.Stream{ID: "news", Inputs: inputs()}, "")
		if !errors.Is(err, changeover.ErrStreamExists) {
			t.Fatal(err)
		}
		if err := service.UpdateInputs("news", nil, nil, inputs()); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			if err := service.Unregister("news"); err != nil {
				t.Fatal(err)
			}
		} else if err := service.UpdateInputs("news", nil, inputs(), nil); err != nil {
			t.Fatal(err)
		} else if err := service.Unregister("news"); err != nil {
			t.Fatal(err)
		}
	}
	// Contexts know their sessions, and what was started.
	h.mu.Lock()
	h.sessions = nil
	h.mu.Unlock()
	// 10 times two that were registered, refused, updated, and 5 times two that served to remove them.
	const all = 10*6 + 5*2
	eventually(t, "all are collected", func() bool {
		runtime.GC()
		return collected.Load() == all
	})
	runtime.KeepAlive(service)
}
