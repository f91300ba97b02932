// Package kv is a store as a state machine: no clock, no lock, no goroutine. The store in memory runs it, and
// so does the simulated cluster.
package kv

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"changeover/cluster/store"
)

// State is all that a store has. Times are from any one moment on.
type State struct {
	revision int64
	entries  map[string]store.Entry
	leases   map[store.Lease]*lease
	newest   store.Lease
}

type lease struct {
	ttl, ends time.Duration
	keys      map[string]bool
}

// New is a store with nothing in it.
func New() *State {
	return &State{revision: 1, entries: map[string]store.Entry{}, leases: map[store.Lease]*lease{}}
}

// Revision is that of the last transaction that wrote.
func (s *State) Revision() int64 { return s.revision }

// Grant makes a lease.
func (s *State) Grant(now, ttl time.Duration) store.Lease {
	s.newest++
	s.leases[s.newest] = &lease{ttl: ttl, ends: now + ttl, keys: map[string]bool{}}
	return s.newest
}

// Renew has a lease begin anew.
func (s *State) Renew(now time.Duration, id store.Lease) (time.Duration, error) {
	l, there := s.leases[id]
	if !there {
		return 0, store.ErrLeaseGone
	}
	l.ends = now + l.ttl
	return l.ttl, nil
}

// RenewAll has all leases begin anew, as etcd does when it has chosen another leader.
func (s *State) RenewAll(now time.Duration) {
	for _, l := range s.leases {
		l.ends = now + l.ttl
	}
}

// Revoke ends a lease, and what is deleted with it.
func (s *State) Revoke(id store.Lease) []store.Change {
	l, there := s.leases[id]
	if !there {
		return nil
	}
	delete(s.leases, id)
	if len(l.keys) == 0 {
		return nil
	}
	s.revision++
	var changes []store.Change
	for key := range l.keys {
		delete(s.entries, key)
		changes = append(changes, store.Change{Entry: store.Entry{Key: key, Revision: s.revision}, Deleted: true})
	}
	slices.SortFunc(changes, func(a, b store.Change) int { return cmp.Compare(a.Key, b.Key) })
	return changes
}

// Expire ends one of the leases that are over; false: there is none.
func (s *State) Expire(now time.Duration) (store.Lease, []store.Change, bool) {
	oldest := store.Lease(0)
	for id, l := range s.leases {
		if l.ends <= now && (oldest == 0 || id < oldest) {
			oldest = id
		}
	}
	if oldest == 0 {
		return 0, nil, false
	}
	return oldest, s.Revoke(oldest), true
}

// NextExpiry is when the next lease ends; false: none does.
func (s *State) NextExpiry() (time.Duration, bool) {
	next, any := time.Duration(0), false
	for _, l := range s.leases {
		if !any || l.ends < next {
			next, any = l.ends, true
		}
	}
	return next, any
}

// Commit carries out a transaction.
func (s *State) Commit(transaction store.Transaction) (store.Result, []store.Change, error) {
	if err := s.check(transaction); err != nil {
		return store.Result{}, nil, err
	}
	for _, condition := range transaction.If {
		if s.entries[condition.Key].Revision != condition.Revision {
			return store.Result{Revision: s.revision}, nil, nil
		}
	}
	var changes []store.Change
	for _, write := range transaction.Then {
		old, there := s.entries[write.Key]
		if write.Delete && !there {
			continue
		}
		if l := s.leases[old.Lease]; l != nil {
			delete(l.keys, write.Key)
		}
		entry := store.Entry{Key: write.Key, Revision: s.revision + 1}
		if write.Delete {
			delete(s.entries, write.Key)
		} else {
			entry.Value, entry.Lease = slices.Clone(write.Value), write.Lease
			s.entries[write.Key] = entry
			if l := s.leases[write.Lease]; l != nil {
				l.keys[write.Key] = true
			}
		}
		changes = append(changes, store.Change{Entry: entry, Deleted: write.Delete})
	}
	if len(changes) > 0 {
		s.revision++
	}
	return store.Result{Done: true, Revision: s.revision}, changes, nil
}

// check refuses what etcd refuses.
func (s *State) check(transaction store.Transaction) error {
	if len(transaction.If) > store.MaxOperations || len(transaction.Then) > store.MaxOperations {
		return errors.New("store: too many operations in a transaction")
	}
	written := map[string]bool{}
	for _, write := range transaction.Then {
		if written[write.Key] {
			return errors.New("store: a transaction writes a key twice")
		}
		written[write.Key] = true
		if _, there := s.leases[write.Lease]; write.Lease != 0 && !there {
			return store.ErrLeaseGone
		}
	}
	return nil
}

// Load is all entries whose keys begin with prefix.
func (s *State) Load(prefix string) store.Snapshot {
	snapshot := store.Snapshot{Revision: s.revision}
	for key, entry := range s.entries {
		if strings.HasPrefix(key, prefix) {
			snapshot.Entries = append(snapshot.Entries, entry)
		}
	}
	slices.SortFunc(snapshot.Entries, func(a, b store.Entry) int { return cmp.Compare(a.Key, b.Key) })
	return snapshot
}
