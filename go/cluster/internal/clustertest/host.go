package clustertest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"changeover"
	"changeover/cluster"
	"changeover/cluster/event"
	"changeover/cluster/store"
)

// pace is how often a source has a packet.
const pace = 5 * time.Millisecond

// Host is a process: a service whose sources all deliver, and a node.
type Host struct {
	Name    string
	Service *changeover.Service
	Node    *cluster.Node
	Wire    *Wire

	receivers *Receivers
	// Its sources deliver nothing.
	deaf atomic.Bool

	mu     sync.Mutex
	events []event.Event
	// What happened to streams here, in the order of all hosts' journal.
	journal *Journal
}

// Journal is what happened on all hosts, in order.
type Journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *Journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

// at is where a line first stands; -1: nowhere.
func (j *Journal) at(line string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i, one := range j.lines {
		if one == line {
			return i
		}
	}
	return -1
}

// short is for nodes whose lease is to end. Others have one that no stall of the machine outlasts.
func short(o *cluster.Options) { o.LeaseTTL = 2 * time.Second }

// NewHost starts a process.
func NewHost(t *testing.T, name string, where store.Store, receivers *Receivers, journal *Journal,
	change func(*cluster.Options)) *Host {
	t.Helper()
	h := &Host{Name: name, Wire: NewWire(where), receivers: receivers, journal: journal}
	// A busy machine has nothing be dark.
	service, err := changeover.New(h, &changeover.Options{Config: changeover.Config{PacketTimeout: 10 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	h.Service = service
	options := cluster.Options{
		ID: name, Prefix: "/" + t.Name() + "/", LeaseTTL: 30 * time.Second, OnEvent: h.tell,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	if change != nil {
		change(&options)
	}
	if h.Node, err = cluster.Start(h.Wire, service, options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Kill)
	return h
}

// Kill ends the process as kill -9 does: nothing is given up, and nothing gets to the store any more.
func (h *Host) Kill() {
	h.Wire.Cut()
	h.Service.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	h.Node.Close(ctx)
}

// Start has a source deliver.
func (h *Host) Start(ctx context.Context, stream string, input changeover.InputConfig, _ string) error {
	session, err := h.Service.OpenSession(ctx)
	if err != nil {
		return err
	}
	permit, ok := cluster.PermitOf(ctx)
	if !ok {
		return fmt.Errorf("no permit of %s", stream)
	}
	h.journal.add("%s starts %s %s", h.Name, stream, input.URL)
	delivered := false
	tick := time.NewTicker(pace)
	defer tick.Stop()
	defer session.Close()
	for {
		select {
		case <-ctx.Done():
			h.journal.add("%s ends %s %s", h.Name, stream, input.URL)
			return nil
		case <-tick.C:
		}
		if h.deaf.Load() || strings.HasPrefix(input.URL, "dead:") {
			continue
		}
		verdict := session.Record(1000, 0)
		if !verdict.Forward() {
			continue
		}
		if !delivered {
			delivered = true
			h.journal.add("%s has %s on air", h.Name, stream)
		}
		if permit.MayWrite() {
			h.receivers.take(stream, h.Name, verdict)
		}
	}
}

// Probe knows nothing.
func (h *Host) Probe(context.Context, changeover.InputConfig) error {
	return changeover.ErrProbeUnsupported
}

// Stop has nothing to do.
func (h *Host) Stop(string) {}

func (h *Host) tell(told event.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, told)
}

// Told is how many events of a kind there were about a stream; "": about any.
func (h *Host) Told(kind event.Kind, stream string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, told := range h.events {
		if told.Kind == kind && (stream == "" || told.Stream == stream) {
			n++
		}
	}
	return n
}

// OnAir says whether the engine has something of a stream on air, by its own word.
func (h *Host) OnAir(stream string) bool {
	status, _ := h.Service.RuntimeStatus(stream)
	for _, input := range status.Inputs {
		if input.InputPriority == status.ActiveInputPriority {
			return input.Status == changeover.StatusActive && !status.Exhausted
		}
	}
	return false
}

// Status is the node's.
func (h *Host) Status(t *testing.T) cluster.Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	status, err := h.Node.Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return status
}

// Writes is which streams the host's node may write.
func (h *Host) Writes(t *testing.T) map[string]bool {
	t.Helper()
	writes := map[string]bool{}
	status := h.Status(t)
	for _, run := range status.Runs {
		if run.Open && status.MayWrite {
			writes[run.Stream] = true
		}
	}
	return writes
}
