package sim

import (
	"errors"
	"time"

	"changeover/cluster/internal/agent"
	"changeover/cluster/store"
)

var errNoAnswer = errors.New("no answer")

// node is a process: an agent, and a host that does what it says.
type node struct {
	world *world
	id    string
	// Its clock: when it began, and how fast it goes.
	offset time.Duration
	rate   float64

	// Which life of the process this is, and whether there is one.
	life   int
	up     bool
	paused bool
	// Nothing gets to the store and back; only answers do not; changes come so much later.
	cut, deaf bool
	lag       time.Duration

	agent *agent.Agent
	runs  map[string]*hosted
	// Until when it may write, by its own clock.
	until time.Duration
	// When the agent's next Tick comes, in the world's time; stale ones are told by their number.
	tick int
	// What came while it was paused.
	inbox []func()
	// It hears of changes; the last are on the way until then.
	watching bool
	heard    time.Duration
	draining bool
}

// hosted is a stream that the host runs.
type hosted struct {
	epoch       int64
	open, onAir bool
}

func (n *node) local() time.Duration {
	return n.offset + time.Duration(float64(n.world.now)*n.rate)
}

func (n *node) start() {
	n.life++
	n.up, n.paused, n.draining, n.watching, n.until = true, false, false, false, 0
	n.agent, n.runs, n.inbox = agent.New(configuration(n)), map[string]*hosted{}, nil
	n.do(n.agent.Tick(n.local()))
	n.load()
}

func (n *node) kill() {
	n.up, n.agent, n.runs, n.inbox, n.watching = false, nil, nil, nil, false
	n.life++
}

func (n *node) resume() {
	n.paused = false
	// The host writes before anything is decided.
	n.world.checker.writers()
	waiting := n.inbox
	n.inbox = nil
	for _, what := range waiting {
		if n.up && !n.paused {
			what()
		} else {
			n.inbox = append(n.inbox, what)
		}
	}
}

// deliver tells the agent something later, if the node lives then.
func (n *node) deliver(wait time.Duration, what func() []agent.Action) {
	n.later(wait, func() { n.do(what()) })
}

// later has the node's process do something later, if it lives then.
func (n *node) later(wait time.Duration, what func()) {
	life := n.life
	var now func()
	now = func() {
		switch {
		case n.life != life || !n.up:
		case n.paused:
			n.inbox = append(n.inbox, now)
		default:
			what()
		}
	}
	n.world.after(wait, now)
}

// do does what the agent says.
func (n *node) do(actions []agent.Action) {
	more := false
	for _, action := range actions {
		more = n.doOne(action) || more
	}
	if more {
		n.world.checker.writers()
	}
	n.tick++
	tick := n.tick
	if due := n.agent.Next(); due < 1<<60 {
		next := time.Duration(float64(due-n.offset) / n.rate)
		// Timers are late.
		n.later(max(next-n.world.now, 0)+n.world.between(0, 2*time.Millisecond), func() {
			if tick == n.tick {
				n.do(n.agent.Tick(n.local()))
			}
		})
	}
}

