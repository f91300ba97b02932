// Package agent decides for one node of a cluster: which streams it claims, starts, gives away and stops. It
// does nothing itself: it is told what has happened and when, and says what is to be done. So all of it can be
// tried in virtual time.
//
// Decisions are made from the state as it is, stream by stream (look), never from what has just changed:
// whatever was missed, the next look makes good.
package agent

import (
	"container/heap"
	"maps"
	"slices"
	"time"

	"changeover/cluster/event"
	"changeover/cluster/store"
	"changeover/cluster/table"
)

// Config is how a node behaves. All of it has to be set.
type Config struct {
	ID     string
	Node   table.Node
	Prefix string
	// TTL is how long the node's lease lives without being renewed, and Guard how long before its end the
	// node stops its streams if it could not renew it.
	TTL, Guard time.Duration
	// Keep: the node goes on with the streams it has when it can't renew its lease.
	Keep bool
	// RankStep is how much longer than the node before it each node waits with claiming a stream.
	RankStep time.Duration
	// Settle is how long a node must be there before streams move to it for balance.
	Settle time.Duration
	// MoveEvery is how long a node waits between two moves for balance, MovesAtOnce how many streams move
	// away at once because of a drain or a pin, AcceptsAtOnce how many come at once.
	MoveEvery                  time.Duration
	MovesAtOnce, AcceptsAtOnce int
	// MoveTimeout is how long a stream may take to be on air where it moves.
	MoveTimeout time.Duration
	// Check says what is wrong with a stream besides what its table says; may be nil.
	Check func(*table.Stream) error
	// OnAir says whether a run has something on air.
	OnAir func(id string, epoch int64) bool
	// Now is the time of day, for people.
	Now func() time.Time
}

const (
	// batchMax is how many claims are made in one transaction at most, and batches how many such are under way.
	batchMax = 64
	batches  = 4
	// outrun is how long to wait for the view to show that another node was quicker with a stream.
	outrun = 50 * time.Millisecond
	// retry is how long after an error of the store something is tried again.
	retry = 250 * time.Millisecond
	// muster is how long after it joined a node claims nothing, so that nodes that start together share what
	// nobody has.
	muster = time.Second
	// shunned is how long a node leaves a stream alone that it could not start.
	shunned = 30 * time.Second
	// glance is how often a stream that comes here is asked whether it is on air.
	glance = 20 * time.Millisecond
	// crowded is how long after it found no room for a stream a node looks again.
	crowded = 5 * time.Second
	// acceptance is how long a move may go unaccepted.
	acceptance = 10 * time.Second
)

// Agent decides for one node. One goroutine at a time. Times are monotonic, from any one moment on.
type Agent struct {
	config  Config
	view    *table.View
	loaded  bool
	actions []Action

	lease lease
	runs  map[string]*run
	// What is being asked of the store; the newest request's number.
	requests map[uint64]func(time.Duration, store.Result, error)
	request  uint64
	// Streams of which something is being committed.
	busy map[string]bool
	// Streams to look at; and when to look at which.
	dirty map[string]bool
	due   timers
	dueAt map[string]time.Duration
	// Streams to be claimed; how many are being claimed, in how many transactions, and how many are claimed in
	// one at present.
	claims                   []claim
	claiming, commits, batch int
	// Since when a stream has no claim, which this node tried in vain to start until when, and since when
	// a node is there.
	openSince, shunUntil, nodeSince map[string]time.Duration
	// Streams that move away from here, and why; when the next may for balance; how many come here.
	outgoing map[string]table.Reason
	nextMove time.Duration
	incoming int

	draining bool
	// What was said of streams that are not as they should be.
	refused map[string]string
}

// run is a stream that is started here.
type run struct {
	stream *table.Stream
	epoch  int64
	// The revision of our claim; 0: not ours yet.
	claim int64
	// The revision of the move we accepted, while the claim is another's; else 0. Where it comes from, and
	// why.
	accepted int64
	from     string
	reason   table.Reason
	// The lease that our claim came with has ended, and we go on (Config.Keep).
	kept  bool
	since time.Duration
	// The move away from here as last seen, and since when; until when no other is made, and how long
	// that was.
	moving          int64
	movingSince     time.Duration
	holdUntil, hold time.Duration
}

func (r *run) warm() bool { return r.accepted != 0 }

// New is an agent that knows nothing yet.
func New(config Config) *Agent {
	return &Agent{
		config:    config,
		batch:     batchMax,
		view:      table.NewView(config.Prefix, config.Check),
		runs:      map[string]*run{},
		requests:  map[uint64]func(time.Duration, store.Result, error){},
		busy:      map[string]bool{},
		dirty:     map[string]bool{},
		dueAt:     map[string]time.Duration{},
		openSince: map[string]time.Duration{},
		shunUntil: map[string]time.Duration{},
		nodeSince: map[string]time.Duration{},
		outgoing:  map[string]table.Reason{},
		refused:   map[string]string{},
	}
}

// Loaded is told what is in the store. What comes later comes by Changed.
func (a *Agent) Loaded(now time.Duration, snapshot store.Snapshot) []Action {
	first := !a.loaded
	a.view.Reset(snapshot)
	a.loaded = true
	a.nodesChanged(now, first)
	a.markStreams()
	for id := range a.runs {
		a.dirty[id] = true
	}
	for id := range a.view.Claims {
		a.dirty[id] = true
	}
	return a.settle(now)
}

