// Package etcd is a [store.Store] over etcd, 3.6 or later.
package etcd

import (
	"context"
	"errors"
	"fmt"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"changeover/cluster/store"
)

// page is how many entries are loaded at a time.
const page = 2000

// Store keeps a cluster in etcd.
type Store struct {
	client *clientv3.Client
	// After so long without a word from etcd a watch is no longer trusted.
	silence time.Duration
}

var _ store.Store = (*Store)(nil)

// New is a store over a client, which stays the caller's, to be closed when nobody uses the store any more. The
// client is to have [DialOptions].
// silence is how long a watch may hear nothing, though it asks, before it ends with an error; 0: 2 seconds.
func New(client *clientv3.Client, silence time.Duration) *Store {
	if silence <= 0 {
		silence = 2 * time.Second
	}
	return &Store{client: client, silence: silence}
}

// Grant makes a lease of whole seconds: ttl is rounded up. etcd makes it longer if it is shorter than one and a
// half of its election timeouts: 2 seconds, as it comes.
func (s *Store) Grant(ctx context.Context, ttl time.Duration) (store.Lease, time.Duration, error) {
	granted, err := s.client.Grant(ctx, int64((ttl+time.Second-1)/time.Second))
	if err != nil {
		return 0, 0, fmt.Errorf("etcd: grant a lease: %w", err)
	}
	return store.Lease(granted.ID), time.Duration(granted.TTL) * time.Second, nil
}

// Renew has a lease begin anew. It asks once: the client's KeepAliveOnce would ask again and again without
// waiting while etcd is away.
func (s *Store) Renew(ctx context.Context, lease store.Lease) (time.Duration, error) {
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	stream, err := pb.NewLeaseClient(s.client.ActiveConnection()).LeaseKeepAlive(ctx)
	if err == nil {
		err = stream.Send(&pb.LeaseKeepAliveRequest{ID: int64(lease)})
	}
	if err != nil {
		return 0, fmt.Errorf("etcd: renew the lease: %w", err)
	}
	renewed, err := stream.Recv()
	switch {
	case err != nil:
		return 0, fmt.Errorf("etcd: renew the lease: %w", err)
	case renewed.TTL <= 0:
		return 0, store.ErrLeaseGone
	}
	return time.Duration(renewed.TTL) * time.Second, nil
}

// Revoke ends a lease.
func (s *Store) Revoke(ctx context.Context, lease store.Lease) error {
	_, err := s.client.Revoke(ctx, clientv3.LeaseID(lease))
	if err != nil && !errors.Is(err, rpctypes.ErrLeaseNotFound) {
		return fmt.Errorf("etcd: revoke the lease: %w", err)
	}
	return nil
}

// Commit carries out a transaction.
func (s *Store) Commit(ctx context.Context, transaction store.Transaction) (store.Result, error) {
	var conditions []clientv3.Cmp
	for _, condition := range transaction.If {
		conditions = append(conditions,
			clientv3.Compare(clientv3.ModRevision(condition.Key), "=", condition.Revision))
	}
	var writes []clientv3.Op
	for _, write := range transaction.Then {
		if write.Delete {
			writes = append(writes, clientv3.OpDelete(write.Key))
		} else {
			writes = append(writes,
				clientv3.OpPut(write.Key, string(write.Value), clientv3.WithLease(clientv3.LeaseID(write.Lease))))
		}
	}
	answer, err := s.client.Txn(ctx).If(conditions...).Then(writes...).Commit()
	switch {
	case errors.Is(err, rpctypes.ErrLeaseNotFound):
		return store.Result{}, store.ErrLeaseGone
	case err != nil:
		return store.Result{}, fmt.Errorf("etcd: commit: %w", err)
	}
	return store.Result{Done: answer.Succeeded, Revision: answer.Header.Revision}, nil
}

// Load returns all entries whose keys begin with prefix, page by page, as of one revision.
func (s *Store) Load(ctx context.Context, prefix string) (store.Snapshot, error) {
	var snapshot store.Snapshot
	from, end := prefix, clientv3.GetPrefixRangeEnd(prefix)
	for {
		answer, err := s.client.Get(ctx, from,
			clientv3.WithRange(end), clientv3.WithLimit(page), clientv3.WithRev(snapshot.Revision))
		if err != nil {
			return store.Snapshot{}, fmt.Errorf("etcd: load: %w", err)
		}
		if snapshot.Revision == 0 {
			snapshot.Revision = answer.Header.Revision
		}
		for _, kv := range answer.Kvs {
			snapshot.Entries = append(snapshot.Entries, store.Entry{
				Key: string(kv.Key), Value: kv.Value, Revision: kv.ModRevision, Lease: store.Lease(kv.Lease),
			})
		}
		if !answer.More {
			return snapshot, nil
		}
		// The first key after the last.
		from = string(answer.Kvs[len(answer.Kvs)-1].Key) + "\x00"
	}
}