// doOne does one thing, and says whether more may be written since.
func (n *node) doOne(action agent.Action) bool {
	w := n.world
	switch action := action.(type) {
	case agent.Grant:
		var lease store.Lease
		n.ask(func() error { lease = w.kv.Grant(w.now, action.TTL); w.checker.granted(lease, n); return nil },
			func(err error) []agent.Action {
				return n.agent.Granted(n.local(), action.Request, lease, action.TTL, err)
			})
	case agent.Renew:
		var lasts time.Duration
		n.ask(func() (err error) { lasts, err = w.kv.Renew(w.now, action.Lease); return err },
			func(err error) []agent.Action { return n.agent.Renewed(n.local(), action.Request, lasts, err) })
	case agent.Commit:
		var result store.Result
		n.ask(func() error {
			done, changes, err := w.kv.Commit(action.Transaction)
			result = done
			w.counts["commits"]++
			w.tell(changes)
			return err
		}, func(err error) []agent.Action { return n.agent.Committed(n.local(), action.Request, result, err) })
	case agent.Start:
		n.startRun(action)
		return true
	case agent.Open:
		if r := n.runs[action.ID]; r != nil && r.epoch == action.Epoch {
			r.open = true
		}
		return true
	case agent.Stop:
		if r := n.runs[action.ID]; r != nil && r.epoch == action.Epoch && !w.ignoresFence {
			delete(n.runs, action.ID)
		}
	case agent.Until:
		again := n.local() >= n.until
		n.until = action.At
		return again
	case agent.Tell:
		w.counts[string(action.Kind)+" "+string(action.Reason)]++
		w.note(action.Stream, "%s: %s %s %s %d %s", n.id, action.Kind, action.Node, action.Reason, action.Epoch, action.Detail)
	}
	return false
}

// ask has the store do something, and tells the agent what came of it. What does not come back may have been
// done all the same.
func (n *node) ask(what func() error, then func(error) []agent.Action) {
	w := n.world
	// Of two answers the agent takes the first.
	n.deliver(patience, func() []agent.Action { return then(errNoAnswer) })
	if !w.reaches(n) {
		return
	}
	w.after(w.latency(), func() {
		if w.away {
			return
		}
		err := what()
		if !n.cut && !n.deaf && w.random.IntN(2000) > 0 {
			n.deliver(w.latency(), func() []agent.Action { return then(err) })
		}
	})
}

func (n *node) startRun(action agent.Start) {
	w, id := n.world, action.Stream.ID
	if w.losesStarts && w.random.IntN(20) == 0 {
		return
	}
	if w.random.IntN(500) == 0 {
		w.checker.refused(id, n)
		n.deliver(0, func() []agent.Action {
			return n.agent.StartFailed(n.local(), id, action.Epoch, errors.New("the engine did not take it"))
		})
		return
	}
	r := &hosted{epoch: action.Epoch, open: action.Open}
	n.runs[id] = r
	w.checker.started(id, action.Epoch, n)
	// Some sources deliver nothing.
	if w.random.IntN(10) > 0 {
		w.after(w.between(20*time.Millisecond, 400*time.Millisecond), func() { r.onAir = true })
	}
}

// onAir says whether a run of the host's has something on air.
func (n *node) onAir(id string, epoch int64) bool {
	r := n.runs[id]
	return r != nil && r.epoch == epoch && r.onAir
}

// load has the node watch from what there is now.
func (n *node) load() {
	w, life := n.world, n.life
	again := func() {
		w.after(500*time.Millisecond, func() {
			if n.up && n.life == life {
				n.load()
			}
		})
	}
	if !w.reaches(n) {
		again()
		return
	}
	w.after(w.latency(), func() {
		if !w.reaches(n) || n.life != life {
			if n.life == life {
				again()
			}
			return
		}
		snapshot := w.kv.Load(prefix)
		n.watching = true
		n.inOrder(func() []agent.Action { return n.agent.Loaded(n.local(), snapshot) })
	})
}

// hear is told of changes, after all that came before.
func (n *node) hear(changes []store.Change) {
	if !n.up || !n.watching {
		return
	}
	if !n.world.reaches(n) {
		n.watchBroke()
		return
	}
	n.inOrder(func() []agent.Action { return n.agent.Changed(n.local(), changes) })
}

func (n *node) watchBroke() {
	if n.up && n.watching {
		n.watching = false
		n.load()
	}
}

func (n *node) inOrder(what func() []agent.Action) {
	w := n.world
	n.heard = max(n.heard, w.now+w.latency()+n.lag)
	n.deliver(n.heard-w.now, what)
}

// writes says whether the node writes a stream at this moment.
func (n *node) writes(r *hosted) bool {
	return n.up && !n.paused && r.open && (n.local() < n.until || n.world.ignoresFence)
}
