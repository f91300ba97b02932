package cluster

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"changeover/cluster/event"
	"changeover/cluster/internal/agent"
	"changeover/cluster/table"
)

// StoreLoss is what a node does with its streams when it can't renew its lease.
type StoreLoss int

const (
	// StoreLossStop stops them before the lease can have ended. If all of etcd is away, nothing is on air until it is
	// back; but no two nodes ever write the same stream, and receivers need not look at numbers.
	StoreLossStop StoreLoss = iota
	// StoreLossKeep goes on with them, and takes nothing new. If all of etcd is away, everything stays on air. If
	// only this node is cut off, others take its streams over while it writes on: only for receivers that
	// discard smaller numbers.
	StoreLossKeep
)

// Options are how a node behaves. ID has to be set.
type Options struct {
	// ID is the node's name, e.g. the host's: the same after a restart, and no other process's.
	ID string
	// Capacity is how many streams the node runs at most, and its weight beside others. Default: 1000.
	Capacity int
	// Zone is where it stands, for streams that prefer one.
	Zone string
	// Page is where operators see the node, a URL.
	Page string
	// Prefix is where the cluster is in the store. Default: "/changeover/".
	Prefix string
	// OnStoreLoss is what to do when the lease can't be renewed. Default: StoreLossStop.
	OnStoreLoss StoreLoss

	// LeaseTTL is after how long without a word from it a node counts as dead, in whole seconds; etcd allows 2
	// and more, with its own defaults. Default: 3 s.
	LeaseTTL time.Duration
	// Guard is how long before its lease can have ended a node stops writing: for what clocks of two machines
	// differ in a lease's time, and for packets under way. Default: a fifth of LeaseTTL; at most half of it.
	Guard time.Duration
	// RankStep is how much later than the node before it each further node claims a stream. Default: 300 ms.
	RankStep time.Duration
	// Settle is how long a node must have been there before streams move to it because they belong there.
	// Default: 30 s.
	Settle time.Duration
	// MoveEvery is how long a node waits between two such moves. Default: 2 s.
	MoveEvery time.Duration
	// MovesAtOnce is how many streams a node that is drained gives away at the same time, and AcceptsAtOnce how
	// many a node takes. Default: 16.
	MovesAtOnce, AcceptsAtOnce int
	// MoveTimeout is how long a stream may take to be on air on the node that it moves to. Default: 30 s.
	MoveTimeout time.Duration

	// OnEvent is told what the node decides: one call at a time, in order. It must not block, nor call the node.
	OnEvent func(event.Event)
	// Logger is told the same. Default: slog.Default().
	Logger *slog.Logger
}

// withDefaults fills in what is not set, and checks the rest.
func (o Options) withDefaults() (Options, error) {
	if o.ID == "" || strings.Contains(o.ID, "/") || !utf8.ValidString(o.ID) {
		return o, errors.New("cluster: Options.ID has to be set, is UTF-8, and has no slash in it")
	}
	o.Capacity = cmp.Or(o.Capacity, 1000)
	o.Prefix = cmp.Or(o.Prefix, table.DefaultPrefix)
	o.LeaseTTL = cmp.Or(o.LeaseTTL, 3*time.Second)
	o.Guard = cmp.Or(o.Guard, o.LeaseTTL/5)
	o.RankStep = cmp.Or(o.RankStep, 300*time.Millisecond)
	o.Settle = cmp.Or(o.Settle, 30*time.Second)
	o.MoveEvery = cmp.Or(o.MoveEvery, 2*time.Second)
	o.MovesAtOnce = cmp.Or(o.MovesAtOnce, 16)
	o.AcceptsAtOnce = cmp.Or(o.AcceptsAtOnce, 16)
	o.MoveTimeout = cmp.Or(o.MoveTimeout, 30*time.Second)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	for name, value := range map[string]time.Duration{
		"LeaseTTL": o.LeaseTTL, "Guard": o.Guard, "RankStep": o.RankStep, "Settle": o.Settle,
		"MoveEvery": o.MoveEvery, "MoveTimeout": o.MoveTimeout,
	} {
		if value < 0 {
			return o, fmt.Errorf("cluster: Options.%s is negative", name)
		}
	}
	if o.Capacity < 0 || o.MovesAtOnce < 0 || o.AcceptsAtOnce < 0 {
		return o, errors.New("cluster: a number in Options is negative")
	}
	if o.Guard > o.LeaseTTL/2 {
		return o, errors.New("cluster: Options.Guard is more than half of LeaseTTL")
	}
	return o, nil
}

// agent is the options as the node's agent has them.
func (o *Options) agent() agent.Config {
	return agent.Config{
		ID: o.ID, Node: table.Node{Capacity: o.Capacity, Zone: o.Zone, Page: o.Page}, Prefix: o.Prefix,
		TTL: o.LeaseTTL, Guard: o.Guard, Keep: o.OnStoreLoss == StoreLossKeep,
		RankStep: o.RankStep, Settle: o.Settle, MoveEvery: o.MoveEvery,
		MovesAtOnce: o.MovesAtOnce, AcceptsAtOnce: o.AcceptsAtOnce, MoveTimeout: o.MoveTimeout,
		Check: checkStream, Now: time.Now,
	}
}
