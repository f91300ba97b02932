// Package sim runs whole clusters in virtual time: agents, a store, and everything that goes wrong between
// them. A checker that knows nothing of how agents decide says whether what came of it was promised.
package sim

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"time"

	"changeover/cluster/internal/agent"
	"changeover/cluster/internal/kv"
	"changeover/cluster/store"
	"changeover/cluster/table"
)

const (
	prefix = "/sim/"
	ttl    = 3 * time.Second
	guard  = 600 * time.Millisecond
	step   = 300 * time.Millisecond
	// How often the store looks for leases that have ended, as etcd does.
	expiry = 500 * time.Millisecond
	// After that a call of the store's that was not answered has failed.
	patience = 2 * time.Second
	// How far a watch may lag behind at most while all else is well.
	lagMax = 2 * time.Second
)

// world is everything there is.
type world struct {
	random *rand.Rand
	now    time.Duration
	events events
	serial int
	keep   bool

	kv *kv.State
	// The store does not answer; it answers late, by up to so much.
	away bool
	slow time.Duration
	// Until when something may be under way that was late.
	late    time.Duration
	nodes   []*node
	streams []string
	checker *checker
	// Planted bugs: what the hosts do wrong.
	ignoresFence, losesStarts bool
	counts                    map[string]int
	// The last that happened to each stream, for people.
	history map[string][]string
}

func newWorld(seed uint64, nodes, streams int, keep bool) *world {
	w := &world{
		random: rand.New(rand.NewPCG(seed, 7)), kv: kv.New(), keep: keep, counts: map[string]int{},
		history: map[string][]string{},
	}
	w.checker = newChecker(w)
	for i := range streams {
		id := fmt.Sprintf("stream/%d", i)
		w.streams = append(w.streams, id)
		w.putStream(id)
	}
	for i := range nodes {
		n := &node{
			world: w, id: fmt.Sprintf("node-%d", i), rate: 1 + (w.random.Float64()-0.5)/100,
			offset: time.Duration(w.random.Int64N(int64(time.Hour))),
		}
		w.nodes = append(w.nodes, n)
		n.start()
	}
	w.every(expiry, w.expire)
	w.every(sample, w.checker.sample)
	return w
}

// at has something happen.
func (w *world) at(when time.Duration, what func()) {
	w.serial++
	heap.Push(&w.events, event{max(when, w.now), w.serial, what})
}

func (w *world) after(wait time.Duration, what func()) { w.at(w.now+wait, what) }

// note keeps what happened to a stream; "": to a node.
func (w *world) note(id, format string, args ...any) {
	const kept = 40
	lines := append(w.history[id], fmt.Sprintf("%v ", w.now)+fmt.Sprintf(format, args...))
	w.history[id] = lines[max(0, len(lines)-kept):]
}

func (w *world) every(period time.Duration, what func()) {
	var again func()
	again = func() {
		what()
		w.after(period, again)
	}
	w.after(period, again)
}

// run lets time pass, and ends early when the checker has found something.
func (w *world) run(until time.Duration) {
	for len(w.events) > 0 && w.events[0].at <= until && w.checker.found == "" {
		next := heap.Pop(&w.events).(event)
		w.now = next.at
		next.what()
	}
	w.now = until
}

// between is a random time.
func (w *world) between(least, most time.Duration) time.Duration {
	return least + time.Duration(w.random.Int64N(int64(most-least)+1))
}

// latency is how long a message takes one way.
func (w *world) latency() time.Duration {
	if w.slow > 0 {
		return w.between(0, w.slow)
	}
	return w.between(200*time.Microsecond, 10*time.Millisecond)
}

// expire ends leases as etcd does: now and then, and only while it is there.
func (w *world) expire() {
	for !w.away {
		lease, changes, more := w.kv.Expire(w.now)
		if !more {
			return
		}
		w.checker.leaseEnded(lease)
		w.tell(changes)
	}
}

// commit is a transaction of whoever is no node.
func (w *world) commit(writes ...store.Write) {
	_, changes, err := w.kv.Commit(store.Transaction{Then: writes})
	if err != nil {
		panic(err)
	}
	w.tell(changes)
}

func (w *world) put(kind table.Kind, id string, value any) {
	w.commit(store.Write{Key: table.Key(prefix, kind, id), Value: table.Encode(value)})
}

func (w *world) remove(kind table.Kind, id string) {
	w.commit(store.Write{Key: table.Key(prefix, kind, id), Delete: true})
}

func (w *world) putStream(id string) {
	url := fmt.Sprintf("udp://source/%d", w.random.IntN(1000))
	w.put(table.Streams, id, table.Stream{ID: id, Inputs: []table.Input{{URL: url}}})
}

// tell has everybody hear of changes, who watches.
func (w *world) tell(changes []store.Change) {
	if len(changes) == 0 {
		return
	}
	w.checker.changed(changes)
	for _, n := range w.nodes {
		n.hear(changes)
	}
}

// reaches says whether the store answers anybody.
func (w *world) reaches(n *node) bool { return n.up && !n.cut && !w.away }

type event struct {
	at     time.Duration
	serial int
	what   func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].serial < e[j].serial
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(one any) { *e = append(*e, one.(event)) }
func (e *events) Pop() any {
	last := len(*e) - 1
	one := (*e)[last]
	(*e)[last].what = nil
	*e = (*e)[:last]
	return one
}

// configuration is a node's.
func configuration(n *node) agent.Config {
	return agent.Config{
		ID: n.id, Node: table.Node{Capacity: 2 * len(n.world.streams)}, Prefix: prefix,
		TTL: ttl, Guard: guard, Keep: n.world.keep, RankStep: step, Settle: 20 * time.Second,
		MoveEvery: 2 * time.Second, MovesAtOnce: 8, AcceptsAtOnce: 8, MoveTimeout: 20 * time.Second,
		OnAir: n.onAir,
		Now:   func() time.Time { return time.Unix(0, 0).Add(n.world.now) },
	}
}
