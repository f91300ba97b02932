// Package event is what nodes of a cluster decide, told to people and counted in metrics.
package event

import (
	"time"

	"changeover/cluster/table"
)

// Event is a decision of a node's.
type Event struct {
	Kind Kind
	// Stream is whom it concerns; "": the node.
	Stream string
	// Node is the other node, if there is one: where a stream comes from or goes to.
	Node string
	// Reason is why a stream came or goes.
	Reason table.Reason
	// Epoch is that of the stream's run here.
	Epoch int64
	// Detail says more, for people.
	Detail string
	At     time.Time
}

// Kind is what an [Event] is of.
type Kind string

// The kinds.
const (
	// Joined: the node has a lease, and the others know it.
	Joined Kind = "joined"
	// NameTaken: another process has the node's name; it waits until that one's lease has ended.
	NameTaken Kind = "name_taken"
	// Fenced: the lease could not be renewed in time; the streams are stopped, or with
	// cluster.StoreLossKeep kept.
	Fenced Kind = "fenced"
	// Back: the lease was renewed after all.
	Back Kind = "back"
	// LeaseLost: the lease has ended.
	LeaseLost Kind = "lease_lost"
	// Claimed: the stream is this node's, and starts. Node is who had it before.
	Claimed Kind = "claimed"
	// Gone: the stream is stopped here. Node is who has it now.
	Gone Kind = "gone"
	// Moving: the stream is to move to Node.
	Moving Kind = "moving"
	// Warming: the stream starts here, and is Node's until it is on air.
	Warming Kind = "warming"
	// Took: the stream that started here is this node's from here on.
	Took Kind = "took"
	// MoveFailed: the stream stays where it is, for now.
	MoveFailed Kind = "move_failed"
	// Refused: the stream in the store is not as it should be, or a change of it could not be made; it goes on
	// as it was.
	Refused Kind = "refused"
	// StartFailed: the engine did not take the stream; it is left to other nodes for a while.
	StartFailed Kind = "start_failed"
)
