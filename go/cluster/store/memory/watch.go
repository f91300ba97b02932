package memory

import (
	"context"
	"strings"

	"changeover/cluster/store"
)

// Watch calls each with the changes after a revision until ctx is done.
func (s *Store) Watch(ctx context.Context, prefix string, after int64, each func([]store.Change)) error {
	for {
		batches, news, err := s.since(after)
		if err != nil {
			return err
		}
		for _, batch := range batches {
			after = batch[0].Revision
			var changes []store.Change
			for _, change := range batch {
				if strings.HasPrefix(change.Key, prefix) {
					changes = append(changes, change)
				}
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if len(changes) > 0 {
				each(changes)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-news:
		}
	}
}

// since is the changes after a revision, and what is closed when there are more.
func (s *Store) since(after int64) ([][]store.Change, chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if after < s.forgotten {
		return nil, nil, store.ErrCompacted
	}
	at := len(s.history)
	for at > 0 && s.history[at-1][0].Revision > after {
		at--
	}
	return s.history[at:], s.news, nil
}
