package operator_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"changeover/cluster/operator"
	"changeover/cluster/store"
	"changeover/cluster/store/memory"
	"changeover/cluster/table"
)

// scene is a cluster of two nodes that are only written about.
type scene struct {
	*testing.T
	*operator.Cluster
	store *memory.Store
}

func newScene(t *testing.T) scene {
	where := memory.New()
	s := scene{t, operator.New(where, ""), where}
	s.write(table.Nodes, "a", table.Node{Capacity: 2, Zone: "north"})
	s.write(table.Nodes, "b", table.Node{Capacity: 2, Zone: "south"})
	s.must(s.Put(context.Background(), table.Stream{ID: "news", Zones: []string{"south"}}))
	return s
}

func (s scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s scene) write(kind table.Kind, id string, value any) {
	s.Helper()
	_, err := s.store.Commit(context.Background(), store.Transaction{Then: []store.Write{
		{Key: table.Key(table.DefaultPrefix, kind, id), Value: table.Encode(value)},
	}})
	s.must(err)
}

func (s scene) explain(id string) operator.Explanation {
	s.Helper()
	view, err := s.View(context.Background())
	s.must(err)
	explanation, err := operator.Explain(view, id)
	s.must(err)
	return explanation
}

func (s scene) says(what string) {
	s.Helper()
	if says := s.explain("news").Says; !strings.Contains(says, what) {
		s.Errorf("%q, want %q", says, what)
	}
}

func TestWhereAStreamIsAndWhy(t *testing.T) {
	s, ctx := newScene(t), context.Background()
	s.says("nobody has it yet; b should take it")
	s.write(table.Claims, "news", table.Claim{Node: "b", Reason: table.ReasonFirst, At: time.Unix(1, 0)})
	s.says("b has it, because nobody had it before; it belongs there")
	s.must(s.Drain(ctx, "b"))
	s.says("it belongs on a, and will move there")
	s.write(table.Moves, "news", table.Move{From: "b", To: "a", Reason: table.ReasonDrain})
	s.says("a is asked to take it")
	s.write(table.Moves, "news", table.Move{From: "b", To: "a", Reason: table.ReasonDrain, Accepted: true})
	s.says("a is starting it")
	places := s.explain("news").Places
	if len(places) != 2 || places[0].Node != "b" || places[0].Why != "is being drained" || places[0].Takes {
		t.Errorf("%+v", places)
	}
	s.must(s.Undrain(ctx, "b"))
	s.must(s.Move(ctx, "news", "a"))
	if places := s.explain("news").Places; places[0].Node != "a" || places[0].Why != "is where it is pinned" {
		t.Errorf("%+v", places)
	}
	s.must(s.Unpin(ctx, "news"))
	s.must(s.Delete(ctx, "news"))
	s.write(table.Claims, "news", table.Claim{Node: "b"})
	s.says("no longer wanted")
}

func TestWhatIsRefused(t *testing.T) {
	s, ctx := newScene(t), context.Background()
	two := []table.Input{{Priority: 1, URL: "a"}, {Priority: 1, URL: "b"}}
	for what, err := range map[string]error{
		"two inputs of one priority": s.Put(ctx, table.Stream{ID: "x", Inputs: two}),
		"a stream without an id":     s.Put(ctx, table.Stream{}),
		"an id that is too long":     s.Put(ctx, table.Stream{ID: strings.Repeat("x", 256)}),
		"an id that is no text":      s.Put(ctx, table.Stream{ID: "\xff"}),
		"an input without a URL":     s.Put(ctx, table.Stream{ID: "x", Inputs: []table.Input{{}}}),
		"a stream that is not there": s.Move(ctx, "x", "a"),
		"a node that is not there":   s.Move(ctx, "news", "c"),
	} {
		if err == nil {
			t.Errorf("%s was taken", what)
		}
	}
	s.must(s.Drain(ctx, "b"))
	if err := s.Move(ctx, "news", "b"); err == nil {
		t.Error("moved to a node that is drained")
	}
	s.write(table.Streams, "sport", map[string]any{"id": "sport", "inptus": nil})
	s.write(table.Streams, "weather", table.Stream{ID: "wether"})
	view, err := s.View(ctx)
	s.must(err)
	for _, id := range []string{"sport", "weather"} {
		if view.Refused[id] == nil || view.Streams[id] != nil {
			t.Errorf("%s was taken", id)
		}
	}
	if status := operator.StatusOf(view); len(status.Streams) != 3 || status.Streams[1].Refused == "" {
		t.Errorf("%+v", status.Streams)
	}
	if !strings.Contains(s.explain("weather").Says, "wether") {
		t.Error("it does not say what is wrong")
	}
}

// What is refused is left as it was, also when a view is made anew.
func TestAViewKeepsWhatWasRight(t *testing.T) {
	view := table.NewView("/p/", nil)
	entry := func(text string) store.Entry {
		return store.Entry{Key: "/p/streams/a", Value: []byte(text), Revision: 5}
	}
	view.Apply(store.Change{Entry: entry(`{"id":"a","inputs":[{"priority":0,"url":"u"}]}`)})
	bad := entry(`{"id":"a","inputs":[{"priority":-1,"url":"u"}]}`)
	view.Apply(store.Change{Entry: bad})
	view.Reset(store.Snapshot{Entries: []store.Entry{bad}, Revision: 6})
	if view.Streams["a"] == nil || view.Refused["a"] == nil {
		t.Errorf("%v, %v", view.Streams["a"], view.Refused["a"])
	}
	view.Reset(store.Snapshot{Revision: 7})
	if view.Streams["a"] != nil || view.Refused["a"] != nil {
		t.Error("it is still there after it was deleted")
	}
}

func TestAFullNodeGetsNothing(t *testing.T) {
	s := newScene(t)
	for _, id := range []string{"one", "two"} {
		s.write(table.Claims, id, table.Claim{Node: "b"})
	}
	s.says("a should take it")
	if places := s.explain("news").Places; places[0].Node != "b" || places[0].Why != "is full" {
		t.Errorf("%+v", places)
	}
	for _, id := range []string{"three", "four"} {
		s.write(table.Claims, id, table.Claim{Node: "a"})
	}
	s.says("all nodes are full or being drained")
}
