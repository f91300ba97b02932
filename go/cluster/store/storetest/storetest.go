// Package storetest has the tests that every [store.Store] passes.
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

const prefix = "/storetest/"

// patience is after how long something that should happen counts as not happening.
const patience = 20 * time.Second

// Run tests a store, which has nothing in it whose key begins with /storetest/. ttl is the shortest lease
// that it gives.
func Run(t *testing.T, s store.Store, ttl time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	suite := suite{s, ctx, ttl}
	for name, test := range map[string]func(*testing.T){
		"revisions rise":            suite.revisions,
		"conditions":                suite.conditions,
		"leases end":                suite.leasesEnd,
		"leases are renewed":        suite.renewed,
		"revoking deletes":          suite.revoked,
		"a lease that is over":      suite.overLease,
		"a key changes its lease":   suite.changesLease,
		"watching from a revision":  suite.watches,
		"watching whole revisions":  suite.watchesWhole,
		"many entries are loaded":   suite.loadsMany,
		"too much in a transaction": suite.tooMuch,
		"watching ends":             suite.watchEnds,
	} {
		t.Run(name, test)
	}
}

type suite struct {
	store store.Store
	ctx   context.Context
	ttl   time.Duration
}

func key(t *testing.T, name string) string { return prefix + t.Name() + "/" + name }

func put(key, value string) store.Write { return store.Write{Key: key, Value: []byte(value)} }

func (s suite) commit(t *testing.T, transaction store.Transaction) store.Result {
	t.Helper()
	result, err := s.store.Commit(s.ctx, transaction)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func (s suite) grant(t *testing.T, ttl time.Duration) store.Lease {
	t.Helper()
	lease, lasts, err := s.store.Grant(s.ctx, ttl)
	if err != nil || lease == 0 || lasts < ttl {
		t.Fatal(lease, lasts, err)
	}
	return lease
}

func (s suite) entries(t *testing.T, prefix string) []store.Entry {
	t.Helper()
	snapshot, err := s.store.Load(s.ctx, prefix)
	if err != nil {
		t.Fatal(err)
	}
	return snapshot.Entries
}

func (s suite) revisions(t *testing.T) {
	a := s.commit(t, store.Transaction{Then: []store.Write{put(key(t, "a"), "1")}})
	b := s.commit(t, store.Transaction{Then: []store.Write{put(key(t, "b"), "2"), put(key(t, "c"), "3")}})
	if !a.Done || !b.Done || a.Revision >= b.Revision {
		t.Errorf("%+v, then %+v", a, b)
	}
	snapshot, err := s.store.Load(s.ctx, prefix+t.Name())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range snapshot.Entries {
		got = append(got, fmt.Sprintf("%s=%s@%d", entry.Key[len(key(t, "")):], entry.Value, entry.Revision))
	}
	want := []string{
		fmt.Sprintf("a=1@%d", a.Revision), fmt.Sprintf("b=2@%d", b.Revision), fmt.Sprintf("c=3@%d", b.Revision),
	}
	if !slices.Equal(got, want) || snapshot.Revision < b.Revision {
		t.Errorf("%v at %d, want %v", got, snapshot.Revision, want)
	}
}

func (s suite) conditions(t *testing.T) {
	claim := func(revision int64, value string) store.Result {
		return s.commit(t, store.Transaction{
			If: []store.Condition{
				{Key: key(t, "claim"), Revision: revision}, {Key: key(t, "absent"), Revision: 0},
			},
			Then: []store.Write{put(key(t, "claim"), value)},
		})
	}
	first, second := claim(0, "a"), claim(0, "b")
	if !first.Done || second.Done || second.Revision < first.Revision {
		t.Errorf("two claims of one: %+v, %+v", first, second)
	}
	third, fourth := claim(first.Revision, "c"), claim(first.Revision, "d")
	if !third.Done || fourth.Done {
		t.Errorf("two changes of one: %+v, %+v", third, fourth)
	}
	deleted := s.commit(t, store.Transaction{Then: []store.Write{{Key: key(t, "claim"), Delete: true}}})
	if again := claim(0, "e"); !deleted.Done || !again.Done {
		t.Errorf("after it was deleted: %+v, %+v", deleted, again)
	}
	if entries := s.entries(t, key(t, "claim")); len(entries) != 1 || string(entries[0].Value) != "e" {
		t.Errorf("%v", entries)
	}
}

// gone waits until a key is not there any more.
func (s suite) gone(t *testing.T, key string) {
	t.Helper()
	for deadline := time.Now().Add(patience); len(s.entries(t, key)) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s is still there", key)
		}
	}
}

