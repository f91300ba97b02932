package agent

import (
	"time"

	"changeover/cluster/event"
	"changeover/cluster/store"
	"changeover/cluster/table"
)

// How long no move of a stream is made after one has failed: doubling, between these.
const (
	holdMin = 15 * time.Second
	holdMax = 10 * time.Minute
)

// lookAtMove looks whether a stream that runs here should go elsewhere, or is on its way.
func (a *Agent) lookAtMove(now time.Duration, id string, r *run) {
	if a.view.Revision < r.moving {
		return
	}
	if move, moving := a.view.Moves[id]; moving {
		a.follow(now, id, r, move)
		return
	}
	// None is under way: the last one may not even have been written.
	delete(a.outgoing, id)
	if r.moving != 0 {
		// It was given up, there or here.
		r.moving = 0
		r.hold = min(max(2*r.hold, holdMin), holdMax)
		r.holdUntil = now + r.hold
		a.tell(event.Event{Kind: event.MoveFailed, Stream: id})
	}
	to, reason := a.target(now, id, r)
	switch {
	case to == "":
	case now < r.holdUntil:
		a.lookAt(r.holdUntil, id)
	case reason == table.ReasonBalance && (now < a.nextMove || a.goes(reason) > 0):
		a.lookAt(max(a.nextMove, now+a.config.MoveEvery), id)
	case reason != table.ReasonBalance && len(a.outgoing) >= a.config.MovesAtOnce:
		a.lookAt(now+time.Second, id)
	default:
		a.move(now, id, r, to, reason)
	}
}

// goes is how many streams move away for a reason.
func (a *Agent) goes(reason table.Reason) int {
	n := 0
	for _, why := range a.outgoing {
		if why == reason {
			n++
		}
	}
	return n
}

// target is where a stream that runs here should go, and why; "": nowhere.
func (a *Agent) target(now time.Duration, id string, r *run) (string, table.Reason) {
	best := a.view.Best(r.stream, a.config.ID)
	switch {
	case best == "" || best == a.config.ID:
		return "", ""
	case a.view.Drained(a.config.ID):
		return best, table.ReasonDrain
	case a.view.Pins[id].Node == best:
		return best, table.ReasonPin
	}
	// A node that comes and goes attracts nothing.
	if settled := a.nodeSince[best] + a.config.Settle; now < settled {
		a.lookAt(settled, id)
		return "", ""
	}
	return best, table.ReasonBalance
}

// move asks another node to take a stream.
func (a *Agent) move(now time.Duration, id string, r *run, to string, reason table.Reason) {
	a.outgoing[id] = reason
	if reason == table.ReasonBalance {
		a.nextMove = now + a.config.MoveEvery
	}
	move := table.Move{
		From: a.config.ID, To: to, Reason: reason, Claim: r.claim, Dark: !a.config.OnAir(id, r.epoch), At: a.config.Now(),
	}
	a.commitOn(id, store.Transaction{
		If: []store.Condition{
			{Key: a.key(table.Claims, id), Revision: r.claim},
			{Key: a.key(table.Moves, id), Revision: 0},
		},
		Then: []store.Write{{Key: a.key(table.Moves, id), Value: table.Encode(move), Lease: a.lease.id}},
	}, func(now time.Duration, result store.Result) {
		if a.runs[id] == r {
			r.moving, r.movingSince = result.Revision, now
			a.tell(event.Event{Kind: event.Moving, Stream: id, Node: to, Reason: reason, Epoch: r.epoch})
		}
	})
}

// follow sees to it that a move comes to an end.
func (a *Agent) follow(now time.Duration, id string, r *run, move table.Move) {
	if move.From != a.config.ID || move.Claim != r.claim {
		a.deleteMove(id, move)
		return
	}
	if r.moving != move.Revision {
		r.moving, r.movingSince = move.Revision, now
	}
	a.outgoing[id] = move.Reason
	limit := acceptance
	if move.Accepted {
		// The other node gives up earlier, if it can.
		limit += a.config.MoveTimeout
	}
	_, there := a.view.Nodes[move.To]
	if !there || a.view.Drained(move.To) || now >= r.movingSince+limit {
		a.deleteMove(id, move)
		return
	}
	a.lookAt(r.movingSince+limit, id)
}

