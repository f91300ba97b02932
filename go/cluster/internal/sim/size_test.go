package sim

import (
	"testing"
	"time"
)

// A node with thousands of streams dies: they are claimed together, not one by one.
func TestAThirdOfTenThousandStreams(t *testing.T) {
	w := newWorld(1, 3, 10000, false)
	w.run(30 * time.Second)
	if w.checker.found != "" {
		t.Fatal(w.checker.found)
	}
	had := len(w.nodes[0].runs)
	if had < 3000 || had > 3700 {
		t.Fatalf("the node that dies has %d of 10000 streams", had)
	}
	w.nodes[0].kill()
	w.checker.fault(w.nodes[0])
	for w.checker.claimedBy("node-0") > 0 {
		w.run(w.now + 10*time.Millisecond)
	}
	ended, before := w.now, w.counts["commits"]
	for len(w.checker.claims) < 10000 && w.now < ended+10*time.Second {
		w.run(w.now + 10*time.Millisecond)
	}
	took, commits := w.now-ended, w.counts["commits"]-before
	if len(w.checker.claims) < 10000 || w.checker.found != "" {
		t.Fatalf("%d streams are claimed 10 s after the lease's end; %s", len(w.checker.claims), w.checker.found)
	}
	if commits > 2000 {
		t.Errorf("%d transactions for %d streams", commits, had)
	}
	t.Logf("%d streams were claimed within %v, by %d transactions", had, took, commits)
}

func TestTheSameSeedIsTheSameDay(t *testing.T) {
	var days [2]string
	for i := range days {
		w := newWorld(3, nodes, streams, false)
		trouble(w, 1)
		days[i] = w.summary()
	}
	if days[0] != days[1] {
		t.Errorf("%s\nand then\n%s", days[0], days[1])
	}
}
