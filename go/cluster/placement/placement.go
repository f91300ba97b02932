// Package placement says on which node a stream belongs: weighted rendezvous hashing, within zones.
//
// Each pair of a stream and a node has a number of its own, and the node with the best one has the stream.
// So every node comes to the same answer without asking anybody; a node that goes loses its streams to the
// others in proportion to their weights, one that comes takes from each no more than its share, and nothing
// else moves.
package placement

import (
	"cmp"
	"math"
	"slices"
)

// Node is a place that a stream can have.
type Node struct {
	// ID is its name.
	ID string
	// Weight is its share beside the others'. Not above 0: it has none.
	Weight float64
	// Zone is where it stands; "": nowhere in particular.
	Zone string

	hash uint64
}

// Stream is what has to have a place.
type Stream struct {
	hash  uint64
	zones []string
}

// NewNode is a node to be compared with others.
func NewNode(id string, weight float64, zone string) Node {
	return Node{ID: id, Weight: weight, Zone: zone, hash: mix(fnv(id))}
}

// NewStream is a stream to be placed. Nodes in the first of zones go before those in the second, and those
// in any of them before all others.
func NewStream(id string, zones []string) Stream {
	return Stream{hash: fnv(id), zones: zones}
}

// Better says whether the stream belongs on a rather than on b.
func (s Stream) Better(a, b *Node) bool { return s.compare(a, b) < 0 }

// Order sorts nodes, the best first.
func (s Stream) Order(nodes []Node) {
	slices.SortFunc(nodes, func(a, b Node) int { return s.compare(&a, &b) })
}

func (s Stream) compare(a, b *Node) int {
	if len(s.zones) > 0 {
		if order := cmp.Compare(s.zone(a), s.zone(b)); order != 0 {
			return order
		}
	}
	return cmp.Or(cmp.Compare(s.cost(a), s.cost(b)), cmp.Compare(a.ID, b.ID))
}

// zone is how far back in the stream's zones the node's is.
func (s Stream) zone(n *Node) int {
	if at := slices.Index(s.zones, n.Zone); at >= 0 {
		return at
	}
	return len(s.zones)
}

// cost is what the lowest of wins: of exponentially distributed numbers with these rates, each is the lowest
// as often as its rate is of all rates.
func (s Stream) cost(n *Node) float64 {
	if n.Weight <= 0 {
		return math.Inf(1)
	}
	// Above 0 and below 1.
	uniform := (float64(mix(s.hash^n.hash)>>11) + 0.5) / (1 << 53)
	return -math.Log(uniform) / n.Weight
}

// fnv is FNV-1a. Nodes of different versions have to agree: it never changes.
func fnv(text string) uint64 {
	hash := uint64(14695981039346656037)
	for i := range len(text) {
		hash = (hash ^ uint64(text[i])) * 1099511628211
	}
	return hash
}

// mix has each bit depend on every bit: the finalizer of SplitMix64.
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}
