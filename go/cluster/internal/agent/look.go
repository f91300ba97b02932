package agent

import (
	"errors"
	"time"

	"changeover/cluster/event"
	"changeover/cluster/store"
	"changeover/cluster/table"
)

// look decides what is to be done about a stream, from what is known now.
func (a *Agent) look(now time.Duration, id string) {
	stream, r := a.view.Streams[id], a.runs[id]
	claim, claimed := a.view.Claims[id]
	a.noteOpen(now, id, stream != nil && !claimed)
	a.noteRefused(id, claim)
	if stream == nil {
		delete(a.shunUntil, id)
	}
	if r != nil && !r.warm() {
		// These do not wait for what is being committed about the stream.
		switch {
		case stream == nil:
			a.stop(id, r, "it is no longer wanted")
			r = nil
		case claimed && claim.Node != a.config.ID && claim.Revision > r.claim:
			a.stop(id, r, "it is "+claim.Node+"'s now")
			r = nil
		}
	}
	switch {
	case a.busy[id]:
	case r != nil && r.warm():
		a.lookAtWarm(now, id, r, stream)
	case r != nil && !r.kept:
		a.lookAtRun(now, id, r, stream)
	case !a.live():
	case claimed && a.ours(claim):
		a.lookAtOwn(now, id, stream, claim)
	case claimed:
		a.lookAtOthers(now, id, stream, claim)
	case stream != nil:
		a.lookAtFree(now, id, stream)
	}
}

// ours says whether a claim is this node's, in its present life.
func (a *Agent) ours(claim table.Claim) bool {
	return claim.Node == a.config.ID && claim.Lease == int64(a.lease.id) && a.lease.id != 0
}

// noteOpen keeps since when a stream has no claim.
func (a *Agent) noteOpen(now time.Duration, id string, open bool) {
	if _, known := a.openSince[id]; open && !known {
		a.openSince[id] = now
	} else if !open {
		delete(a.openSince, id)
	}
}

// noteRefused tells of a stream that is not as it should be, once: on the node that has it, or should have.
func (a *Agent) noteRefused(id string, claim table.Claim) {
	err, refused := a.view.Refused[id]
	if !refused {
		delete(a.refused, id)
		return
	}
	mine := claim.Node == a.config.ID ||
		claim.Node == "" && a.live() && a.view.Ahead(&table.Stream{ID: id}, a.config.ID) == 0
	if text := err.Error(); mine && a.refused[id] != text {
		a.refused[id] = text
		a.tell(event.Event{Kind: event.Refused, Stream: id, Detail: text})
	}
}

// lookAtRun looks at a stream that runs here by a claim of ours.
func (a *Agent) lookAtRun(now time.Duration, id string, r *run, stream *table.Stream) {
	if a.view.Revision < r.claim {
		// We know of our claim by the store's answer, and the view will.
		return
	}
	if claim, claimed := a.view.Claims[id]; !claimed || !a.ours(claim) || claim.Revision != r.claim {
		a.stop(id, r, "somebody has changed its claim")
		a.dirty[id] = true
		return
	}
	if !stream.Same(r.stream) {
		a.do(Update{Stream: stream, Epoch: r.epoch})
	}
	r.stream = stream
	if a.live() {
		a.lookAtMove(now, id, r)
	}
}

// lookAtOwn looks at a stream that is ours and does not run: because we stopped it for a while, it could not
// be started, or the answer to our claim was lost. A run begins with a claim that was answered, always: so no
// two have the same epoch.
func (a *Agent) lookAtOwn(now time.Duration, id string, stream *table.Stream, claim table.Claim) {
	if stream == nil || now < a.shunUntil[id] {
		a.commitOn(id, store.Transaction{
			If:   []store.Condition{{Key: a.key(table.Claims, id), Revision: claim.Revision}},
			Then: []store.Write{{Key: a.key(table.Claims, id), Delete: true}},
		}, func(time.Duration, store.Result) {})
		return
	}
	a.claim(id, claim.Revision, table.ReasonReturn, a.config.ID)
}

// lookAtOthers looks at a stream that another node has.
func (a *Agent) lookAtOthers(now time.Duration, id string, stream *table.Stream, claim table.Claim) {
	move, moving := a.view.Moves[id]
	switch {
	case !moving || move.To != a.config.ID:
	case move.Accepted:
		// By a life of this node that is over.
		a.deleteMove(id, move)
	case stream != nil && claim.Revision == move.Claim && a.hasRoom() && now >= a.shunUntil[id] &&
		a.incoming < a.config.AcceptsAtOnce:
		a.accept(id, stream, move)
	default:
		a.lookAt(now+time.Second, id)
	}
}

// lookAtFree looks at a stream that nobody has.
func (a *Agent) lookAtFree(now time.Duration, id string, stream *table.Stream) {
	if until := a.shunUntil[id]; now < until {
		a.lookAt(until, id)
		return
	}
	if !a.hasRoom() {
		a.lookAt(now+crowded, id)
		return
	}
	// The best goes first. If it does not, somebody else does.
	turn := max(a.openSince[id], a.lease.joined+muster)
	turn += time.Duration(a.view.Ahead(stream, a.config.ID)) * a.config.RankStep
	if now < turn && a.runs[id] == nil {
		a.lookAt(turn, id)
		return
	}
	from := a.view.Former[id]
	reason := table.ReasonTakeover
	switch from {
	case "":
		reason = table.ReasonFirst
	case a.config.ID:
		reason = table.ReasonReturn
	}
	a.claim(id, 0, reason, from)
}

// hasRoom says whether this node can have one more stream.
func (a *Agent) hasRoom() bool {
	return !a.draining && !a.view.Drained(a.config.ID) &&
		a.view.Load[a.config.ID]+a.claiming+a.incoming < a.config.Node.Capacity
}

// forget has a run be over.
func (a *Agent) forget(id string, r *run) {
	delete(a.runs, id)
	delete(a.outgoing, id)
	if r.warm() {
		a.incoming--
	}
}

// stop ends a run.
func (a *Agent) stop(id string, r *run, why string) {
	a.forget(id, r)
	a.do(Stop{ID: id, Epoch: r.epoch})
	a.tell(event.Event{Kind: event.Gone, Stream: id, Node: a.view.Claims[id].Node, Epoch: r.epoch, Detail: why})
}

// commitOn asks the store for a transaction about one stream, which is left alone until the answer is there.
// then is called if it was carried out.
func (a *Agent) commitOn(id string, transaction store.Transaction, then func(time.Duration, store.Result)) {
	lease := a.lease.id
	a.busy[id] = true
	a.commit(transaction, func(now time.Duration, result store.Result, err error) {
		delete(a.busy, id)
		switch {
		case lease != a.lease.id:
			// Whatever it was, it ended with that lease.
			a.dirty[id] = true
		case errors.Is(err, store.ErrLeaseGone):
			a.leaseGone(now)
		case err != nil || !result.Done:
			a.lookAt(now+retry, id)
		default:
			then(now, result)
			a.dirty[id] = true
		}
	})
}
