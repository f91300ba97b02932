// Package records judges what receivers got: of tests and of the demonstration.
package records

import (
	"fmt"
	"slices"
	"time"
)

// Packet is one that a receiver got.
type Packet struct {
	At           time.Time
	Stream, Node string
	// Number is the verdict with which it was written.
	Number uint64
}

// Parse reads "stream node number", which is how packets of tests begin.
func Parse(text string) (Packet, error) {
	p := Packet{At: time.Now()}
	_, err := fmt.Sscan(text, &p.Stream, &p.Node, &p.Number)
	return p, err
}

// Format is what Parse reads.
func Format(stream, node string, number uint64) string {
	return fmt.Sprintf("%s %s %d\n", stream, node, number)
}

// Judge says what was not promised in what receivers got, in the order in which it came: an epoch of two
// nodes, and more packets than late of one stream that came with a smaller number after a greater one. (Such
// packets are discarded; there are few, while a stream moves.)
func Judge(packets []Packet, late int) (violations []string) {
	type epoch struct {
		stream string
		number uint64
	}
	owners, newest, behind := map[epoch]string{}, map[string]uint64{}, map[string]int{}
	for _, p := range packets {
		e := epoch{p.Stream, p.Number >> 20}
		if owner, known := owners[e]; known && owner != p.Node {
			violations = append(violations, fmt.Sprintf("%s: %s and %s both write with epoch %d",
				p.Stream, owner, p.Node, e.number))
		}
		owners[e] = p.Node
		if p.Number < newest[p.Stream] {
			if behind[p.Stream]++; behind[p.Stream] == late+1 {
				violations = append(violations, fmt.Sprintf("%s: %s goes on to write after it was replaced",
					p.Stream, p.Node))
			}
		}
		newest[p.Stream] = max(newest[p.Stream], p.Number)
	}
	return violations
}

// Discarded is how many packets came after a moment with a smaller number than one before.
func Discarded(packets []Packet, since time.Time) int {
	newest, n := map[string]uint64{}, 0
	for _, p := range packets {
		if p.Number < newest[p.Stream] && !p.At.Before(since) {
			n++
		}
		newest[p.Stream] = max(newest[p.Stream], p.Number)
	}
	return n
}

// Gaps is for how long each stream was not received since a moment at which it came from a node, the
// shortest first. What is discarded is not received.
func Gaps(packets []Packet, since time.Time, node string) []time.Duration {
	last, longest, had := map[string]time.Time{}, map[string]time.Duration{}, map[string]bool{}
	newest := map[string]uint64{}
	for _, p := range packets {
		if p.Number < newest[p.Stream] {
			continue
		}
		newest[p.Stream] = p.Number
		if p.At.Before(since) {
			had[p.Stream] = p.Node == node
		} else if before, known := last[p.Stream]; known {
			longest[p.Stream] = max(longest[p.Stream], p.At.Sub(before))
		}
		last[p.Stream] = p.At
	}
	var all []time.Duration
	for stream, gap := range longest {
		if had[stream] {
			all = append(all, gap)
		}
	}
	slices.Sort(all)
	return all
}

// Owners is from which node each stream came last since a moment, of those that are named.
func Owners(packets []Packet, since time.Time, nodes ...string) map[string]string {
	owners := map[string]string{}
	for _, p := range slices.Backward(packets) {
		if p.At.Before(since) {
			break
		}
		if _, known := owners[p.Stream]; !known && slices.Contains(nodes, p.Node) {
			owners[p.Stream] = p.Node
		}
	}
	return owners
}