// Changed is told of the changes of one revision.
func (a *Agent) Changed(now time.Duration, changes []store.Change) []Action {
	nodes := false
	for _, change := range changes {
		switch kind, id := a.view.Apply(change); kind {
		case table.Nodes, table.Drains:
			nodes = true
		case table.Streams, table.Claims, table.Moves, table.Pins:
			a.dirty[id] = true
		}
	}
	if nodes {
		a.nodesChanged(now, false)
	}
	return a.settle(now)
}

// nodesChanged notes which nodes are there, and has all streams be looked at that this may matter to: those
// that are here, and those that nobody has.
func (a *Agent) nodesChanged(now time.Duration, first bool) {
	for id := range a.nodeSince {
		if _, there := a.view.Nodes[id]; !there {
			delete(a.nodeSince, id)
		}
	}
	for id := range a.view.Nodes {
		if _, known := a.nodeSince[id]; !known {
			a.nodeSince[id] = now
			if first {
				// They were there before us.
				a.nodeSince[id] = now - a.config.Settle
			}
		}
	}
	for id := range a.runs {
		a.dirty[id] = true
	}
	for id := range a.openSince {
		a.dirty[id] = true
	}
	a.seeOurselves(now)
}

// Committed is told what became of a commit.
func (a *Agent) Committed(now time.Duration, request uint64, result store.Result, err error) []Action {
	if then, there := a.requests[request]; there {
		delete(a.requests, request)
		then(now, result, err)
	}
	return a.settle(now)
}

// StartFailed is told that a run could not be started: the stream is left to others for a while.
func (a *Agent) StartFailed(now time.Duration, id string, epoch int64, why error) []Action {
	if r := a.runs[id]; r != nil && r.epoch == epoch {
		a.forget(id, r)
		a.shunUntil[id] = now + shunned
		a.dirty[id] = true
		a.tell(event.Event{Kind: event.StartFailed, Stream: id, Detail: why.Error()})
	}
	return a.settle(now)
}

// Drain has the node give its streams away and take no others.
func (a *Agent) Drain(now time.Duration) []Action {
	a.draining = true
	for id := range a.runs {
		a.dirty[id] = true
	}
	a.announce(now)
	return a.settle(now)
}

// Drained: nothing is left here, and nothing comes.
func (a *Agent) Drained() bool {
	return a.draining && len(a.runs)+a.claiming+a.incoming+a.view.Load[a.config.ID] == 0
}

// Tick is told that it is so late.
func (a *Agent) Tick(now time.Duration) []Action {
	a.tickLease(now)
	for len(a.due) > 0 && a.due[0].at <= now {
		next := heap.Pop(&a.due).(timer)
		if a.dueAt[next.id] == next.at {
			delete(a.dueAt, next.id)
			a.dirty[next.id] = true
		}
	}
	return a.settle(now)
}

// Next is when Tick has to be called, at the latest.
func (a *Agent) Next() time.Duration {
	next := a.nextOfLease()
	if len(a.due) > 0 {
		next = min(next, a.due[0].at)
	}
	return next
}

// View is what the agent knows of the cluster. It may be read until the agent is told something.
func (a *Agent) View() *table.View { return a.view }

// settle looks at all streams that have to be looked at, and says what is to be done.
func (a *Agent) settle(now time.Duration) []Action {
	a.flushClaims()
	for len(a.dirty) > 0 {
		ids := slices.Sorted(maps.Keys(a.dirty))
		clear(a.dirty)
		for _, id := range ids {
			a.look(now, id)
		}
		a.flushClaims()
	}
	actions := a.actions
	a.actions = nil
	return actions
}

// markStreams has all streams be looked at that are in the store, as they should be or not.
func (a *Agent) markStreams() {
	for id := range a.view.Streams {
		a.dirty[id] = true
	}
	for id := range a.view.Refused {
		a.dirty[id] = true
	}
}

// lookAt has a stream be looked at then, or earlier.
func (a *Agent) lookAt(at time.Duration, id string) {
	if before, there := a.dueAt[id]; there && before <= at {
		return
	}
	a.dueAt[id] = at
	heap.Push(&a.due, timer{at, id})
}

func (a *Agent) do(action Action) { a.actions = append(a.actions, action) }

func (a *Agent) tell(what event.Event) {
	what.At = a.config.Now()
	a.do(Tell{what})
}

// commit asks the store for a transaction.
func (a *Agent) commit(transaction store.Transaction, then func(time.Duration, store.Result, error)) {
	a.request++
	a.requests[a.request] = then
	a.do(Commit{Request: a.request, Transaction: transaction})
}

func (a *Agent) key(kind table.Kind, id string) string { return table.Key(a.config.Prefix, kind, id) }

// timer is when to look at a stream.
type timer struct {
	at time.Duration
	id string
}

// timers are a heap, the earliest first.
type timers []timer

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].at < t[j].at }
func (t timers) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(one any)      { *t = append(*t, one.(timer)) }
func (t *timers) Pop() any {
	last := len(*t) - 1
	one := (*t)[last]
	*t = (*t)[:last]
	return one
}
