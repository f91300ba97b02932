package changeover_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"changeover"
)

func openTap(t *testing.T, s *changeover.Service, options *changeover.TapOptions) *changeover.Tap {
	t.Helper()
	tap, err := s.Tap(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tap.Close() })
	return tap
}

func next(t *testing.T, tap *changeover.Tap) changeover.Tapped {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tapped, err := tap.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return tapped
}

func registerTwo(t *testing.T, s *changeover.Service, id string) {
	t.Helper()
	stream := changeover.Stream{ID: id, Inputs: []changeover.InputConfig{
		{Priority: 0, URL: "rtmp://user:secret@h/live/secret"}, {Priority: 1, URL: "b"},
	}}
	if err := s.Register(context.Background(), stream, ""); err != nil {
		t.Fatal(err)
	}
}

func TestTapsSeeWhatTheHostIsTold(t *testing.T) {
	h := &host{}
	service := newService(t, h, changeover.Config{})
	taps := []*changeover.Tap{openTap(t, service, nil), openTap(t, service, &changeover.TapOptions{Keep: 100})}
	registerTwo(t, service, "a \"b\"")
	service.ReportInputError("a \"b\"", 0, errors.New("rtmp://h/live/secret: refused"))
	for _, tap := range taps {
		var kinds []string
		for seq := uint64(1); len(kinds) == 0 || kinds[len(kinds)-1] != "degraded"; seq++ {
			tapped := next(t, tap)
			kinds = append(kinds, tapped.Kind.String())
			if tapped.Seq != seq || tapped.Missed != 0 || tapped.Stream != "a \"b\"" {
				t.Fatalf("%+v is not event %d", tapped, seq)
			}
			var line struct {
				Seq                   uint64
				Event, Stream, Reason string
				URL, Detail           string
			}
			if err := json.Unmarshal([]byte(tapped.JSON), &line); err != nil {
				t.Fatalf("%v: %s", err, tapped.JSON)
			}
			if line.Seq != seq || line.Event != tapped.Kind.String() || line.Stream != tapped.Stream ||
				line.Reason != string(tapped.Reason) || strings.Contains(tapped.JSON, "secret") {
				t.Errorf("%s is not %+v", tapped.JSON, tapped)
			}
			if tapped.Kind == changeover.EventStart && tapped.Priority == 0 && line.URL != "rtmp://***@h/live/***" {
				t.Errorf("the start's line: %s", tapped.JSON)
			}
		}
		if !slices.Contains(kinds, "start") || !slices.Contains(kinds, "switched") {
			t.Errorf("%v", kinds)
		}
	}
}

func TestASlowTapMissesAndOneThatComesBackGoesOn(t *testing.T) {
	service := newService(t, &host{}, changeover.Config{})
	slow := openTap(t, service, &changeover.TapOptions{Keep: 5})
	for i := range 20 {
		registerTwo(t, service, fmt.Sprint(i))
	}
	// Each has a start and a switch.
	first := next(t, slow)
	if first.Seq != 36 || first.Missed != 35 {
		t.Errorf("event %d after %d missed", first.Seq, first.Missed)
	}
	back := openTap(t, service, &changeover.TapOptions{Keep: 5, After: first.Seq})
	if second := next(t, back); second.Seq != 37 || second.Missed != 0 {
		t.Errorf("event %d after %d missed", second.Seq, second.Missed)
	}
}

func TestNextEndsWithItsContextItsTapAndItsService(t *testing.T) {
	h := &host{}
	service, err := changeover.New(h, nil)
	if err != nil {
		t.Fatal(err)
	}
	cancelled, closed, shut := openTap(t, service, nil), openTap(t, service, nil), openTap(t, service, nil)
	ctx, cancel := context.WithCancel(context.Background())
	var waiting sync.WaitGroup
	wait := func(tap *changeover.Tap, ctx context.Context, wanted error) {
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			if _, err := tap.Next(ctx); !errors.Is(err, wanted) {
				t.Errorf("%v, not %v", err, wanted)
			}
		}()
	}
	wait(cancelled, ctx, context.Canceled)
	wait(closed, ctx, changeover.ErrClosed)
	// Whether they wait by then or not.
	closed.Close()
	closed.Close()
	cancel()
	waiting.Wait()
	wait(shut, context.Background(), changeover.ErrClosed)
	if err := service.Close(); err != nil {
		t.Fatal(err)
	}
	waiting.Wait()
	// The end of a context is not the end of its tap.
	if _, err := cancelled.Next(context.Background()); !errors.Is(err, changeover.ErrClosed) {
		t.Error(err)
	}
	if _, err := closed.Next(context.Background()); !errors.Is(err, changeover.ErrClosed) {
		t.Error(err)
	}
	if _, err := service.Tap(nil); !errors.Is(err, changeover.ErrClosed) {
		t.Error(err)
	}
}

func TestATapGoesOnAfterAContextThatEnded(t *testing.T) {
	service := newService(t, &host{}, changeover.Config{})
	tap := openTap(t, service, nil)
	for i := range 100 {
		ctx, cancel := context.WithCancel(context.Background())
		go cancel()
		if _, err := tap.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		registerTwo(t, service, fmt.Sprint(i))
		for range 2 {
			next(t, tap)
		}
	}
}

func TestMetricsAreOfMoreAndLess(t *testing.T) {
	service := newService(t, &host{}, changeover.Config{})
	registerTwo(t, service, "s")
	for _, test := range []struct {
		options     changeover.MetricsOptions
		has, hasNot string
	}{
		{changeover.MetricsOptions{}, "\nchangeover_streams{state=\"dark\"} 1\n", "{stream="},
		{changeover.MetricsOptions{Streams: true}, "changeover_stream_active_input{stream=\"s\"} 0", "changeover_input_"},
		{changeover.MetricsOptions{Inputs: true}, "changeover_input_usable{stream=\"s\",input=\"1\"} 1", "changeover_stream_"},
	} {
		metrics, err := service.Metrics(test.options)
		if err != nil {
			t.Fatal(err)
		}
		scrape := string(metrics)
		if !strings.Contains(scrape, test.has) || strings.Contains(scrape, test.hasNot) ||
			strings.Contains(scrape, "secret") || !strings.HasSuffix(scrape, "\n# EOF\n") {
			t.Errorf("%+v: %s", test.options, scrape)
		}
	}
}

func TestStatusesComeInPages(t *testing.T) {
	service := newService(t, &host{}, changeover.Config{})
	for _, id := range []string{"c", "a", "e", "b", "d"} {
		registerTwo(t, service, id)
	}
	var seen []string
	for after := ""; ; {
		document, err := service.StatusesJSON(after, 2)
		if err != nil {
			t.Fatal(err)
		}
		var page struct {
			Streams []changeover.RuntimeStatus `json:"streams"`
			Next    *string                    `json:"next"`
		}
		if err := json.Unmarshal(document, &page); err != nil {
			t.Fatalf("%v: %s", err, document)
		}
		for _, status := range page.Streams {
			seen = append(seen, status.Stream)
		}
		if page.Next == nil {
			break
		}
		after = *page.Next
	}
	if !slices.Equal(seen, []string{"a", "b", "c", "d", "e"}) {
		t.Errorf("%v", seen)
	}
}
