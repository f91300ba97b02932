package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"changeover/cluster/store"
	"changeover/cluster/table"
)

const (
	sample = 200 * time.Millisecond
	// A stream whose node dies is written by another within the lease, the store's own delay in ending it, and
	// a second; and each node that should have taken it and is not well costs a step.
	promised = ttl + expiry + time.Second
	// After a move the node that had the stream hears of it within that, or its lease was not renewed.
	handover = ttl + lagMax
)

// checker judges by what is in the store and what the hosts write, and by the faults that were made.
type checker struct {
	world *world
	found string
	// Whose the leases are; the claims, by the store's own word, and when each last moved.
	leases  map[store.Lease]holder
	claims  map[string]table.Claim
	movedAt map[string]time.Duration
	wanted  map[string]bool
	drained map[string]bool
	// Who began to write with which epoch, and the greatest that was written.
	epochs map[string]map[int64]string
	newest map[string]int64
	// Since when nobody writes a stream, and since when that is nobody's fault but the nodes'.
	darkSince, excusedAt map[string]time.Duration
	// Since when each node is well.
	wellSince map[*node]time.Duration
	// Until when each leaves which streams alone.
	leftAlone map[*node]map[string]time.Duration
	longest   time.Duration
	overlaps  int
}

type holder struct {
	node *node
	life int
}

func newChecker(w *world) *checker {
	return &checker{
		world: w, leases: map[store.Lease]holder{}, claims: map[string]table.Claim{},
		movedAt: map[string]time.Duration{}, wanted: map[string]bool{}, drained: map[string]bool{},
		epochs: map[string]map[int64]string{}, newest: map[string]int64{},
		darkSince: map[string]time.Duration{}, excusedAt: map[string]time.Duration{},
		wellSince: map[*node]time.Duration{}, leftAlone: map[*node]map[string]time.Duration{},
	}
}

func (c *checker) violation(id, format string, args ...any) {
	if c.found == "" {
		lines := append(c.world.history[id], c.world.history[""]...)
		c.found = fmt.Sprintf("after %v: ", c.world.now) + fmt.Sprintf(format, args...) +
			fmt.Sprintf("\nits claim: %+v\n", c.claims[id]) + c.state() + strings.Join(lines, "\n")
	}
}

func (c *checker) granted(lease store.Lease, n *node) { c.leases[lease] = holder{n, n.life} }

// leaseEnded: from here on the store gives the claims to others, so nothing of theirs may be written.
func (c *checker) leaseEnded(lease store.Lease) {
	h := c.leases[lease]
	delete(c.leases, lease)
	if h.node == nil || h.node.life != h.life || c.world.keep {
		return
	}
	for id, r := range h.node.runs {
		if c.claims[id].Lease == int64(lease) && h.node.writes(r) {
			c.violation(id, "the lease of %s has ended, and it writes %s", h.node.id, id)
		}
	}
}

// changed is told what the store was changed to.
func (c *checker) changed(changes []store.Change) {
	for _, change := range changes {
		kind, id, _ := table.SplitKey(prefix, change.Key)
		switch {
		case kind == table.Streams:
			stream, err := table.DecodeStream(change.Value)
			// What is refused is left as it was.
			if change.Deleted || err == nil && stream.ID == id {
				c.wanted[id] = !change.Deleted
			}
			c.excuse(id)
		case kind == table.Drains:
			c.drained[id] = !change.Deleted
		case kind == table.Claims && change.Deleted:
			c.world.note(id, "its claim ends")
			delete(c.claims, id)
		case kind == table.Claims:
			var claim table.Claim
			decode(change.Value, &claim)
			claim.Revision, claim.Lease = change.Revision, int64(change.Lease)
			if claim.Epoch != 0 {
				c.movedAt[id] = c.world.now
			}
			c.claims[id] = claim
			if n := c.node(claim.Node); !c.world.well(n) {
				c.excuse(id)
			}
		}
	}
}

// claimedBy is how many streams a node has.
func (c *checker) claimedBy(node string) int {
	n := 0
	for _, claim := range c.claims {
		if claim.Node == node {
			n++
		}
	}
	return n
}

func (c *checker) node(id string) *node {
	for _, n := range c.world.nodes {
		if n.id == id {
			return n
		}
	}
	return nil
}

// fault is told that one begins or ends for a node.
func (c *checker) fault(n *node) {
	delete(c.wellSince, n)
	c.world.note("", "a fault of %s begins or ends", n.id)
	for id, claim := range c.claims {
		if claim.Node == n.id {
			c.excuse(id)
		}
	}
}

// refused: the engine of a node did not take a stream, which that node leaves to others for half a minute.
func (c *checker) refused(id string, n *node) {
	c.excuse(id)
	if c.leftAlone[n] == nil {
		c.leftAlone[n] = map[string]time.Duration{}
	}
	c.leftAlone[n][id] = c.world.now + 31*time.Second
}

