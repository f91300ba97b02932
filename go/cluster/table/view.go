package table

import (
	"fmt"
	"maps"

	"changeover/cluster/placement"
	"changeover/cluster/store"
)

// View is a cluster's lists as of one revision.
type View struct {
	prefix   string
	Revision int64
	Streams  map[string]*Stream
	// Refused are the streams that are not as they should be, and why.
	Refused map[string]error
	Nodes   map[string]Node
	Claims  map[string]Claim
	Moves   map[string]Move
	Pins    map[string]Pin
	Drains  map[string]Drain
	// Load is how many claims each node has.
	Load map[string]int
	// Former is the node that last had a stream that has no claim, if that was seen.
	Former map[string]string

	check func(*Stream) error
	// Nodes as placement has them; nil: to be made anew.
	places []placement.Node
}

// NewView is a view of nothing. check says what else is wrong with a stream; nil: nothing.
func NewView(prefix string, check func(*Stream) error) *View {
	if check == nil {
		check = func(*Stream) error { return nil }
	}
	v := &View{prefix: prefix, check: check, Former: map[string]string{}}
	v.clear()
	return v
}

func (v *View) clear() {
	v.Streams, v.Refused = map[string]*Stream{}, map[string]error{}
	v.Nodes, v.Claims, v.Load = map[string]Node{}, map[string]Claim{}, map[string]int{}
	v.Moves, v.Pins, v.Drains = map[string]Move{}, map[string]Pin{}, map[string]Drain{}
	v.places = nil
}

// Reset has the view be what is in the store.
func (v *View) Reset(snapshot store.Snapshot) {
	streams, claims := v.Streams, v.Claims
	v.clear()
	for _, entry := range snapshot.Entries {
		v.Apply(store.Change{Entry: entry})
	}
	for id := range v.Refused {
		if stream, there := streams[id]; there {
			v.Streams[id] = stream
		}
	}
	for id, claim := range claims {
		if _, claimed := v.Claims[id]; !claimed {
			v.Former[id] = claim.Node
		}
	}
	maps.DeleteFunc(v.Former, func(id, _ string) bool { return v.Streams[id] == nil })
	v.Revision = snapshot.Revision
}

// Apply takes a change in, and says what it was of; "": nothing that the view has.
func (v *View) Apply(change store.Change) (Kind, string) {
	v.Revision = max(v.Revision, change.Revision)
	kind, id, ours := SplitKey(v.prefix, change.Key)
	if !ours {
		return "", ""
	}
	switch kind {
	case Streams:
		v.applyStream(id, change)
	case Nodes:
		apply(v.Nodes, id, change, func(node *Node) {
			node.Revision, node.Lease = change.Revision, int64(change.Lease)
		})
		v.places = nil
	case Claims:
		v.applyClaim(id, change)
	case Moves:
		apply(v.Moves, id, change, func(move *Move) { move.Revision = change.Revision })
	case Pins:
		apply(v.Pins, id, change, func(*Pin) {})
	case Drains:
		apply(v.Drains, id, change, func(*Drain) {})
	}
	return kind, id
}

// apply takes in a change of one list. What can't be read counts as not there.
func apply[T any](list map[string]T, id string, change store.Change, complete func(*T)) {
	var value T
	if change.Deleted || decode(change.Value, &value) != nil {
		delete(list, id)
		return
	}
	complete(&value)
	list[id] = value
}

// applyStream leaves a stream as it was if what it is now is not as it should be.
func (v *View) applyStream(id string, change store.Change) {
	delete(v.Refused, id)
	if change.Deleted {
		delete(v.Streams, id)
		delete(v.Former, id)
		return
	}
	stream, err := DecodeStream(change.Value)
	if err == nil && stream.ID != id {
		err = fmt.Errorf("its key has the id %q, and it says %q", id, stream.ID)
	}
	if err == nil {
		err = v.check(&stream)
	}
	if err != nil {
		v.Refused[id] = err
		return
	}
	stream.Revision = change.Revision
	v.Streams[id] = &stream
}

func (v *View) applyClaim(id string, change store.Change) {
	if old, claimed := v.Claims[id]; claimed {
		if v.Load[old.Node]--; v.Load[old.Node] == 0 {
			delete(v.Load, old.Node)
		}
		if _, wanted := v.Streams[id]; change.Deleted && wanted {
			v.Former[id] = old.Node
		}
	}
	apply(v.Claims, id, change, func(claim *Claim) {
		claim.Revision, claim.Lease = change.Revision, int64(change.Lease)
	})
	if claim, claimed := v.Claims[id]; claimed {
		v.Load[claim.Node]++
		delete(v.Former, id)
	}
}

// Takes says whether a node may get streams: it is there, is not being drained and has room.
func (v *View) Takes(id string) bool {
	node, there := v.Nodes[id]
	return there && !v.Drained(id) && v.Load[id] < node.Capacity
}

// Drained says whether a node gives its streams away.
func (v *View) Drained(id string) bool {
	_, byHand := v.Drains[id]
	return byHand || v.Nodes[id].Draining
}
