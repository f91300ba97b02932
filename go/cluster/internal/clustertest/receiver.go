package clustertest

import (
	"fmt"
	"sync"

	"changeover"
)

// Receivers take the packets of all nodes, one for each stream, as a server downstream would: under one lock,
// discarding smaller numbers.
type Receivers struct {
	mu      sync.Mutex
	streams map[string]*receiver
}

type receiver struct {
	last    changeover.Verdict
	node    string
	packets map[string]int
	// Which node wrote after which; who wrote though another had written since, and how often.
	order     []string
	discarded map[string]int
}

// NewReceivers have received nothing.
func NewReceivers() *Receivers { return &Receivers{streams: map[string]*receiver{}} }

// take is told of a packet that a node writes.
func (r *Receivers) take(stream, node string, verdict changeover.Verdict) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of := r.streams[stream]
	if of == nil {
		of = &receiver{packets: map[string]int{}, discarded: map[string]int{}}
		r.streams[stream] = of
	}
	if verdict < of.last {
		of.discarded[node]++
		return
	}
	if of.node != node {
		of.order = append(of.order, node)
	}
	of.last, of.node = verdict, node
	of.packets[node]++
}

// of calls look with what a stream's receiver has.
func (r *Receivers) of(stream string, look func(*receiver)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of := r.streams[stream]
	if of == nil {
		of = &receiver{}
	}
	look(of)
}

// Packets is how many packets of a stream were taken from a node.
func (r *Receivers) Packets(stream, node string) (n int) {
	r.of(stream, func(of *receiver) { n = of.packets[node] })
	return n
}

// All is how many packets of a stream were taken.
func (r *Receivers) All(stream string) (n int) {
	r.of(stream, func(of *receiver) {
		for _, packets := range of.packets {
			n += packets
		}
	})
	return n
}

// Discarded is how many packets of a stream were discarded that came from a node.
func (r *Receivers) Discarded(stream, node string) (n int) {
	r.of(stream, func(of *receiver) { n = of.discarded[node] })
	return n
}

// Order is which nodes' packets of a stream were taken, one after the other.
func (r *Receivers) Order(stream string) (order string) {
	r.of(stream, func(of *receiver) { order = fmt.Sprint(of.order) })
	return order
}
