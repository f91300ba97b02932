package records

import (
	"slices"
	"testing"
	"time"
)

func run(node string, epoch uint64, at, n int) (packets []Packet) {
	for i := range n {
		packets = append(packets, Packet{
			Stream: "s", Node: node, Number: epoch<<20 + uint64(i/10), At: time.Unix(int64(at+i), 0),
		})
	}
	return packets
}

func TestTheJudgeFindsADoubleWriter(t *testing.T) {
	right := slices.Concat(run("a", 5, 0, 100), run("b", 7, 100, 100), run("a", 9, 200, 100))
	if found := Judge(right, time.Second); len(found) != 0 {
		t.Errorf("in what is right: %v", found)
	}
	overlap := slices.Concat(run("a", 5, 0, 100), run("b", 7, 100, 1), run("a", 5, 101, 5), run("b", 7, 102, 100))
	if found := Judge(overlap, 10*time.Second); len(found) != 0 {
		t.Errorf("while it moves: %v", found)
	}
	if found := Judge(slices.Concat(right, run("b", 7, 350, 1)), time.Second); len(found) != 0 {
		t.Errorf("of one packet that was about to be written: %v", found)
	}
	for what, packets := range map[string][]Packet{
		"two nodes with one epoch": slices.Concat(right, run("b", 9, 300, 1)[:1]),
		"one that goes on":         slices.Concat(right, run("b", 7, 300, 3)),
		"one that goes on at once": slices.Concat(right[:200], run("a", 5, 201, 4)),
	} {
		if found := Judge(packets, time.Second); len(found) != 1 {
			t.Errorf("%s: %v", what, found)
		}
	}
}

func TestGaps(t *testing.T) {
	packets := slices.Concat(run("a", 5, 0, 10), run("b", 7, 15, 10), run("a", 5, 26, 1), run("b", 7, 28, 1))
	packets[len(packets)-1].Number += 5
	moves := func(from, to string) bool { return from == "a" && to == "b" }
	gaps, others := Gaps(packets, time.Unix(8, 0), moves)
	if len(gaps) != 1 || gaps[0] != 6*time.Second || len(others) != 0 {
		t.Errorf("%v, %v", gaps, others)
	}
	if gaps, others := Gaps(packets, time.Unix(20, 0), moves); len(gaps) != 0 || len(others) != 1 {
		t.Errorf("of a stream that b had already: %v, %v", gaps, others)
	}
	if n := Discarded(packets, time.Unix(20, 0)); n != 1 {
		t.Errorf("%d discarded", n)
	}
	if owners := Owners(packets, time.Unix(20, 0), "a", "b"); owners["s"] != "b" {
		t.Errorf("%v", owners)
	}
}
