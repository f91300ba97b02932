// Package store is what a cluster asks of the place where it keeps its streams, nodes and claims: keys with
// revisions, transactions that compare them, leases that end, and changes in order. [etcd] has all that, and
// [memory] is for tests and for a cluster within one process.
//
// [etcd]: https://pkg.go.dev/go.etcd.io/etcd/client/v3
// [memory]: https://pkg.go.dev/changeover/cluster/store/memory
package store

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrLeaseGone: the lease has ended, or there never was one.
	ErrLeaseGone = errors.New("store: the lease has ended")
	// ErrCompacted: the changes after that revision are not kept any more. Load anew.
	ErrCompacted = errors.New("store: the changes asked for are not kept any more")
)

// MaxOperations is how many conditions, and how many writes, a [Transaction] may have: what etcd takes unless
// it is told otherwise.
const MaxOperations = 128

// Lease is a number that a store gives to who promises to renew it. 0 is none.
type Lease int64

// Entry is a key and its value.
type Entry struct {
	Key   string
	Value []byte
	// Revision is when it was last written. Each transaction that writes has a revision of its own, greater
	// than all before it.
	Revision int64
	// Lease is what the entry ends with; 0: with nothing.
	Lease Lease
}

// Change is an entry that was written, or deleted: then Value is nil, and Revision when that was.
type Change struct {
	Entry
	Deleted bool
}

// Condition is what must be true of a key: that it was last written at Revision; 0: that it is not there.
type Condition struct {
	Key      string
	Revision int64
}

// Write sets a key, with the life of Lease unless that is 0, or deletes it.
type Write struct {
	Key    string
	Value  []byte
	Lease  Lease
	Delete bool
}

// Transaction is carried out as a whole, if all conditions are met, or not at all. It writes no key twice.
type Transaction struct {
	If   []Condition
	Then []Write
}

// Result is what became of a transaction.
type Result struct {
	// Done: the conditions were met and all is written.
	Done bool
	// Revision is the store's then; if Done and something was written, that of what was written.
	Revision int64
}

// Snapshot is all entries at one revision, by key.
type Snapshot struct {
	Entries  []Entry
	Revision int64
}

// Store is where a cluster keeps what its nodes must agree on. All methods may be called from any goroutine.
// An error other than those of this package means that it is not known whether the call was carried out.
type Store interface {
	// Grant makes a lease that ends when it was not renewed for as long as the second result, which is at
	// least ttl.
	Grant(ctx context.Context, ttl time.Duration) (Lease, time.Duration, error)
	// Renew has the lease live for as long as it answers from some moment between the call and its return.
	// [ErrLeaseGone] if it has ended.
	Renew(ctx context.Context, lease Lease) (time.Duration, error)
	// Revoke ends a lease and deletes its entries. One that has ended is no error.
	Revoke(ctx context.Context, lease Lease) error
	// Commit carries out a transaction. [ErrLeaseGone] if it writes with a lease that has ended.
	Commit(ctx context.Context, transaction Transaction) (Result, error)
	// Load returns all entries whose keys begin with prefix.
	Load(ctx context.Context, prefix string) (Snapshot, error)
	// Watch calls each with the changes of keys that begin with prefix, of all revisions greater than
	// after, in order; those of one revision come in one call. It returns when ctx is done, or with an error
	// when it may have missed something, or has not heard from the store for so long that it may be cut off.
	Watch(ctx context.Context, prefix string, after int64, each func([]Change)) error
}
