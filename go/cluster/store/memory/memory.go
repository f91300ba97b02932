// Package memory is a store within one process, for tests and for trying a cluster out. It passes the same
// tests as the one over etcd (package storetest). What is in it is gone with the process.
package memory

import (
	"context"
	"sync"
	"time"

	"changeover/cluster/internal/kv"
	"changeover/cluster/store"
)

// kept is how many revisions' changes a watch can still ask for.
const kept = 10000

// Store is a [store.Store] in memory.
type Store struct {
	began time.Time

	mu    sync.Mutex
	state *kv.State
	// The changes of the last revisions, the oldest first, one revision each.
	history [][]store.Change
	// The greatest revision that is no longer in history.
	forgotten int64
	// Closed, and another one made, when there is something new.
	news chan struct{}
	// Rings when the next lease ends.
	alarm *time.Timer
}

var _ store.Store = (*Store)(nil)

// New is a store with nothing in it.
func New() *Store {
	s := &Store{began: time.Now(), state: kv.New(), news: make(chan struct{})}
	s.forgotten = s.state.Revision()
	return s
}

// locked runs work with all leases ended that are over, and has what it changed be heard of.
func (s *Store) locked(ctx context.Context, work func(now time.Duration) []store.Change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Since(s.began)
	for {
		_, changes, more := s.state.Expire(now)
		if !more {
			break
		}
		s.tell(changes)
	}
	s.tell(work(now))
	s.setAlarm(now)
	return nil
}

// tell has watches hear of the changes of one revision. s.mu is held.
func (s *Store) tell(changes []store.Change) {
	if len(changes) == 0 {
		return
	}
	s.history = append(s.history, changes)
	if len(s.history) > kept {
		s.forgotten = s.history[0][0].Revision
		s.history = s.history[1:]
	}
	close(s.news)
	s.news = make(chan struct{})
}

// setAlarm sees to it that leases end though nobody asks. s.mu is held.
func (s *Store) setAlarm(now time.Duration) {
	if s.alarm != nil {
		s.alarm.Stop()
	}
	if next, any := s.state.NextExpiry(); any {
		s.alarm = time.AfterFunc(next-now, func() {
			_ = s.locked(context.Background(), func(time.Duration) []store.Change { return nil })
		})
	}
}

// Grant makes a lease.
func (s *Store) Grant(ctx context.Context, ttl time.Duration) (lease store.Lease, lasts time.Duration, err error) {
	err = s.locked(ctx, func(now time.Duration) []store.Change {
		lease, lasts = s.state.Grant(now, ttl), ttl
		return nil
	})
	return lease, lasts, err
}

// Renew has a lease begin anew.
func (s *Store) Renew(ctx context.Context, lease store.Lease) (lasts time.Duration, err error) {
	var gone error
	err = s.locked(ctx, func(now time.Duration) []store.Change {
		lasts, gone = s.state.Renew(now, lease)
		return nil
	})
	if err == nil {
		err = gone
	}
	return lasts, err
}

// Revoke ends a lease.
func (s *Store) Revoke(ctx context.Context, lease store.Lease) error {
	return s.locked(ctx, func(time.Duration) []store.Change { return s.state.Revoke(lease) })
}

// Commit carries out a transaction.
func (s *Store) Commit(ctx context.Context, transaction store.Transaction) (result store.Result, err error) {
	var refused error
	err = s.locked(ctx, func(time.Duration) (changes []store.Change) {
		result, changes, refused = s.state.Commit(transaction)
		return changes
	})
	if err == nil {
		err = refused
	}
	return result, err
}

// Load returns all entries whose keys begin with prefix.
func (s *Store) Load(ctx context.Context, prefix string) (snapshot store.Snapshot, err error) {
	err = s.locked(ctx, func(time.Duration) []store.Change {
		snapshot = s.state.Load(prefix)
		return nil
	})
	return snapshot, err
}
