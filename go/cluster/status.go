package cluster

import (
	"context"
	"maps"
	"slices"

	"changeover/cluster/operator"
)

// Status is a node's at one moment.
type Status struct {
	// ID is the node's name.
	ID string `json:"id"`
	// MayWrite: its lease was renewed in time.
	MayWrite bool `json:"may_write"`
	// Runs are the streams that it runs, by their ids.
	Runs []Run `json:"runs"`
	// Cluster is what the node knows of all nodes and streams.
	Cluster operator.Status `json:"cluster"`
}

// Run is a stream that a node runs.
type Run struct {
	Stream string `json:"stream"`
	Epoch  int64  `json:"epoch"`
	// Open: it may be written. Else it only starts here, and is still another node's.
	Open bool `json:"open"`
}

// Status says what the node runs, and what it knows of the others. [ErrClosed] after Close; an error of ctx
// if the node's answer did not come in time.
func (n *Node) Status(ctx context.Context) (Status, error) {
	var status Status
	err := n.look(ctx, func() {
		status = Status{ID: n.options.ID, Cluster: operator.StatusOf(n.agent.View())}
		status.MayWrite = int64(n.now()) < n.until.Load()
		for _, id := range slices.Sorted(maps.Keys(n.runs)) {
			permit := n.runs[id].permit
			status.Runs = append(status.Runs, Run{Stream: id, Epoch: permit.epoch, Open: permit.open.Load()})
		}
	})
	return status, err
}

// look has the loop look at what is its own.
func (n *Node) look(ctx context.Context, at func()) error {
	looked := make(chan struct{})
	select {
	case n.mail <- func() { at(); close(looked) }:
		<-looked
		return nil
	case <-n.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}
