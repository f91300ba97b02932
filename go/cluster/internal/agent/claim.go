package agent

import (
	"errors"
	"time"

	"changeover/cluster/event"
	"changeover/cluster/store"
	"changeover/cluster/table"
)

// claim is a stream to be claimed.
type claim struct {
	id string
	// The revision that its claim has now; 0: there is none.
	revision int64
	reason   table.Reason
	from     string
}

// claim has a stream be claimed, together with others.
func (a *Agent) claim(id string, revision int64, reason table.Reason, from string) {
	a.busy[id] = true
	a.claiming++
	a.claims = append(a.claims, claim{id, revision, reason, from})
}

// flushClaims asks the store for what is to be claimed: few transactions, so that the streams of a node that
// died are not a storm on the store.
func (a *Agent) flushClaims() {
	for a.commits < batches && len(a.claims) > 0 {
		if !a.live() {
			a.drop(a.claims)
			a.claims = nil
			return
		}
		var next []claim
		for len(next) < a.batch && len(a.claims) > 0 {
			c := a.claims[0]
			a.claims = a.claims[1:]
			if a.view.Claims[c.id].Revision == c.revision {
				next = append(next, c)
			} else {
				// Somebody has it by now, or we have it anew.
				a.drop([]claim{c})
				a.dirty[c.id] = true
			}
		}
		if len(next) > 0 {
			a.commitClaims(next)
		}
	}
}

// drop gives up claiming.
func (a *Agent) drop(claims []claim) {
	a.claiming -= len(claims)
	for _, c := range claims {
		delete(a.busy, c.id)
	}
}

func (a *Agent) commitClaims(claims []claim) {
	var transaction store.Transaction
	lease := a.lease.id
	for _, c := range claims {
		key := a.key(table.Claims, c.id)
		value := table.Claim{Node: a.config.ID, From: c.from, Reason: c.reason, At: a.config.Now()}
		transaction.If = append(transaction.If, store.Condition{Key: key, Revision: c.revision})
		transaction.Then = append(transaction.Then, store.Write{Key: key, Value: table.Encode(value), Lease: lease})
	}
	a.commits++
	a.commit(transaction, func(now time.Duration, result store.Result, err error) {
		a.commits--
		a.drop(claims)
		again := retry
		switch {
		case lease != a.lease.id:
		case errors.Is(err, store.ErrLeaseGone):
			a.leaseGone(now)
		case err != nil:
		case !result.Done:
			// Another node was quicker with at least one of them. The view will show which: then the rest are
			// claimed anew, fewer at a time.
			a.batch, again = max(1, a.batch/2), outrun
		default:
			a.batch = min(batchMax, 2*a.batch)
			if a.live() && now < a.fenceAt() {
				for _, c := range claims {
					a.claimed(now, c, result.Revision)
				}
			}
		}
		for _, c := range claims {
			if a.runs[c.id] == nil {
				a.lookAt(now+again, c.id)
			} else {
				a.dirty[c.id] = true
			}
		}
	})
}

// claimed starts a stream that has become ours.
func (a *Agent) claimed(now time.Duration, c claim, revision int64) {
	stream := a.view.Streams[c.id]
	if stream == nil {
		// Deleted in the meantime. The claim follows, once the view has it.
		return
	}
	if r := a.runs[c.id]; r != nil {
		// It was kept while the lease was over, and begins a new life.
		a.stop(c.id, r, "it begins anew")
	}
	a.runs[c.id] = &run{stream: stream, epoch: revision, claim: revision, since: now}
	a.do(Start{Stream: stream, Epoch: revision, Open: true})
	a.tell(event.Event{Kind: event.Claimed, Stream: c.id, Node: c.from, Reason: c.reason, Epoch: revision})
}
