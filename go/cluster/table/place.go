package table

import (
	"maps"
	"slices"

	"changeover/cluster/placement"
)

// Place is a node as a place for one stream.
type Place struct {
	Node string `json:"node"`
	Zone string `json:"zone,omitempty"`
	// Takes: it can have the stream.
	Takes bool `json:"takes"`
	// Why says what is against it, or that it is pinned; "": nothing.
	Why string `json:"why,omitempty"`
}

// nodes are in the order of their names.
func (v *View) nodes() []placement.Node {
	if v.places == nil {
		for _, id := range slices.Sorted(maps.Keys(v.Nodes)) {
			v.places = append(v.places, placement.NewNode(id, float64(v.Nodes[id].Capacity), v.Nodes[id].Zone))
		}
	}
	return v.places
}

// may says whether a node may have a stream: its holder needs no more room for it.
func (v *View) may(node, holder string) bool {
	if node == holder {
		_, there := v.Nodes[node]
		return there && !v.Drained(node)
	}
	return v.Takes(node)
}

// Best is the node that should have a stream which holder has ("": none); "": there is no room for it.
func (v *View) Best(stream *Stream, holder string) string {
	if pin, pinned := v.Pins[stream.ID]; pinned && v.may(pin.Node, holder) {
		return pin.Node
	}
	placed, nodes := placement.NewStream(stream.ID, stream.Zones), v.nodes()
	best := -1
	for i := range nodes {
		if v.may(nodes[i].ID, holder) && (best < 0 || placed.Better(&nodes[i], &nodes[best])) {
			best = i
		}
	}
	if best < 0 {
		return ""
	}
	return nodes[best].ID
}

// Ahead is how many nodes should rather have a stream that nobody has than this node.
func (v *View) Ahead(stream *Stream, node string) int {
	pin, pinned := v.Pins[stream.ID]
	pinned = pinned && v.Takes(pin.Node)
	if pinned && pin.Node == node {
		return 0
	}
	placed, nodes := placement.NewStream(stream.ID, stream.Zones), v.nodes()
	at := slices.IndexFunc(nodes, func(n placement.Node) bool { return n.ID == node })
	if at < 0 {
		return len(nodes)
	}
	ahead := 0
	for i := range nodes {
		first := pinned && nodes[i].ID == pin.Node
		if i != at && v.Takes(nodes[i].ID) && (first || placed.Better(&nodes[i], &nodes[at])) {
			ahead++
		}
	}
	return ahead
}

// Places are all nodes in the order in which they would have a stream, and what is against each.
func (v *View) Places(stream *Stream) []Place {
	holder := v.Claims[stream.ID].Node
	nodes := slices.Clone(v.nodes())
	placement.NewStream(stream.ID, stream.Zones).Order(nodes)
	places := make([]Place, 0, len(nodes))
	for _, node := range nodes {
		place := Place{Node: node.ID, Zone: node.Zone, Takes: v.may(node.ID, holder)}
		switch {
		case v.Drained(node.ID):
			place.Why = "is being drained"
		case !place.Takes:
			place.Why = "is full"
		case v.Pins[stream.ID].Node == node.ID:
			place.Why = "is where it is pinned"
		}
		places = append(places, place)
	}
	// A pin goes before everything else.
	slices.SortStableFunc(places, func(a, b Place) int { return v.pinned(stream.ID, a) - v.pinned(stream.ID, b) })
	return places
}

// pinned is 0 of the place a stream is pinned to, 1 of others.
func (v *View) pinned(stream string, place Place) int {
	if place.Takes && v.Pins[stream].Node == place.Node {
		return 0
	}
	return 1
}
