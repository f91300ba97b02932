package sim

import (
	"time"

	"changeover/cluster/store"
	"changeover/cluster/table"
)

// fault has something go wrong, or has an operator do something, at random.
func (w *world) fault() {
	n := w.nodes[w.random.IntN(len(w.nodes))]
	id := w.streams[w.random.IntN(len(w.streams))]
	lasts := w.between(100*time.Millisecond, 12*time.Second)
	if w.random.IntN(5) == 0 {
		lasts *= 5
	}
	switch kind := w.random.IntN(100); {
	case kind < 18:
		w.kill(n, lasts)
	case kind < 36:
		w.pause(n, lasts)
	case kind < 52:
		w.count("cut off", n, lasts, func(on bool) {
			n.cut = on
			if on {
				n.watchBroke()
			}
		})
	case kind < 60:
		w.count("answers lost", n, lasts, func(on bool) { n.deaf = on })
	case kind < 66:
		lag := w.between(0, lagMax-50*time.Millisecond)
		w.count("watch lags", n, lasts, func(on bool) {
			if n.lag = 0; on {
				n.lag = lag
			}
		})
	case kind < 70:
		w.storeAway(lasts)
	case kind < 74:
		w.storeSlow(lasts)
	case kind < 80:
		w.drainByHand(n, lasts)
	case kind < 84:
		w.restart(n)
	default:
		w.operate(n, id)
	}
}

// count has a fault of a node come and go.
func (w *world) count(what string, n *node, lasts time.Duration, set func(on bool)) {
	if !n.up {
		return
	}
	w.counts[what]++
	set(true)
	w.checker.fault(n)
	w.after(lasts, func() {
		set(false)
		w.checker.fault(n)
	})
}

func (w *world) kill(n *node, lasts time.Duration) {
	if !n.up {
		return
	}
	w.counts["kill"]++
	n.kill()
	w.checker.fault(n)
	w.after(lasts, func() { w.revive(n) })
}

func (w *world) revive(n *node) {
	if !n.up {
		n.start()
		w.checker.fault(n)
	}
}

func (w *world) pause(n *node, lasts time.Duration) {
	if !n.up || n.paused {
		return
	}
	life := n.life
	w.counts["pause"]++
	n.paused = true
	w.checker.fault(n)
	w.after(lasts, func() {
		if n.life == life {
			w.checker.fault(n)
			n.resume()
		}
	})
}

// storeAway: as when all of etcd is gone, or has no leader. When it is back, all leases begin anew.
func (w *world) storeAway(lasts time.Duration) {
	if w.away {
		return
	}
	w.counts["store away"]++
	w.away = true
	for _, n := range w.nodes {
		n.watchBroke()
	}
	w.after(lasts, func() {
		w.away = false
		w.kv.RenewAll(w.now)
	})
}

func (w *world) storeSlow(lasts time.Duration) {
	if w.slow > 0 {
		return
	}
	w.counts["store slow"]++
	w.slow = w.between(100*time.Millisecond, 3*time.Second)
	w.after(lasts, func() {
		w.late = w.now + w.slow
		w.slow = 0
	})
}

func (w *world) drainByHand(n *node, lasts time.Duration) {
	w.counts["drain"]++
	w.put(table.Drains, n.id, table.Drain{})
	w.after(10*time.Second+5*lasts, func() { w.remove(table.Drains, n.id) })
}

// restart is how a node goes for maintenance: it drains, ends, and comes back.
func (w *world) restart(n *node) {
	if !n.up || n.paused || n.draining {
		return
	}
	w.counts["restart"]++
	n.draining = true
	n.do(n.agent.Drain(n.local()))
	life, patience := n.life, w.now+time.Minute
	var look func()
	look = func() {
		switch {
		case n.life != life:
		case n.paused || !n.agent.Drained() && w.now < patience:
			w.after(100*time.Millisecond, look)
		default:
			if n.agent.Drained() {
				w.counts["drained"]++
			}
			n.kill()
			w.checker.fault(n)
			w.after(w.between(time.Second, 10*time.Second), func() { w.revive(n) })
		}
	}
	w.after(100*time.Millisecond, look)
}

// operate is what operators do.
func (w *world) operate(n *node, id string) {
	switch w.random.IntN(6) {
	case 0:
		w.remove(table.Streams, id)
		w.after(w.between(0, time.Minute), func() { w.putStream(id) })
	case 1:
		w.putStream(id)
	case 2:
		w.counts["bad stream"]++
		w.commit(store.Write{Key: table.Key(prefix, table.Streams, id), Value: []byte(`{"id":"another","inputs":[]}`)})
		w.after(w.between(0, time.Minute), func() { w.putStream(id) })
	case 3, 4:
		w.counts["pin"]++
		w.put(table.Pins, id, table.Pin{Node: n.id})
	case 5:
		w.remove(table.Pins, id)
	}
}

// calm ends all faults.
func (w *world) calm() {
	w.away, w.slow = false, 0
	for _, n := range w.nodes {
		n.cut, n.deaf, n.lag = false, false, 0
		w.remove(table.Drains, n.id)
		if n.paused {
			n.resume()
		}
		w.revive(n)
		w.checker.fault(n)
	}
	for _, id := range w.streams {
		w.putStream(id)
	}
}
