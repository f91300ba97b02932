package operator

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"changeover/cluster/table"
)

// Status is a cluster at a glance.
type Status struct {
	Nodes   []NodeStatus   `json:"nodes"`
	Streams []StreamStatus `json:"streams"`
}

// NodeStatus is one node, or one that is to be drained and not there.
type NodeStatus struct {
	ID       string `json:"id"`
	There    bool   `json:"there"`
	Zone     string `json:"zone,omitempty"`
	Page     string `json:"page,omitempty"`
	Streams  int    `json:"streams"`
	Capacity int    `json:"capacity"`
	Drained  bool   `json:"drained,omitempty"`
}

// StreamStatus is one stream: who has it and why.
type StreamStatus struct {
	ID string `json:"id"`
	// Node has it; "": nobody.
	Node string `json:"node,omitempty"`
	// From is who had it before, Reason why it is where it is, Since when.
	From   string       `json:"from,omitempty"`
	Reason table.Reason `json:"reason,omitempty"`
	Since  time.Time    `json:"since,omitzero"`
	Epoch  int64        `json:"epoch,omitempty"`
	// MovesTo is where it is on its way to, and why.
	MovesTo     string       `json:"moves_to,omitempty"`
	MovesReason table.Reason `json:"moves_reason,omitempty"`
	// Pinned is where an operator wants it.
	Pinned string `json:"pinned,omitempty"`
	// Refused is what is wrong with what is in the store; the stream goes on as it was.
	Refused string `json:"refused,omitempty"`
}

// StatusOf is a view at a glance, by names.
func StatusOf(view *table.View) Status {
	var status Status
	ids := maps.Clone(view.Nodes)
	for id := range view.Drains {
		ids[id] = view.Nodes[id]
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		node, there := view.Nodes[id]
		status.Nodes = append(status.Nodes, NodeStatus{
			ID: id, There: there, Zone: node.Zone, Page: node.Page, Streams: view.Load[id],
			Capacity: node.Capacity, Drained: view.Drained(id),
		})
	}
	streams := map[string]bool{}
	for id := range view.Streams {
		streams[id] = true
	}
	for id := range view.Refused {
		streams[id] = true
	}
	for id := range view.Claims {
		streams[id] = true
	}
	for _, id := range slices.Sorted(maps.Keys(streams)) {
		status.Streams = append(status.Streams, streamStatus(view, id))
	}
	return status
}

func streamStatus(view *table.View, id string) StreamStatus {
	claim, move := view.Claims[id], view.Moves[id]
	status := StreamStatus{
		ID: id, Node: claim.Node, From: claim.From, Reason: claim.Reason, Since: claim.At,
		Epoch: claim.RunEpoch(), MovesTo: move.To, MovesReason: move.Reason, Pinned: view.Pins[id].Node,
	}
	if err := view.Refused[id]; err != nil {
		status.Refused = err.Error()
	}
	return status
}

// Explanation is one stream: where it is, where it should be, and why.
type Explanation struct {
	StreamStatus
	// Places are all nodes, in the order in which they should have it.
	Places []table.Place `json:"places"`
	// Says is the conclusion, in words.
	Says string `json:"says"`
}

// Explain says why a stream is where it is; an error if there is no such stream.
func Explain(view *table.View, id string) (Explanation, error) {
	explanation := Explanation{StreamStatus: streamStatus(view, id)}
	stream, there := view.Streams[id]
	switch {
	case there:
		explanation.Places = view.Places(stream)
		explanation.Says = says(view, stream)
	case view.Refused[id] != nil:
		explanation.Says = "what is in the store is not as it should be: " + explanation.Refused
	case explanation.Node != "":
		explanation.Says = "it is no longer wanted, and " + explanation.Node + " is about to let it go"
	default:
		return Explanation{}, fmt.Errorf("operator: there is no stream %q", id)
	}
	return explanation, nil
}

// becauseOf says a reason in words.
var becauseOf = map[table.Reason]string{
	table.ReasonFirst:    "nobody had it before",
	table.ReasonTakeover: "the lease of the node that had it ended",
	table.ReasonReturn:   "it could not renew its lease for a while, and took it anew",
	table.ReasonBalance:  "it belongs there",
	table.ReasonDrain:    "the node that had it was drained",
	table.ReasonPin:      "an operator wanted it there",
}

func says(view *table.View, stream *table.Stream) string {
	claim, claimed := view.Claims[stream.ID]
	best := view.Best(stream, claim.Node)
	switch {
	case !claimed && len(view.Nodes) == 0:
		return "nobody has it: there is no node"
	case !claimed && best == "":
		return "nobody has it: all nodes are full or being drained"
	case !claimed:
		return "nobody has it yet; " + best + " should take it within a second, if that is well"
	}
	text := claim.Node + " has it, because " + cmp.Or(becauseOf[claim.Reason], string(claim.Reason))
	if claim.From != "" && claim.From != claim.Node {
		text += " (" + claim.From + ")"
	}
	move, moving := view.Moves[stream.ID]
	switch {
	case moving && move.Accepted:
		return text + "; " + move.To + " is starting it, and takes it when it is on air there"
	case moving:
		return text + "; " + move.To + " is asked to take it"
	case best == claim.Node:
		return text + "; it belongs there"
	case best == "":
		return text + "; there is no room for it elsewhere"
	}
	return text + "; it belongs on " + best + ", and will move there in its turn"
}
