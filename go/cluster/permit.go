package cluster

import (
	"context"
	"sync/atomic"
	"time"
)

// Permit says whether a node may write a stream. There is one for each run of a stream on a node. Any number
// of goroutines may ask.
type Permit struct {
	stream string
	epoch  int64
	node   *Node
	// The claim is this node's, and the run has not ended.
	open atomic.Bool
}

// permitKey is where a context keeps a permit.
type permitKey struct{}

// PermitOf returns the permit of the stream that a Start with this context is for; false if the stream was
// not registered by a node.
func PermitOf(ctx context.Context) (*Permit, bool) {
	permit, ok := ctx.Value(permitKey{}).(*Permit)
	return permit, ok
}

// MayWrite says whether the node may write the stream at this moment.
func (p *Permit) MayWrite() bool {
	// In this order: the time is not older than the permit.
	return p.open.Load() && p.node.now() < time.Duration(p.node.until.Load())
}

// Epoch is the number of this run of the stream: greater than that of every run before it, on any node.
func (p *Permit) Epoch() int64 { return p.epoch }

// Stream is the stream's id.
func (p *Permit) Stream() string { return p.stream }
