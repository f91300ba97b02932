package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"changeover/cluster/store"
)

// watch sends what is heard, one revision each, until the test ends.
func (s suite) watch(t *testing.T, prefix string, after int64) <-chan []store.Change {
	ctx, cancel := context.WithCancel(s.ctx)
	heard, done := make(chan []store.Change, 100), make(chan error, 1)
	go func() {
		done <- s.store.Watch(ctx, prefix, after, func(changes []store.Change) { heard <- changes })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("the watch ended with %v", err)
		}
	})
	return heard
}

func next(t *testing.T, heard <-chan []store.Change) []store.Change {
	t.Helper()
	select {
	case changes := <-heard:
		return changes
	case <-time.After(patience):
		t.Fatal("nothing was heard")
		return nil
	}
}

func (s suite) watches(t *testing.T) {
	first := s.commit(t, store.Transaction{Then: []store.Write{put(key(t, "a"), "1")}})
	second := s.commit(t, store.Transaction{Then: []store.Write{put(key(t, "a"), "2")}})
	heard := s.watch(t, key(t, ""), first.Revision)
	deleted := s.commit(t, store.Transaction{Then: []store.Write{
		{Key: key(t, "a"), Delete: true}, put(prefix+"another", "1"),
	}})
	lease := s.grant(t, s.ttl)
	write := store.Write{Key: key(t, "b"), Value: []byte("3"), Lease: lease}
	last := s.commit(t, store.Transaction{Then: []store.Write{write}})
	var got []string
	for range 4 {
		for _, change := range next(t, heard) {
			got = append(got, fmt.Sprintf("%s=%s@%d %v %v", change.Key[len(key(t, "")):], change.Value,
				change.Revision, change.Deleted, change.Lease == lease))
			if change.Deleted && change.Revision > last.Revision {
				// The lease's end has a revision that nobody was told.
				got[len(got)-1] = "b is gone"
			}
		}
	}
	want := []string{
		fmt.Sprintf("a=2@%d false false", second.Revision), fmt.Sprintf("a=@%d true false", deleted.Revision),
		fmt.Sprintf("b=3@%d false true", last.Revision), "b is gone",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func (s suite) watchesWhole(t *testing.T) {
	before := s.commit(t, store.Transaction{Then: []store.Write{put(key(t, "x"), "0")}})
	heard := s.watch(t, key(t, ""), before.Revision)
	var writes []store.Write
	for i := range store.MaxOperations {
		writes = append(writes, put(key(t, fmt.Sprint(i)), "1"))
	}
	s.commit(t, store.Transaction{Then: writes})
	s.commit(t, store.Transaction{Then: writes})
	for range 2 {
		if changes := next(t, heard); len(changes) != len(writes) {
			t.Errorf("%d changes at once, want %d", len(changes), len(writes))
		}
	}
}

func (s suite) loadsMany(t *testing.T) {
	const many = 50 * store.MaxOperations
	for from := 0; from < many; from += store.MaxOperations {
		var writes []store.Write
		for i := range store.MaxOperations {
			writes = append(writes, put(key(t, fmt.Sprintf("%05d", from+i)), "1"))
		}
		s.commit(t, store.Transaction{Then: writes})
	}
	entries := s.entries(t, key(t, ""))
	if len(entries) != many {
		t.Fatalf("%d entries, want %d", len(entries), many)
	}
	for i, entry := range entries {
		if entry.Key != key(t, fmt.Sprintf("%05d", i)) {
			t.Fatalf("entry %d is %s", i, entry.Key)
		}
	}
}

func (s suite) tooMuch(t *testing.T) {
	var writes []store.Write
	for i := range store.MaxOperations + 1 {
		writes = append(writes, put(key(t, fmt.Sprint(i)), "1"))
	}
	twice := []store.Write{put(key(t, "a"), "1"), put(key(t, "a"), "2")}
	for _, writes := range [][]store.Write{writes, twice} {
		if _, err := s.store.Commit(s.ctx, store.Transaction{Then: writes}); err == nil {
			t.Errorf("%d writes were taken", len(writes))
		}
	}
	if entries := s.entries(t, key(t, "")); len(entries) != 0 {
		t.Errorf("%d entries are written", len(entries))
	}
}

func (s suite) watchEnds(t *testing.T) {
	now := s.commit(t, store.Transaction{Then: []store.Write{put(key(t, "a"), "1")}})
	ctx, cancel := context.WithCancel(s.ctx)
	done := make(chan error, 1)
	go func() { done <- s.store.Watch(ctx, key(t, ""), now.Revision, func([]store.Change) {}) }()
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(patience):
		t.Error("it goes on")
	}
}
