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
	if found := Judge(right, 0); len(found) != 0 {
		t.Errorf("in what is right: %v", found)
	}
	for what, packets := range map[string][]Packet{
		"two nodes with one epoch": slices.Concat(right, run("b", 9, 300, 1)[:1]),
		"one that goes on":         slices.Concat(right, run("b", 7, 300, 3)),
	} {
		if found := Judge(packets, 2); len(found) != 1 {
			t.Errorf("%s: %v", what, found)
		}
	}
}

func TestGaps(t *testing.T) {
	packets := slices.Concat(run("a", 5, 0, 10), run("b", 7, 15, 10), run("a", 5, 26, 1), run("b", 7, 28, 1))
	packets[len(packets)-1].Number += 5
	gaps := Gaps(packets, time.Unix(8, 0), "a")
	if len(gaps) != 1 || gaps[0] != 6*time.Second {
		t.Errorf("%v", gaps)
	}
	if gaps := Gaps(packets, time.Unix(8, 0), "b"); len(gaps) != 0 {
		t.Errorf("of a node that did not have it: %v", gaps)
	}
	if n := Discarded(packets, time.Unix(20, 0)); n != 1 {
		t.Errorf("%d discarded", n)
	}
	if owners := Owners(packets, time.Unix(20, 0), "a", "b"); owners["s"] != "b" {
		t.Errorf("%v", owners)
	}
}
