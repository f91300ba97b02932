package etcd

import (
	"context"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"changeover/cluster/store"
)

// Watch calls each with the changes after a revision until ctx is done. It asks etcd now and then how far it
// is: without an answer for as long as was said to [New], or without a leader, it ends with an error.
func (s *Store) Watch(ctx context.Context, prefix string, after int64, each func([]store.Change)) error {
	outer := ctx
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	watch := s.client.Watch(ctx, prefix, clientv3.WithPrefix(), clientv3.WithRev(after+1))
	ask := time.NewTicker(s.silence / 4)
	defer ask.Stop()
	heard := time.Now()
	for {
		select {
		case answer, more := <-watch:
			switch {
			case outer.Err() != nil:
				return outer.Err()
			case !more:
				return fmt.Errorf("etcd: the watch has ended")
			case answer.CompactRevision != 0:
				return store.ErrCompacted
			case answer.Err() != nil:
				return fmt.Errorf("etcd: watch: %w", answer.Err())
			}
			tell(answer.Events, each)
			// (Whoever is told may take a while.)
			heard = time.Now()
		case <-ask.C:
			if time.Since(heard) > s.silence {
				return fmt.Errorf("etcd: nothing was heard for %v", time.Since(heard).Round(time.Millisecond))
			}
			// An error shows as silence. While the client connects anew the request waits for that.
			asks, asked := context.WithTimeout(ctx, s.silence/4)
			_ = s.client.RequestProgress(asks)
			asked()
		}
	}
}

// tell calls each for the events of each revision.
func tell(events []*clientv3.Event, each func([]store.Change)) {
	var changes []store.Change
	for i, event := range events {
		changes = append(changes, store.Change{
			Entry: store.Entry{
				Key: string(event.Kv.Key), Value: event.Kv.Value, Revision: event.Kv.ModRevision,
				Lease: store.Lease(event.Kv.Lease),
			},
			Deleted: event.Type == clientv3.EventTypeDelete,
		})
		if i+1 == len(events) || events[i+1].Kv.ModRevision != event.Kv.ModRevision {
			each(changes)
			changes = nil
		}
	}
}
