package etcdtest

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"changeover"
	"changeover/cluster"
	"changeover/cluster/etcdtest/embedded"
	"changeover/cluster/internal/records"
	"changeover/cluster/operator"
	"changeover/cluster/store/etcd"
	"changeover/cluster/table"
)

const (
	// How often a source delivers.
	pace = 20 * time.Millisecond
	// After how long something that should happen counts as not happening.
	patience = 60 * time.Second
	// How long a node may write on that has just been replaced.
	late = time.Second
)

// A process of its own is this program with its name in the environment.
func TestMain(m *testing.M) {
	embedded.BeMember()
	if name := os.Getenv("CLUSTER_NODE"); name != "" {
		if err := node(name); err != nil {
			fmt.Fprintln(os.Stderr, name, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// source delivers packets, and writes what is on air as "stream node number" to a receiver.
type source struct {
	name    string
	service *changeover.Service
	to      net.Conn
}

func (s *source) Start(ctx context.Context, stream string, input changeover.InputConfig, _ string) error {
	if input.URL == "silent" {
		<-ctx.Done()
		return nil
	}
	session, err := s.service.OpenSession(ctx)
	if err != nil {
		return err
	}
	defer session.Close()
	permit, _ := cluster.PermitOf(ctx)
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if verdict := session.Record(1000, 0); verdict.Forward() && permit.MayWrite() {
			fmt.Fprint(s.to, records.Format(stream, s.name, uint64(verdict)))
		}
	}
}

func (s *source) Probe(context.Context, changeover.InputConfig) error {
	return changeover.ErrProbeUnsupported
}

func (s *source) Stop(string) {}

// node is such a process: until SIGTERM, on which it drains.
func node(name string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	to, err := net.Dial("udp", os.Getenv("CLUSTER_RECEIVER"))
	if err != nil {
		return err
	}
	client, err := embedded.Client(os.Getenv("CLUSTER_ETCD"))
	if err != nil {
		return err
	}
	s := &source{name: name, to: to}
	if s.service, err = changeover.New(s, nil); err != nil {
		return err
	}
	defer s.service.Close()
	n, err := cluster.Start(etcd.New(client, 0), s.service, cluster.Options{
		ID: name, Capacity: 20000, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	<-ctx.Done()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := n.Drain(ctx); err != nil {
		return err
	}
	return n.Close(ctx)
}

// cast is a cluster of processes, and who receives.
type cast struct {
	*testing.T
	etcd      *embedded.Cluster
	operator  *operator.Cluster
	address   string
	processes map[string]*exec.Cmd

	mu       sync.Mutex
	received []records.Packet
}

func newCast(t *testing.T) *cast {
	c := &cast{T: t, etcd: startEtcd(t, 1), processes: map[string]*exec.Cmd{}}
	c.operator = operator.New(newStore(t, c.etcd.Endpoints()...), "")
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	_ = socket.SetReadBuffer(8 << 20)
	c.address = socket.LocalAddr().String()
	go func() {
		buffer := make([]byte, 2000)
		for {
			n, err := socket.Read(buffer)
			if err != nil {
				return
			}
			if p, err := records.Parse(string(buffer[:n])); err == nil {
				c.mu.Lock()
				c.received = append(c.received, p)
				c.mu.Unlock()
			}
		}
	}()
	return c
}

func (c *cast) start(name string) {
	c.Helper()
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), "CLUSTER_NODE="+name, "CLUSTER_RECEIVER="+c.address,
		"CLUSTER_ETCD="+c.etcd.Endpoints()[0])
	process.Stderr = os.Stderr
	if err := process.Start(); err != nil {
		c.Fatal(err)
	}
	c.processes[name] = process
	c.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	})
}

func (c *cast) put(n int) []string {
	c.Helper()
	var ids []string
	for i := range n {
		id := fmt.Sprintf("stream-%d", i)
		err := c.operator.Put(context.Background(), table.Stream{ID: id, Inputs: []table.Input{{URL: "live"}}})
		if err != nil {
			c.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// owned waits until all streams are received from nodes that may have them.
func (c *cast) owned(ids []string, nodes ...string) {
	c.Helper()
	begin := time.Now()
	for deadline := begin.Add(patience); ; time.Sleep(pace) {
		owned := len(records.Owners(c.packets(), begin, nodes...))
		if owned == len(ids) {
			return
		}
		if time.Now().After(deadline) {
			c.Fatalf("%d of %d streams are received from %v", owned, len(ids), nodes)
		}
	}
}

func (c *cast) packets() []records.Packet {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.received)
}

// A node that is killed, one that is stopped for ten seconds, and one that is drained: what receivers saw.
func TestProcessesThatDie(t *testing.T) {
	c := newCast(t)
	for _, name := range []string{"a", "b", "c"} {
		c.start(name)
	}
	ids := c.put(100)
	c.owned(ids, "a", "b", "c")
	time.Sleep(time.Second)

	killed := time.Now()
	_ = c.processes["a"].Process.Kill()
	c.owned(ids, "b", "c")
	c.report("kill -9", killed, "a")

	stopped := time.Now()
	_ = c.processes["b"].Process.Signal(syscall.SIGSTOP)
	c.owned(ids, "c")
	// It is to wake when its lease has long ended.
	time.Sleep(time.Until(stopped.Add(10 * time.Second)))
	_ = c.processes["b"].Process.Signal(syscall.SIGCONT)
	c.report("SIGSTOP", stopped, "b")
	c.owned(ids, "b", "c")

	drained := time.Now()
	_ = c.processes["c"].Process.Signal(syscall.SIGTERM)
	if err := c.processes["c"].Wait(); err != nil {
		t.Errorf("a node that drained: %v", err)
	}
	c.owned(ids, "b")
	c.report("drain", drained, "c")

	for _, what := range records.Judge(c.packets(), late) {
		t.Error(what)
	}
	t.Logf("%d packets, %d discarded", len(c.packets()), records.Discarded(c.packets(), time.Time{}))
}

// report logs how long streams were not received that a node had.
func (c *cast) report(what string, since time.Time, node string) {
	gaps, _ := records.Gaps(c.packets(), since, func(from, _ string) bool { return from == node })
	if len(gaps) == 0 {
		c.Errorf("%s: %s had no stream", what, node)
		return
	}
	c.Logf("%s: %d streams of %s, dark p50 %v, p99 %v, longest %v", what, len(gaps), node,
		gaps[len(gaps)/2], gaps[len(gaps)*99/100], gaps[len(gaps)-1])
}
