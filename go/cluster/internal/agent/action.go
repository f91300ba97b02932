package agent

import (
	"time"

	"changeover/cluster/store"
	"changeover/cluster/table"
)

// Action is something to be done, in the order in which it was said.
type Action interface{ action() }

// Grant asks the store for a lease. The answer goes to [Agent.Granted].
type Grant struct {
	Request uint64
	TTL     time.Duration
}

// Renew asks the store to renew a lease. The answer goes to [Agent.Renewed].
type Renew struct {
	Request uint64
	Lease   store.Lease
}

// Commit asks the store for a transaction. The answer goes to [Agent.Committed].
type Commit struct {
	Request     uint64
	Transaction store.Transaction
}

// Start starts a stream. It may write if Open; else not before an [Open].
type Start struct {
	Stream *table.Stream
	Epoch  int64
	Open   bool
}

// Open: a stream that was started may write.
type Open struct {
	ID    string
	Epoch int64
}

// Update: a stream that runs is to run like this.
type Update struct {
	Stream *table.Stream
	Epoch  int64
}

// Stop stops a stream: it writes nothing any more.
type Stop struct {
	ID    string
	Epoch int64
}

// Until: what is open may write until then, unless another Until says otherwise.
type Until struct{ At time.Duration }

// Event tells operators what was decided.
type Event struct {
	Kind   Kind
	Stream string
	// Node is the other node, if there is one.
	Node   string
	Reason table.Reason
	Epoch  int64
	Detail string
	At     time.Time
}

// Kind is what an event is of.
type Kind string

// The kinds.
const (
	// Joined: the node has a lease and is known to the others. NameTaken: not yet, another process has its
	// name.
	Joined    Kind = "joined"
	NameTaken Kind = "name_taken"
	// Fenced: the lease could not be renewed in time; Back: it could, later. LeaseLost: it has ended.
	Fenced    Kind = "fenced"
	Back      Kind = "back"
	LeaseLost Kind = "lease_lost"
	// Claimed: the node has the stream, and starts it. Gone: it no longer has it.
	Claimed Kind = "claimed"
	Gone    Kind = "gone"
	// Moving: it is to move to Node. Warming: it starts here, and is Node's still. Took: it is ours from
	// here on. MoveFailed: it stays where it is.
	Moving     Kind = "moving"
	Warming    Kind = "warming"
	Took       Kind = "took"
	MoveFailed Kind = "move_failed"
	// Refused: the stream is not as it should be. StartFailed: the engine did not take it.
	Refused     Kind = "refused"
	StartFailed Kind = "start_failed"
)

func (Grant) action()  {}
func (Renew) action()  {}
func (Commit) action() {}
func (Start) action()  {}
func (Open) action()   {}
func (Update) action() {}
func (Stop) action()   {}
func (Until) action()  {}
func (Event) action()  {}
