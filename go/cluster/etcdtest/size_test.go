package etcdtest

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"changeover/cluster/etcdtest/embedded"
	"changeover/cluster/store"
	"changeover/cluster/store/etcd"
	"changeover/cluster/table"
)

// ticks is how many the kernel counts in a second of CPU time.
const ticks = 100

// usage is what a process has used: CPU time, and memory at most, in KiB.
func usage(t *testing.T, pid int) (cpu time.Duration, memory int) {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	// Behind the name, which may have anything in it, the 12th and 13th are user and system time.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	for _, field := range fields[11:13] {
		n, _ := strconv.Atoi(field)
		cpu += time.Duration(n) * time.Second / ticks
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(status), "VmHWM:")
	memory, _ = strconv.Atoi(strings.Fields(line)[0])
	return cpu, memory
}

// operations is how many calls the etcd in this process has answered, by what they are.
func operations(t *testing.T) map[string]int {
	t.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, family := range families {
		if family.GetName() != "grpc_server_handled_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "grpc_method" && metric.GetCounter().GetValue() > 0 {
					counts[label.GetValue()] += int(metric.GetCounter().GetValue())
				}
			}
		}
	}
	return counts
}

// Of three nodes with 10,000 streams without media one is killed: the others claim what it had by few operations
// of etcd. What all of it takes is logged.
func TestTenThousandStreamsOverEtcd(t *testing.T) {
	const streams = 10000
	c := newCast(t)
	nodes := []string{"a", "b", "c"}
	client, err := embedded.Client(c.etcd.Endpoints()...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	// Its watch is to last, however busy the machine is.
	where, ctx := etcd.New(client, patience), context.Background()
	for first := 0; first < streams; first += 100 {
		var puts store.Transaction
		for i := first; i < first+100; i++ {
			id := fmt.Sprintf("stream-%d", i)
			puts.Then = append(puts.Then, store.Write{
				Key:   table.Key(table.DefaultPrefix, table.Streams, id),
				Value: table.Encode(table.Stream{ID: id, Inputs: []table.Input{{URL: "silent"}}}),
			})
		}
		if _, err := where.Commit(ctx, puts); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now()
	for _, name := range nodes {
		c.start(name)
	}
	view := c.eventually("all streams are claimed", func(view *table.View) bool { return len(view.Claims) == streams })
	had := view.Load["a"]
	t.Logf("all are claimed %v after the nodes were started; a has %d", time.Since(begin).Round(time.Millisecond), had)
	before, cpu := operations(t), map[string]time.Duration{}
	for _, name := range nodes[1:] {
		cpu[name], _ = usage(t, c.processes[name].Process.Pid)
	}

	// The moments are etcd's: of its changes, as they come.
	ended, last, left := time.Time{}, time.Time{}, 0
	watching, done := context.WithTimeout(ctx, patience)
	defer done()
	_ = c.processes["a"].Process.Kill()
	killed := time.Now()
	err = where.Watch(watching, table.DefaultPrefix+string(table.Claims), view.Revision, func(changes []store.Change) {
		for _, change := range changes {
			if change.Deleted {
				if ended.IsZero() {
					ended = time.Now()
				}
				left++
			} else if left--; left == 0 {
				last = time.Now()
				done()
			}
		}
	})
	if last.IsZero() {
		t.Fatalf("%d streams are left, of %d: %v", left, had, err)
	}
	after := operations(t)
	took, writes := last.Sub(ended), after["Txn"]-before["Txn"]
	t.Logf("the lease ended %v after the kill; the others claimed %d streams within %v of it, by %d transactions and %d renewals",
		ended.Sub(killed).Round(time.Millisecond), had, took.Round(time.Millisecond), writes,
		after["LeaseKeepAlive"]-before["LeaseKeepAlive"])
	if writes > 2000 {
		t.Errorf("%d transactions", writes)
	}
	for _, name := range nodes[1:] {
		now, memory := usage(t, c.processes[name].Process.Pid)
		t.Logf("%s: %v of CPU time since the kill, %v in all; %d MiB of memory at most", name, now-cpu[name], now, memory/1024)
	}
	// At rest.
	rested, restedAt := map[string]time.Duration{}, time.Now()
	for _, name := range nodes[1:] {
		rested[name], _ = usage(t, c.processes[name].Process.Pid)
	}
	before = operations(t)
	time.Sleep(10 * time.Second)
	after = operations(t)
	for _, name := range nodes[1:] {
		now, _ := usage(t, c.processes[name].Process.Pid)
		t.Logf("%s at rest: %.1f %% of a core", name, 100*(now-rested[name]).Seconds()/time.Since(restedAt).Seconds())
	}
	t.Logf("etcd at rest for 10 s: %d transactions, %d renewals", after["Txn"]-before["Txn"],
		after["LeaseKeepAlive"]-before["LeaseKeepAlive"])
}

// eventually waits until something is true of what is in the store.
func (c *cast) eventually(what string, holds func(*table.View) bool) *table.View {
	c.Helper()
	for deadline := time.Now().Add(2 * patience); ; time.Sleep(10 * pace) {
		view, err := c.operator.View(context.Background())
		if err == nil && holds(view) {
			return view
		}
		if time.Now().After(deadline) {
			c.Fatalf("not in time: %s; %v", what, err)
		}
	}
}
