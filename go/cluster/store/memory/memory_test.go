package memory_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"changeover/cluster/store"
	"changeover/cluster/store/memory"
	"changeover/cluster/store/storetest"
)

func TestAStoreInMemoryIsAStore(t *testing.T) {
	storetest.Run(t, memory.New(), 100*time.Millisecond)
}

func TestWhatIsForgottenIsSaid(t *testing.T) {
	s, ctx := memory.New(), context.Background()
	for i := range 20000 {
		write := store.Write{Key: "/a", Value: []byte(fmt.Sprint(i))}
		if _, err := s.Commit(ctx, store.Transaction{Then: []store.Write{write}}); err != nil {
			t.Fatal(err)
		}
	}
	err := s.Watch(ctx, "/", 1, func([]store.Change) { t.Error("a change after a gap") })
	if !errors.Is(err, store.ErrCompacted) {
		t.Error(err)
	}
}
