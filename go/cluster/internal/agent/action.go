package agent

import (
	"time"

	"changeover/cluster/event"
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

// Tell tells operators what was decided.
type Tell struct{ event.Event }

func (Grant) action()  {}
func (Renew) action()  {}
func (Commit) action() {}
func (Start) action()  {}
func (Open) action()   {}
func (Update) action() {}
func (Stop) action()   {}
func (Until) action()  {}
func (Tell) action()   {}
