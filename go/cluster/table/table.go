// Package table is what a cluster keeps in its store, and how it is written there: streams, nodes, claims,
// moves, pins and drains. Whatever can put JSON into etcd can put streams; this package checks them.
//
// Below the cluster's prefix:
//
//	streams/ID   [Stream]  put and deleted by whoever decides what is to be on air
//	nodes/NODE   [Node]    put by the node, and gone with its lease
//	claims/ID    [Claim]   put by the node that has the stream, and gone with its lease
//	moves/ID     [Move]    a stream on its way from one node to another
//	pins/ID      [Pin]     where an operator wants a stream
//	drains/NODE  [Drain]   which node an operator wants to be without streams
package table

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// DefaultPrefix is where a cluster's keys are unless it is told otherwise.
const DefaultPrefix = "/changeover/"

// Kind is which of a cluster's lists a key belongs to.
type Kind string

// The lists.
const (
	Streams Kind = "streams"
	Nodes   Kind = "nodes"
	Claims  Kind = "claims"
	Moves   Kind = "moves"
	Pins    Kind = "pins"
	Drains  Kind = "drains"
)

// Key is where an entry is. IDs may have any character in them, '/' included.
func Key(prefix string, kind Kind, id string) string {
	return prefix + string(kind) + "/" + id
}

// SplitKey is the reverse of [Key]; false: it is no key of a cluster's.
func SplitKey(prefix, key string) (kind Kind, id string, ok bool) {
	rest, below := strings.CutPrefix(key, prefix)
	name, id, whole := strings.Cut(rest, "/")
	switch kind = Kind(name); kind {
	case Streams, Nodes, Claims, Moves, Pins, Drains:
		return kind, id, below && whole
	}
	return "", "", false
}

// Node is a process that runs streams.
type Node struct {
	// Capacity is how many streams it carries, and its weight beside the others.
	Capacity int `json:"capacity"`
	// Zone is where it stands; a stream can ask for one.
	Zone string `json:"zone,omitempty"`
	// Page is where operators see it, a URL.
	Page string `json:"page,omitempty"`
	// Draining: it is about to go, and gives its streams away.
	Draining bool `json:"draining,omitempty"`

	// Revision is when it was written, Lease the number of the lease that it ends with.
	Revision int64 `json:"-"`
	Lease    int64 `json:"-"`
}

// Claim says which node has a stream.
type Claim struct {
	Node string `json:"node"`
	// Epoch is that of the stream's run if it began before the claim was moved; 0: it is the claim's
	// revision. See [Claim.RunEpoch].
	Epoch int64 `json:"epoch,omitempty"`
	// From is the node that had the stream before; "": none is known.
	From   string `json:"from,omitempty"`
	Reason Reason `json:"reason"`
	// At is when, by the node's clock.
	At time.Time `json:"at"`

	// Revision is when it was written, Lease the number of the lease that it ends with.
	Revision int64 `json:"-"`
	Lease    int64 `json:"-"`
}

// RunEpoch is the number of the stream's run: greater than those of all runs before it, on any node.
func (c Claim) RunEpoch() int64 {
	if c.Epoch != 0 {
		return c.Epoch
	}
	return c.Revision
}

// Reason is why a node has a stream, or is to have it.
type Reason string

// The reasons.
const (
	// ReasonFirst: no node had it before.
	ReasonFirst Reason = "first"
	// ReasonTakeover: the lease of the node that had it has ended.
	ReasonTakeover Reason = "takeover"
	// ReasonReturn: the same node has it anew, because it could not renew its lease for a while.
	ReasonReturn Reason = "return"
	// ReasonBalance: placement says so, now that the other node is there.
	ReasonBalance Reason = "balance"
	// ReasonDrain: the node that had it is being drained.
	ReasonDrain Reason = "drain"
	// ReasonPin: an operator wants it there.
	ReasonPin Reason = "pin"
)

// Move is a stream on its way. The node that has it writes the move; the other one accepts it, starts the
// stream, and when it is on air there takes the claim, all in one transaction, and the move is gone.
type Move struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Reason Reason `json:"reason"`
	// Claim is the revision of the claim that is to move.
	Claim int64 `json:"claim"`
	// Dark: nothing is on air where it is, so nobody waits for that where it goes.
	Dark bool `json:"dark,omitempty"`
	// Accepted: the other node starts it. The move's revision is the epoch of that run.
	Accepted bool      `json:"accepted,omitempty"`
	At       time.Time `json:"at"`

	// Revision is when it was written.
	Revision int64 `json:"-"`
}

// Pin is a stream that an operator wants on a node, while that node is there and has room.
type Pin struct {
	Node string    `json:"node"`
	At   time.Time `json:"at"`
}

// Drain is a node that an operator wants to be without streams, until the entry is deleted.
type Drain struct {
	At time.Time `json:"at"`
}

// Encode is a value as it stands in the store.
func Encode(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		// None of this package's types can fail.
		panic("table: " + err.Error())
	}
	return text
}

// decode reads a value. What it does not know it refuses: half of what was meant is not carried out.
func decode(text []byte, value any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil {
		return fmt.Errorf("not as it should be: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("not as it should be: more than one value")
	}
	return nil
}
