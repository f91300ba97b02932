package agent

import (
	"errors"
	"math"
	"time"

	"changeover/cluster/event"
	"changeover/cluster/store"
	"changeover/cluster/table"
)

// forever is a time that does not come.
const forever = time.Duration(math.MaxInt64)

// lease is the node's lease, on which all its claims hang.
type lease struct {
	// 0: there is none.
	id  store.Lease
	ttl time.Duration
	// When the newest renewal was sent that was answered. The lease lives for at least ttl from then on,
	// whatever has been going on since.
	sent time.Duration
	// When each request was sent that waits for its answer.
	waiting map[uint64]time.Duration
	// When to ask next: for a lease, for its renewal, to be known to the others.
	grantAt, renewAt, announceAt time.Duration
	granting, announcing         bool
	// The revision of the node's entry; 0: it has none. Since when it is known to the others.
	announced int64
	joined    time.Duration
	// The lease could not be renewed before fenceAt, and no renewal has been answered since.
	fenced bool
	// It was said that the node's name is taken.
	toldTaken bool
}

// fenceAt is when the node must not write any more unless a renewal is answered.
func (a *Agent) fenceAt() time.Duration { return a.lease.sent + a.lease.ttl - a.config.Guard }

// live says whether the node may claim, start and give away.
func (a *Agent) live() bool {
	return a.loaded && a.lease.id != 0 && a.lease.announced != 0 && !a.lease.fenced
}

func (a *Agent) tickLease(now time.Duration) {
	l := &a.lease
	if l.id == 0 {
		if !l.granting && now >= l.grantAt {
			l.granting = true
			a.do(Grant{Request: a.send(now), TTL: a.config.TTL})
		}
		return
	}
	if !l.fenced && now >= a.fenceAt() {
		a.fence()
	}
	if now >= l.renewAt {
		l.renewAt = now + l.ttl/3
		if l.fenced {
			a.knock()
		} else {
			a.renew(now)
		}
	}
	if now >= l.announceAt {
		a.announce(now)
	}
}

func (a *Agent) renew(now time.Duration) {
	a.do(Renew{Request: a.send(now), Lease: a.lease.id})
}

// knock asks whether the store answers, and renews the lease only then: a node whose renewals arrive, but
// whose answers do not, would otherwise keep a lease and write nothing.
func (a *Agent) knock() {
	id := a.lease.id
	a.commit(store.Transaction{}, func(now time.Duration, _ store.Result, err error) {
		if err == nil && id == a.lease.id && a.lease.fenced {
			a.renew(now)
		}
	})
}

// isKnown says whether the others know this node as it is.
func (a *Agent) isKnown() bool {
	return a.lease.announced != 0 && a.view.Nodes[a.config.ID].Draining == a.draining
}

func (a *Agent) nextOfLease() time.Duration {
	l := &a.lease
	if l.id == 0 {
		if l.granting {
			return forever
		}
		return l.grantAt
	}
	next := l.renewAt
	if !l.fenced {
		next = min(next, a.fenceAt())
	}
	if !l.announcing && !a.isKnown() {
		next = min(next, l.announceAt)
	}
	return next
}

// send notes when a request is sent.
func (a *Agent) send(now time.Duration) uint64 {
	if a.lease.waiting == nil {
		a.lease.waiting = map[uint64]time.Duration{}
	}
	a.request++
	a.lease.waiting[a.request] = now
	return a.request
}

// answered is when a request was sent; false: it is of no interest any more.
func (a *Agent) answered(request uint64) (time.Duration, bool) {
	sent, there := a.lease.waiting[request]
	delete(a.lease.waiting, request)
	return sent, there
}

// Granted is told the answer to a [Grant].
func (a *Agent) Granted(now time.Duration, request uint64, id store.Lease, ttl time.Duration, err error) []Action {
	sent, there := a.answered(request)
	if !there {
		return nil
	}
	l := &a.lease
	l.granting = false
	// An answer that took too long is of a lease that may be over.
	if err != nil || now >= sent+ttl-a.config.Guard {
		l.grantAt = now + retry
		return a.settle(now)
	}
	l.id, l.ttl, l.sent, l.renewAt = id, ttl, sent, sent+ttl/3
	l.announced, l.announceAt, l.fenced = 0, now, false
	a.until()
	a.tickLease(now)
	return a.settle(now)
}

