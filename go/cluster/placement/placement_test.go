package placement

import (
	"fmt"
	"math"
	"testing"
)

func nodes(weights ...float64) []Node {
	var list []Node
	for i, weight := range weights {
		list = append(list, NewNode(fmt.Sprintf("node-%d", i), weight, ""))
	}
	return list
}

func best(stream Stream, nodes []Node) string {
	first := &nodes[0]
	for i := range nodes {
		if stream.Better(&nodes[i], first) {
			first = &nodes[i]
		}
	}
	return first.ID
}

func streamNumber(i int) Stream { return NewStream(fmt.Sprintf("channel/%d", i), nil) }

func TestEachNodeHasItsShare(t *testing.T) {
	const streams = 30000
	weights := []float64{1, 2, 3, 0}
	all, have := nodes(weights...), map[string]int{}
	for i := range streams {
		have[best(streamNumber(i), all)]++
	}
	for i, weight := range weights {
		share := weight / 6
		// Five times the standard deviation.
		slack := 5 * math.Sqrt(streams*share*(1-share))
		if got := float64(have[all[i].ID]); math.Abs(got-streams*share) > slack {
			t.Errorf("weight %v has %v of %v streams", weight, got, streams)
		}
	}
}

func TestANodeThatGoesMovesItsOwnStreamsOnly(t *testing.T) {
	all := nodes(1, 2, 1, 4, 1)
	rest := append(append([]Node{}, all[:2]...), all[3:]...)
	moved := 0
	for i := range 5000 {
		before, after := best(streamNumber(i), all), best(streamNumber(i), rest)
		if before != after {
			moved++
			if before != "node-2" {
				t.Fatalf("stream %d was on %s and goes to %s, though node-2 went", i, before, after)
			}
		}
	}
	if moved == 0 {
		t.Error("nothing was on the node that went")
	}
}

func TestAWeightThatGrowsOnlyAttracts(t *testing.T) {
	before, after := nodes(1, 1, 1), nodes(1, 3, 1)
	for i := range 5000 {
		was, is := best(streamNumber(i), before), best(streamNumber(i), after)
		if was != is && is != "node-1" {
			t.Fatalf("stream %d went from %s to %s", i, was, is)
		}
	}
}

func TestZonesGoFirst(t *testing.T) {
	all := []Node{
		NewNode("a", 100, "north"), NewNode("b", 1, "south"), NewNode("c", 1, "south"), NewNode("d", 1, "east"),
	}
	for i := range 100 {
		stream := NewStream(fmt.Sprint(i), []string{"south", "east"})
		stream.Order(all)
		if all[0].Zone != "south" || all[1].Zone != "south" || all[2].Zone != "east" || all[3].Zone != "north" {
			t.Fatalf("order of %d: %v", i, all)
		}
		if all[0].ID != best(stream, all) {
			t.Errorf("the best of %d is not the first", i)
		}
	}
}

// Nodes of different versions have to agree, so these never change.
func TestPlacesOfAllVersions(t *testing.T) {
	all := nodes(1, 2, 3, 4, 5)
	got := ""
	for i := range 24 {
		got += best(streamNumber(i), all)[len("node-"):]
	}
	if want := "102343333323431244314043"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func BenchmarkOf200Nodes(b *testing.B) {
	weights := make([]float64, 200)
	for i := range weights {
		weights[i] = 1
	}
	all := nodes(weights...)
	for i := 0; b.Loop(); i++ {
		best(streamNumber(i), all)
	}
}
