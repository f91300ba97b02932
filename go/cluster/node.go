package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"changeover"
	"changeover/cluster/internal/agent"
	"changeover/cluster/store"
)

const (
	// commitPatience is how long a transaction may take.
	commitPatience = 2 * time.Second
	// loadPatience is how long it may take to load all that a cluster has.
	loadPatience = 10 * time.Second
	// reload is how long after its watch broke a node loads again.
	reload = 200 * time.Millisecond
)

// ErrClosed: the node is closed.
var ErrClosed = errors.New("cluster: the node is closed")

// Node is one process of a cluster. All methods may be called from any goroutine.
type Node struct {
	store   store.Store
	service *changeover.Service
	options Options
	// The node's times count from here: see now.
	began time.Time
	// Until when streams whose permits are open may be written. Set by the loop, read by permits.
	until atomic.Int64
	// How often the store had to be loaded anew, because the watch broke or it did not answer.
	reloads atomic.Uint64

	// What the loop is to do, one after another.
	mail chan func()
	// Ends with Close, and with it all calls of the store.
	ctx  context.Context
	end  context.CancelFunc
	done chan struct{}
	// What runs beside the loop.
	work sync.WaitGroup
	// What Close does once.
	stopAll sync.Once

	// The loop's own.
	agent   *agent.Agent
	runs    map[string]*running
	drained []chan struct{}
	told    map[counted]uint64
	lease   store.Lease
}

// Start has a node join a cluster: it claims streams as soon as the store answers. The service is to be closed
// after the node is; streams that are registered with it by others are left alone.
func Start(where store.Store, service *changeover.Service, options Options) (*Node, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	n := &Node{
		store: where, service: service, options: options, began: time.Now(),
		mail: make(chan func()), done: make(chan struct{}), runs: map[string]*running{},
		told: map[counted]uint64{},
	}
	config := options.agent()
	config.OnAir = n.onAir
	n.agent = agent.New(config)
	n.ctx, n.end = context.WithCancel(context.Background())
	n.work.Add(1)
	go n.follow()
	go n.loop()
	return n, nil
}

// now is the node's time: monotonic, from its beginning.
func (n *Node) now() time.Duration { return time.Since(n.began) }

// loop is where all is decided.
func (n *Node) loop() {
	defer close(n.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-n.ctx.Done():
			return
		case work := <-n.mail:
			work()
		case <-timer.C:
			n.do(n.agent.Tick(n.now()))
		}
		timer.Reset(n.agent.Next() - n.now())
		if n.agent.Drained() {
			for _, waits := range n.drained {
				close(waits)
			}
			n.drained = nil
		}
	}
}

// post has the loop do something; false: it has ended.
func (n *Node) post(work func()) bool {
	select {
	case n.mail <- work:
		return true
	case <-n.done:
		return false
	}
}

// ask calls the store on a goroutine of its own, and has the loop go on with what then makes of the answer.
func (n *Node) ask(patience time.Duration, call func(context.Context) func() []agent.Action) {
	n.work.Add(1)
	go func() {
		defer n.work.Done()
		ctx, cancel := context.WithTimeout(n.ctx, patience)
		defer cancel()
		then := call(ctx)
		n.post(func() { n.do(then()) })
	}()
}

// do does what the agent says.
func (n *Node) do(actions []agent.Action) {
	for _, action := range actions {
		switch action := action.(type) {
		case agent.Grant:
			n.ask(n.options.LeaseTTL, func(ctx context.Context) func() []agent.Action {
				lease, ttl, err := n.store.Grant(ctx, action.TTL)
				return func() []agent.Action {
					n.lease = lease
					return n.agent.Granted(n.now(), action.Request, lease, ttl, err)
				}
			})
		case agent.Renew:
			n.ask(n.options.LeaseTTL, func(ctx context.Context) func() []agent.Action {
				ttl, err := n.store.Renew(ctx, action.Lease)
				return func() []agent.Action { return n.agent.Renewed(n.now(), action.Request, ttl, err) }
			})
		case agent.Commit:
			n.ask(commitPatience, func(ctx context.Context) func() []agent.Action {
				result, err := n.store.Commit(ctx, action.Transaction)
				return func() []agent.Action { return n.agent.Committed(n.now(), action.Request, result, err) }
			})
		case agent.Start:
			n.start(action)
		case agent.Open:
			n.open(action)
		case agent.Update:
			n.update(action)
		case agent.Stop:
			n.stop(action)
		case agent.Until:
			n.until.Store(int64(action.At))
		case agent.Tell:
			n.tell(action.Event)
		}
	}
}

// follow keeps the agent's view of the store up to date. While the store does not answer, that is logged once.
func (n *Node) follow() {
	defer n.work.Done()
	logged := false
	for n.ctx.Err() == nil {
		err := n.followOnce(func() { logged = false })
		if n.ctx.Err() == nil && !logged {
			logged = true
			n.options.Logger.Warn("cluster: the store is not heard, and asked anew", "node", n.options.ID, "error", err)
		}
		n.reloads.Add(1)
		select {
		case <-n.ctx.Done():
		case <-time.After(reload):
		}
	}
}

// followOnce loads, and then watches until that breaks: watching is called in between.
func (n *Node) followOnce(watching func()) error {
	ctx, cancel := context.WithTimeout(n.ctx, loadPatience)
	defer cancel()
	snapshot, err := n.store.Load(ctx, n.options.Prefix)
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	n.post(func() { n.do(n.agent.Loaded(n.now(), snapshot)) })
	watching()
	return n.store.Watch(n.ctx, n.options.Prefix, snapshot.Revision, func(changes []store.Change) {
		n.post(func() { n.do(n.agent.Changed(n.now(), changes)) })
	})
}

// Drain has the node take no more streams and give away those that it has: each is started elsewhere, and
// stopped here when it is on air there. It returns when nothing is left here, or ctx is done (there may be
// nobody to take them), with the error of that; draining goes on until the node is closed.
func (n *Node) Drain(ctx context.Context) error {
	waits := make(chan struct{})
	if !n.post(func() {
		n.drained = append(n.drained, waits)
		n.do(n.agent.Drain(n.now()))
	}) {
		return ErrClosed
	}
	select {
	case <-waits:
		return nil
	case <-n.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close stops the node's streams and gives up its lease, so that others take over at once what is left. The
// error is that of giving up the lease, within ctx: then it ends by itself, after LeaseTTL.
func (n *Node) Close(ctx context.Context) error {
	n.end()
	n.stopAll.Do(func() {
		<-n.done
		for id, r := range n.runs {
			n.stop(agent.Stop{ID: id, Epoch: r.permit.epoch})
		}
		n.work.Wait()
	})
	if n.lease == 0 {
		return nil
	}
	return n.store.Revoke(ctx, n.lease)
}