// accept starts a stream that another node has, for it to move here. The move is ours from here on, and ends
// with our lease.
func (a *Agent) accept(id string, stream *table.Stream, move table.Move) {
	accepted := move
	accepted.Accepted = true
	a.incoming++
	lease := a.lease.id
	a.busy[id] = true
	a.commit(store.Transaction{
		If: []store.Condition{
			{Key: a.key(table.Moves, id), Revision: move.Revision},
			{Key: a.key(table.Claims, id), Revision: move.Claim},
		},
		Then: []store.Write{{Key: a.key(table.Moves, id), Value: table.Encode(accepted), Lease: lease}},
	}, func(now time.Duration, result store.Result, err error) {
		delete(a.busy, id)
		if err != nil || !result.Done || lease != a.lease.id || !a.live() || now >= a.fenceAt() {
			a.incoming--
			a.lookAt(now+retry, id)
			return
		}
		a.runs[id] = &run{
			stream: stream, epoch: result.Revision, accepted: result.Revision, from: move.From, reason: move.Reason,
			since: now,
		}
		a.do(Start{Stream: stream, Epoch: result.Revision})
		a.tell(event.Event{Kind: event.Warming, Stream: id, Node: move.From, Reason: move.Reason, Epoch: result.Revision})
		a.dirty[id] = true
	})
}

// lookAtWarm looks at a stream that runs here and is still another's.
func (a *Agent) lookAtWarm(now time.Duration, id string, r *run, stream *table.Stream) {
	if a.view.Revision < r.accepted {
		return
	}
	claim, claimed := a.view.Claims[id]
	if claimed && a.ours(claim) && claim.Epoch == r.epoch {
		// It was moved, and the answer was lost.
		a.took(id, r, claim.Revision)
		return
	}
	move, moving := a.view.Moves[id]
	moving = moving && move.Revision == r.accepted
	valid := moving && claimed && claim.Revision == move.Claim && stream != nil && stream.Same(r.stream)
	switch {
	case !valid || !a.live():
		a.stop(id, r, "it does not move here any more")
	case move.Dark || a.config.OnAir(id, r.epoch):
		a.take(id, r, move)
		return
	case now >= r.since+a.config.MoveTimeout:
		a.stop(id, r, "it was not on air here in time")
	default:
		a.lookAt(now+glance, id)
		return
	}
	if moving {
		a.deleteMove(id, move)
	} else {
		a.dirty[id] = true
	}
}

// take moves the claim here.
func (a *Agent) take(id string, r *run, move table.Move) {
	value := table.Claim{
		Node: a.config.ID, Epoch: r.epoch, From: move.From, Reason: move.Reason, At: a.config.Now(),
	}
	a.commitOn(id, store.Transaction{
		If: []store.Condition{
			{Key: a.key(table.Claims, id), Revision: move.Claim},
			{Key: a.key(table.Moves, id), Revision: r.accepted},
		},
		Then: []store.Write{
			{Key: a.key(table.Claims, id), Value: table.Encode(value), Lease: a.lease.id},
			{Key: a.key(table.Moves, id), Delete: true},
		},
	}, func(_ time.Duration, result store.Result) {
		if a.runs[id] == r {
			a.took(id, r, result.Revision)
		}
	})
}

// took opens a stream whose claim has moved here.
func (a *Agent) took(id string, r *run, revision int64) {
	a.incoming--
	r.accepted, r.claim = 0, revision
	a.do(Open{ID: id, Epoch: r.epoch})
	a.tell(event.Event{Kind: event.Took, Stream: id, Node: r.from, Reason: r.reason, Epoch: r.epoch})
}

// deleteMove ends a move, if it is still as it was.
func (a *Agent) deleteMove(id string, move table.Move) {
	a.commitOn(id, store.Transaction{
		If:   []store.Condition{{Key: a.key(table.Moves, id), Revision: move.Revision}},
		Then: []store.Write{{Key: a.key(table.Moves, id), Delete: true}},
	}, func(time.Duration, store.Result) {})
}
