// Command demo shows a cluster that is hurt: three nodes, an etcd of three members, and live streams of FFmpeg.
// A node is killed, one is stopped, one is cut off from etcd, one is drained, and each comes back. It prints what
// happens when, and then for how long streams were dark. Exit status 1 if that is longer than is promised, or if
// a node wrote a stream that was another's.
//
//	go run -tags changeover_static ./demo -streams 30
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	// lease is the nodes'.
	lease = 3 * time.Second
	// darkMax is how long a stream may be dark whose node fails.
	darkMax = lease + time.Second
	// smooth is how long a stream may not be received though it only moves: what hiccups a busy machine has
	// with real sources.
	smooth = 500 * time.Millisecond
	// late is how long a node may write on that has just been replaced.
	late = time.Second
	// hurt is how long a fault lasts.
	hurt = 10 * time.Second
)

func main() {
	if name := os.Getenv(envNode); name != "" {
		exit(node(name))
	}
	streams := flag.Int("streams", 30, "how many streams of FFmpeg")
	planted := flag.Bool("double-writer", false, "plant nodes that write on for 8 s after they were stopped: this has to fail")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(play(ctx, *streams, *planted))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// act is something that is done to a node, and undone.
type act struct {
	node, what string
	limit      time.Duration
	do, undo   func() error
}

func (s *stage) acts() []act {
	again := func(name string) func() error { return func() error { return s.start(name) } }
	signal := func(name string, which syscall.Signal) func() error {
		return func() error { return s.signal(name, which) }
	}
	return []act{
		{"a", "killed (kill -9)", darkMax, signal("a", syscall.SIGKILL), again("a")},
		{"b", "stopped for 10 s (SIGSTOP)", darkMax, signal("b", syscall.SIGSTOP), signal("b", syscall.SIGCONT)},
		{"c", "cut off from etcd for 10 s", darkMax,
			func() error { s.wires["c"].cut(); return nil }, func() error { s.wires["c"].mend(); return nil }},
		{"a", "drained (SIGTERM)", smooth,
			func() error {
				if err := s.signal("a", syscall.SIGTERM); err != nil {
					return err
				}
				return s.endsWell("a")
			}, again("a")},
	}
}

// play has everything happen.
func play(ctx context.Context, streams int, planted bool) error {
	s, err := newStage(ctx, streams, planted)
	if err != nil {
		return err
	}
	defer s.close()
	nodes := []string{"a", "b", "c"}
	for _, name := range nodes {
		if err := s.start(name); err != nil {
			return err
		}
	}
	if err := s.atRest(); err != nil {
		return err
	}
	if err := s.put(); err != nil {
		return err
	}
	s.say("%d streams are put", streams)
	if err := s.onAir(nodes...); err != nil {
		return err
	}
	if err := s.atRest(); err != nil {
		return err
	}
	s.say("all are on air")

	var report report
	for _, act := range s.acts() {
		if err := s.perform(act, nodes, &report); err != nil {
			return err
		}
	}
	// The nodes' last words come before the table.
	if err := s.pause(time.Second); err != nil {
		return err
	}
	return report.end(s.received())
}

// perform does something to a node and measures what came of it, then undoes it and measures that.
func (s *stage) perform(act act, nodes []string, report *report) error {
	if err := s.pause(2 * time.Second); err != nil {
		return err
	}
	var others []string
	for _, name := range nodes {
		if name != act.node {
			others = append(others, name)
		}
	}
	s.say("── %s is %s", act.node, act.what)
	since := time.Now()
	if err := act.do(); err != nil {
		return err
	}
	if err := s.onAir(others...); err != nil {
		return err
	}
	if err := s.pause(time.Until(since.Add(hurt))); err != nil {
		return err
	}
	report.add(act.node+" is "+act.what, s.received(), since, act.limit, func(from, _ string) bool { return from == act.node })

	s.say("── %s comes back", act.node)
	since = time.Now()
	if err := act.undo(); err != nil {
		return err
	}
	if err := s.eventually(act.node+" is there again", func() (bool, error) {
		view, err := s.operator.View(s.ctx)
		return err == nil && view.Load[act.node] > 0, err
	}); err != nil {
		return err
	}
	if err := s.atRest(); err != nil {
		return err
	}
	if err := s.onAir(nodes...); err != nil {
		return err
	}
	report.add(act.node+" comes back", s.received(), since, smooth, func(from, to string) bool { return from != to })
	return nil
}