func (s suite) leasesEnd(t *testing.T) {
	lease := s.grant(t, s.ttl)
	write := store.Write{Key: key(t, "a"), Value: []byte("1"), Lease: lease}
	s.commit(t, store.Transaction{Then: []store.Write{write, put(key(t, "b"), "stays")}})
	if entries := s.entries(t, key(t, "a")); len(entries) != 1 || entries[0].Lease != lease {
		t.Fatalf("%v", entries)
	}
	s.gone(t, key(t, "a"))
	if len(s.entries(t, key(t, "b"))) != 1 {
		t.Error("what has no lease is gone, too")
	}
	if _, err := s.store.Renew(s.ctx, lease); !errors.Is(err, store.ErrLeaseGone) {
		t.Errorf("renewed after its end: %v", err)
	}
}

func (s suite) renewed(t *testing.T) {
	lease := s.grant(t, s.ttl)
	write := store.Write{Key: key(t, "a"), Value: []byte("1"), Lease: lease}
	s.commit(t, store.Transaction{Then: []store.Write{write}})
	for end := time.Now().Add(2 * s.ttl); time.Now().Before(end); time.Sleep(s.ttl / 10) {
		if lasts, err := s.store.Renew(s.ctx, lease); err != nil || lasts < s.ttl {
			t.Fatal(lasts, err)
		}
	}
	if len(s.entries(t, key(t, "a"))) != 1 {
		t.Error("it has ended though it was renewed")
	}
}

func (s suite) revoked(t *testing.T) {
	lease := s.grant(t, time.Minute)
	write := store.Write{Key: key(t, "a"), Value: []byte("1"), Lease: lease}
	s.commit(t, store.Transaction{Then: []store.Write{write}})
	for range 2 {
		if err := s.store.Revoke(s.ctx, lease); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.entries(t, key(t, "a"))) != 0 {
		t.Error("it is still there")
	}
}

func (s suite) overLease(t *testing.T) {
	lease := s.grant(t, time.Minute)
	if err := s.store.Revoke(s.ctx, lease); err != nil {
		t.Fatal(err)
	}
	_, err := s.store.Commit(s.ctx, store.Transaction{Then: []store.Write{
		put(key(t, "a"), "1"), {Key: key(t, "b"), Value: []byte("2"), Lease: lease},
	}})
	if !errors.Is(err, store.ErrLeaseGone) {
		t.Errorf("%v", err)
	}
	if entries := s.entries(t, key(t, "")); len(entries) != 0 {
		t.Errorf("written all the same: %v", entries)
	}
}

// A claim that moves is the other node's: it does not end with the first one's lease.
func (s suite) changesLease(t *testing.T) {
	first, second := s.grant(t, time.Minute), s.grant(t, time.Minute)
	for _, lease := range []store.Lease{first, second} {
		write := store.Write{Key: key(t, "a"), Value: []byte("1"), Lease: lease}
		s.commit(t, store.Transaction{Then: []store.Write{write}})
	}
	if err := s.store.Revoke(s.ctx, first); err != nil {
		t.Fatal(err)
	}
	if len(s.entries(t, key(t, "a"))) != 1 {
		t.Error("it ended with the lease that it had before")
	}
	if err := s.store.Revoke(s.ctx, second); err != nil {
		t.Fatal(err)
	}
	if len(s.entries(t, key(t, "a"))) != 0 {
		t.Error("it did not end with its lease")
	}
}
