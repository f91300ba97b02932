// Package operator is what people and programs do to a cluster from outside: put and delete streams, drain
// nodes, move streams, and ask who has what and why. It needs the store only, no node.
package operator

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"changeover/cluster/store"
	"changeover/cluster/table"
)

// Cluster is a cluster in a store. All methods may be called from any goroutine.
type Cluster struct {
	store  store.Store
	prefix string
}

// New is the cluster below a prefix; "": [table.DefaultPrefix].
func New(where store.Store, prefix string) *Cluster {
	if prefix == "" {
		prefix = table.DefaultPrefix
	}
	return &Cluster{where, prefix}
}

// View is everything that is in the store now.
func (c *Cluster) View(ctx context.Context) (*table.View, error) {
	snapshot, err := c.store.Load(ctx, c.prefix)
	if err != nil {
		return nil, err
	}
	view := table.NewView(c.prefix, nil)
	view.Reset(snapshot)
	return view, nil
}

// Put has a stream be on air, or changes it. It refuses what is not as it should be, but for names and values
// of settings: these the nodes check.
func (c *Cluster) Put(ctx context.Context, stream table.Stream) error {
	if err := stream.Check(); err != nil {
		return fmt.Errorf("operator: put %q: %w", stream.ID, err)
	}
	return c.set(ctx, table.Streams, stream.ID, stream)
}

// Delete takes a stream off the air. One that is not there is no error.
func (c *Cluster) Delete(ctx context.Context, stream string) error {
	return c.delete(ctx, table.Streams, stream)
}

// Drain has a node give its streams away, without a gap, and take no others, until [Cluster.Undrain].
func (c *Cluster) Drain(ctx context.Context, node string) error {
	return c.set(ctx, table.Drains, node, table.Drain{At: time.Now()})
}

// Undrain has a node take streams again.
func (c *Cluster) Undrain(ctx context.Context, node string) error {
	return c.delete(ctx, table.Drains, node)
}

// Move has a stream go to a node, without a gap, and stay there while that node is there and has room, until
// [Cluster.Unpin].
func (c *Cluster) Move(ctx context.Context, stream, node string) error {
	view, err := c.View(ctx)
	if err != nil {
		return err
	}
	if _, there := view.Streams[stream]; !there {
		return fmt.Errorf("operator: there is no stream %q", stream)
	}
	if _, there := view.Nodes[node]; !there {
		return fmt.Errorf("operator: there is no node %q; there are %v", node, slices.Sorted(maps.Keys(view.Nodes)))
	}
	if view.Drained(node) {
		return fmt.Errorf("operator: the node %q is being drained", node)
	}
	return c.set(ctx, table.Pins, stream, table.Pin{Node: node, At: time.Now()})
}

// Unpin has a stream be where placement says.
func (c *Cluster) Unpin(ctx context.Context, stream string) error {
	return c.delete(ctx, table.Pins, stream)
}

func (c *Cluster) set(ctx context.Context, kind table.Kind, id string, value any) error {
	return c.write(ctx, store.Write{Key: table.Key(c.prefix, kind, id), Value: table.Encode(value)})
}

func (c *Cluster) delete(ctx context.Context, kind table.Kind, id string) error {
	return c.write(ctx, store.Write{Key: table.Key(c.prefix, kind, id), Delete: true})
}

func (c *Cluster) write(ctx context.Context, write store.Write) error {
	_, err := c.store.Commit(ctx, store.Transaction{Then: []store.Write{write}})
	return err
}
