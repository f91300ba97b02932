// Package clustertest runs nodes with real engines and synthetic sources in one process, and what they must
// live through, over any store.
package clustertest

import (
	"context"
	"errors"
	"sync"
	"time"

	"changeover/cluster/store"
)

// Wire is a node's way to the store, which can be cut.
type Wire struct {
	to store.Store

	mu sync.Mutex
	// Done while the wire is cut; and closed when it is whole again.
	whole  context.Context
	cut    context.CancelFunc
	mended chan struct{}
}

// NewWire is a wire that is whole.
func NewWire(to store.Store) *Wire {
	w := &Wire{to: to, mended: make(chan struct{})}
	w.Mend()
	return w
}

// Cut has everything under way and to come get nowhere.
func (w *Wire) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut()
}

// Mend has what comes get through again.
func (w *Wire) Mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.whole, w.cut = context.WithCancel(context.Background())
	close(w.mended)
	w.mended = make(chan struct{})
}

// errCut is what a call fails with that hung when the wire was mended.
var errCut = errors.New("the wire was cut")

// through calls with a context that ends when the wire is cut; a call on a wire that is cut hangs.
func (w *Wire) through(ctx context.Context, call func(context.Context) error) error {
	w.mu.Lock()
	whole, mended := w.whole, w.mended
	w.mu.Unlock()
	if whole.Err() != nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-mended:
			return errCut
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(whole, cancel)()
	return call(ctx)
}

// Grant is the store's.
func (w *Wire) Grant(ctx context.Context, ttl time.Duration) (lease store.Lease, lasts time.Duration, err error) {
	err = w.through(ctx, func(ctx context.Context) (err error) {
		lease, lasts, err = w.to.Grant(ctx, ttl)
		return err
	})
	return lease, lasts, err
}

// Renew is the store's.
func (w *Wire) Renew(ctx context.Context, lease store.Lease) (lasts time.Duration, err error) {
	err = w.through(ctx, func(ctx context.Context) (err error) {
		lasts, err = w.to.Renew(ctx, lease)
		return err
	})
	return lasts, err
}

// Revoke is the store's.
func (w *Wire) Revoke(ctx context.Context, lease store.Lease) error {
	return w.through(ctx, func(ctx context.Context) error { return w.to.Revoke(ctx, lease) })
}

// Commit is the store's.
func (w *Wire) Commit(ctx context.Context, transaction store.Transaction) (result store.Result, err error) {
	err = w.through(ctx, func(ctx context.Context) (err error) {
		result, err = w.to.Commit(ctx, transaction)
		return err
	})
	return result, err
}

// Load is the store's.
func (w *Wire) Load(ctx context.Context, prefix string) (snapshot store.Snapshot, err error) {
	err = w.through(ctx, func(ctx context.Context) (err error) {
		snapshot, err = w.to.Load(ctx, prefix)
		return err
	})
	return snapshot, err
}

// Watch is the store's.
func (w *Wire) Watch(ctx context.Context, prefix string, after int64, each func([]store.Change)) error {
	return w.through(ctx, func(ctx context.Context) error { return w.to.Watch(ctx, prefix, after, each) })
}