// excuse has the time in which a stream must be written begin anew.
func (c *checker) excuse(id string) { c.excusedAt[id] = c.world.now }

// started: no two runs have the same epoch.
func (c *checker) started(id string, epoch int64, n *node) {
	who := fmt.Sprintf("%s in life %d", n.id, n.life)
	if c.epochs[id] == nil {
		c.epochs[id] = map[int64]string{}
	}
	if other, taken := c.epochs[id][epoch]; taken {
		c.violation(id, "%s starts %s with epoch %d, which %s had", who, id, epoch, other)
	}
	c.epochs[id][epoch] = who
}

// writers looks at who writes what at this moment.
func (c *checker) writers() {
	type writer struct {
		node  *node
		epoch int64
	}
	all := map[string]writer{}
	for _, n := range c.world.nodes {
		for id, r := range n.runs {
			if !n.writes(r) {
				continue
			}
			other, two := all[id]
			if two {
				c.overlap(id, n, r.epoch, other.node, other.epoch)
			}
			if !two || r.epoch > other.epoch {
				all[id] = writer{n, r.epoch}
			}
		}
	}
	for id, writer := range all {
		moves := c.world.now-c.movedAt[id] <= handover
		if writer.epoch < c.newest[id] && !moves && !c.world.keep {
			c.violation(id, "%s writes %s with epoch %d after %d was written", writer.node.id, id, writer.epoch, c.newest[id])
		}
		c.newest[id] = max(c.newest[id], writer.epoch)
	}
}

// overlap: two write only while a stream moves from one to the other, for as long as it takes to hear of it.
// (With Keep who is cut off goes on writing.)
func (c *checker) overlap(id string, a *node, epochA int64, b *node, epochB int64) {
	if epochA < epochB {
		a, epochA, b, epochB = b, epochB, a, epochA
	}
	c.overlaps++
	moved, ever := c.movedAt[id]
	byMove := ever && c.claims[id].RunEpoch() == epochA && c.world.now-moved <= handover
	cutOff := c.world.keep && c.world.now-c.wellFor(b) <= promised
	if !byMove && !cutOff {
		c.violation(id, "%s (epoch %d) and %s (epoch %d) both write %s", a.id, epochA, b.id, epochB, id)
	}
}

// wellFor is since when a node is well; now, if it is not.
func (c *checker) wellFor(n *node) time.Duration {
	if since, well := c.wellSince[n]; well {
		return since
	}
	return c.world.now
}

// sample looks for streams that nobody writes.
func (c *checker) sample() {
	w := c.world
	c.writers()
	var able []*node
	for _, n := range w.nodes {
		_, known := c.wellSince[n]
		if !w.well(n) {
			delete(c.wellSince, n)
		} else if !known {
			c.wellSince[n] = w.now
		}
		// A node that comes has to wait for the end of its last life's lease.
		if known && !n.draining && !c.drained[n.id] && w.now-c.wellSince[n] > promised+time.Second {
			able = append(able, n)
		}
	}
	written := map[string]bool{}
	for _, n := range w.nodes {
		for id, r := range n.runs {
			written[id] = written[id] || n.writes(r)
		}
	}
	for _, id := range w.streams {
		if written[id] || !c.wanted[id] {
			delete(c.darkSince, id)
			continue
		}
		if w.away || w.isSlow() || !slices.ContainsFunc(able, func(n *node) bool { return w.now > c.leftAlone[n][id] }) {
			c.excuse(id)
		}
		if _, dark := c.darkSince[id]; !dark {
			c.darkSince[id] = w.now
		}
		dark := w.now - max(c.darkSince[id], c.excusedAt[id])
		c.longest = max(c.longest, dark)
		if dark > promised+time.Duration(len(w.nodes)-1)*step {
			c.violation(id, "nobody writes %s, for %v now", id, dark)
		}
	}
}

// state is who is well, for people.
func (c *checker) state() string {
	var lines strings.Builder
	for _, n := range c.world.nodes {
		fmt.Fprintf(&lines, "%s: up %v, paused %v, cut %v, deaf %v, lag %v, watching %v, streams %d, until %v\n",
			n.id, n.up, n.paused, n.cut, n.deaf, n.lag, n.watching, len(n.runs), n.until-n.local())
	}
	return lines.String()
}

// isSlow says whether the store answers late, or what was late may still be under way.
func (w *world) isSlow() bool { return w.slow > 0 || w.now < w.late }

// well says whether nothing is wrong with a node and its way to the store.
func (w *world) well(n *node) bool {
	return n.up && !n.paused && !n.cut && !n.deaf && n.lag == 0 && !w.away && !w.isSlow()
}