// Renewed is told the answer to a [Renew].
func (a *Agent) Renewed(now time.Duration, request uint64, ttl time.Duration, err error) []Action {
	sent, there := a.answered(request)
	switch {
	case !there:
		return nil
	case errors.Is(err, store.ErrLeaseGone):
		a.leaseGone(now)
	case err != nil:
		a.lease.renewAt = min(a.lease.renewAt, now+retry)
	case sent > a.lease.sent:
		a.lease.sent, a.lease.ttl = sent, ttl
		a.until()
		if a.lease.fenced && now < a.fenceAt() {
			a.lease.fenced = false
			a.tell(event.Event{Kind: event.Back})
			a.lookAtAll()
		}
	}
	return a.settle(now)
}

// until says how long what is open may write.
func (a *Agent) until() {
	if a.config.Keep {
		a.do(Until{At: forever})
		return
	}
	a.do(Until{At: a.fenceAt()})
}

// fence stops the streams here, because the lease may soon end.
func (a *Agent) fence() {
	a.lease.fenced = true
	a.tell(event.Event{Kind: event.Fenced})
	for id, r := range a.runs {
		if !a.config.Keep || r.warm() {
			a.stop(id, r, "the lease was not renewed in time")
		}
	}
}

// leaseGone is told that the lease has ended, and so have the claims.
func (a *Agent) leaseGone(now time.Duration) {
	a.tell(event.Event{Kind: event.LeaseLost})
	if !a.lease.fenced {
		a.fence()
	}
	for _, r := range a.runs {
		r.kept = true
	}
	a.lease = lease{grantAt: now}
	a.lookAtAll()
	a.tickLease(now)
}

// lookAtAll has all streams be looked at that are here, or have a claim of this node's.
func (a *Agent) lookAtAll() {
	for id := range a.runs {
		a.dirty[id] = true
	}
	for id := range a.openSince {
		a.dirty[id] = true
	}
	for id, claim := range a.view.Claims {
		if claim.Node == a.config.ID {
			a.dirty[id] = true
		}
	}
}

// announce has the others know this node, as it is now.
func (a *Agent) announce(now time.Duration) {
	l := &a.lease
	node := a.config.Node
	node.Draining = a.draining
	if l.id == 0 || l.announcing || a.isKnown() {
		return
	}
	key, id := a.key(table.Nodes, a.config.ID), l.id
	l.announcing, l.announceAt = true, now+time.Second
	a.commit(store.Transaction{
		If:   []store.Condition{{Key: key, Revision: l.announced}},
		Then: []store.Write{{Key: key, Value: table.Encode(node), Lease: id}},
	}, func(now time.Duration, result store.Result, err error) {
		if l.id != id {
			return
		}
		l.announcing = false
		switch {
		case errors.Is(err, store.ErrLeaseGone):
			a.leaseGone(now)
		case err != nil:
			l.announceAt = now + retry
		case result.Done:
			a.known(now, result.Revision)
		default:
			a.seeOurselves(now)
			if l.announced == 0 && !l.toldTaken {
				l.toldTaken = true
				a.tell(event.Event{Kind: event.NameTaken, Node: a.config.ID})
			}
		}
	})
}

// known is told that the node is known to the others.
func (a *Agent) known(now time.Duration, revision int64) {
	if a.lease.announced == 0 {
		a.lease.joined = now
		a.tell(event.Event{Kind: event.Joined})
		a.lookAtAll()
		a.markStreams()
	}
	a.lease.announced = revision
}

// seeOurselves compares the node's entry with what is known of it.
func (a *Agent) seeOurselves(now time.Duration) {
	l := &a.lease
	node, there := a.view.Nodes[a.config.ID]
	switch {
	case l.id == 0 || l.announcing:
	case there && node.Lease == int64(l.id):
		a.known(now, node.Revision)
	case l.announced != 0 && a.view.Revision > l.announced:
		// Somebody has deleted it.
		l.announced, l.announceAt = 0, now
	}
}
