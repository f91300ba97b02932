package agent

import (
	"errors"
	"testing"
	"time"

	"changeover/cluster/internal/kv"
	"changeover/cluster/store"
	"changeover/cluster/table"
)

// lone is an agent over a store that answers at once, and what others write there.
type lone struct {
	*testing.T
	agent   *Agent
	kv      *kv.State
	now     time.Duration
	started []Start
}

func newLone(t *testing.T) *lone {
	l := &lone{T: t, kv: kv.New()}
	l.agent = New(Config{
		ID: "a", Node: table.Node{Capacity: 10}, Prefix: "/", TTL: 3 * time.Second, Guard: time.Second / 2,
		RankStep: time.Second, Settle: time.Second, MoveEvery: time.Second, MovesAtOnce: 1, AcceptsAtOnce: 1,
		MoveTimeout: time.Minute,
		OnAir:       func(string, int64) bool { return false },
		Now:         func() time.Time { return time.Time{} },
	})
	l.do(l.agent.Loaded(0, l.kv.Load("/")))
	return l
}

// pass lets time pass.
func (l *lone) pass(d time.Duration) {
	for end := l.now + d; l.now < end; {
		l.now = min(max(l.agent.Next(), l.now+time.Millisecond), end)
		l.do(l.agent.Tick(l.now))
	}
}

func (l *lone) do(actions []Action) {
	for _, action := range actions {
		switch action := action.(type) {
		case Grant:
			l.do(l.agent.Granted(l.now, action.Request, l.kv.Grant(l.now, action.TTL), action.TTL, nil))
		case Renew:
			ttl, err := l.kv.Renew(l.now, action.Lease)
			l.do(l.agent.Renewed(l.now, action.Request, ttl, err))
		case Commit:
			result, changes, err := l.kv.Commit(action.Transaction)
			l.do(l.agent.Committed(l.now, action.Request, result, err))
			l.hear(changes)
		case Start:
			l.started = append(l.started, action)
		}
	}
}

func (l *lone) hear(changes []store.Change) {
	if len(changes) > 0 {
		l.do(l.agent.Changed(l.now, changes))
	}
}

// write writes as somebody else.
func (l *lone) write(kind table.Kind, id string, value any) int64 {
	result, changes, err := l.kv.Commit(store.Transaction{Then: []store.Write{
		{Key: table.Key("/", kind, id), Value: table.Encode(value)},
	}})
	if err != nil {
		l.Fatal(err)
	}
	l.hear(changes)
	return result.Revision
}

// A move whose run can't be started here leaves room for the next.
func TestAMoveThatDoesNotStartTakesNoRoom(t *testing.T) {
	l := newLone(t)
	l.pass(time.Second)
	l.write(table.Nodes, "b", table.Node{Capacity: 10})
	for i, id := range []string{"one", "two"} {
		claim := l.write(table.Claims, id, table.Claim{Node: "b"})
		l.write(table.Streams, id, table.Stream{ID: id})
		l.write(table.Moves, id, table.Move{From: "b", To: "a", Claim: claim})
		l.pass(2 * time.Second)
		if len(l.started) != i+1 || l.started[i].Stream.ID != id || l.started[i].Open {
			t.Fatalf("%s: started are %+v", id, l.started)
		}
		l.do(l.agent.StartFailed(l.now, id, l.started[i].Epoch, errors.New("no")))
	}
}

// A cluster whose streams come and go for years keeps nothing of those that are gone.
func TestNothingIsKeptOfStreamsThatAreGone(t *testing.T) {
	l := newLone(t)
	l.pass(5 * time.Second)
	ids := []string{"one", "two"}
	for i, id := range ids {
		l.write(table.Streams, id, table.Stream{ID: id})
		l.pass(5 * time.Second)
		if len(l.started) != i+1 {
			t.Fatalf("started are %+v", l.started)
		}
	}
	l.do(l.agent.StartFailed(l.now, "one", l.started[0].Epoch, errors.New("no")))
	for _, id := range ids {
		_, changes, _ := l.kv.Commit(store.Transaction{Then: []store.Write{{Key: "/streams/" + id, Delete: true}}})
		l.hear(changes)
	}
	l.pass(5 * time.Second)
	a := l.agent
	if n := len(a.shunUntil) + len(a.openSince) + len(a.view.Former) + len(a.view.Claims) + len(a.dueAt); n != 0 {
		t.Errorf("kept: %v, %v, %v, %v, %v", a.shunUntil, a.openSince, a.view.Former, a.view.Claims, a.dueAt)
	}
}
