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
// nodes, and a run that writes on though another has replaced it. While a stream moves both write, for as long
// as it takes the old node to hear of it: smaller numbers are discarded, and no violation until late after the
// greater number came. From then on each run has one packet that it was about to write when it was stopped.
func Judge(packets []Packet, late time.Duration) (violations []string) {
	type run struct {
		stream string
		epoch  uint64
	}
	owners, behind := map[run]string{}, map[run]int{}
	newest, since := map[string]uint64{}, map[string]time.Time{}
	for _, p := range packets {
		r := run{p.Stream, p.Number >> 20}
		if owner, known := owners[r]; known && owner != p.Node {
			violations = append(violations, fmt.Sprintf("%s: %s and %s both write with epoch %d",
				p.Stream, owner, p.Node, r.epoch))
		}
		owners[r] = p.Node
		switch {
		case p.Number > newest[p.Stream]:
			newest[p.Stream], since[p.Stream] = p.Number, p.At
		case p.Number < newest[p.Stream] && p.At.Sub(since[p.Stream]) > late:
			if behind[r]++; behind[r] == 2 {
				violations = append(violations, fmt.Sprintf("%s: %s writes on, %v after it was replaced",
					p.Stream, p.Node, p.At.Sub(since[p.Stream]).Round(time.Millisecond)))
			}
		}
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

// Gaps is for how long each stream was not received since a moment, the shortest first: those that counts says
// by the nodes which they came from before that moment and last, and the others. What is discarded is not
// received.
func Gaps(packets []Packet, since time.Time, counts func(from, to string) bool) (those, others []time.Duration) {
	type stream struct {
		from, to string
		newest   uint64
		last     time.Time
		longest  time.Duration
	}
	streams := map[string]*stream{}
	for _, p := range packets {
		s := streams[p.Stream]
		if s == nil {
			s = &stream{}
			streams[p.Stream] = s
		}
		if p.Number < s.newest {
			continue
		}
		if p.At.Before(since) {
			s.from = p.Node
		} else if !s.last.IsZero() {
			s.longest = max(s.longest, p.At.Sub(s.last))
		}
		s.newest, s.last, s.to = p.Number, p.At, p.Node
	}
	for _, s := range streams {
		if counts(s.from, s.to) {
			those = append(those, s.longest)
		} else {
			others = append(others, s.longest)
		}
	}
	slices.Sort(those)
	slices.Sort(others)
	return those, others
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
