package clustertest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"changeover/cluster"
	"changeover/cluster/event"
	"changeover/cluster/operator"
	"changeover/cluster/store"
	"changeover/cluster/table"
)

// patience is after how long something that should happen counts as not happening.
const patience = 30 * time.Second

// Run has clusters live through what they must, each below a prefix of its own in the store.
func Run(t *testing.T, where store.Store) {
	for name, scenario := range map[string]func(*testing.T, *scene){
		"a node dies":                      nodeDies,
		"a node is cut off":                cutOff,
		"a node is cut off and goes on":    cutOffKept,
		"a node is drained":                drained,
		"a node is drained by hand":        drainedByHand,
		"a stream is moved by hand":        movedByHand,
		"a stream that is dark moves, too": darkMoves,
		"streams come, change and go":      changes,
		"a bad stream is left as it was":   badStream,
		"a name is one process's":          nameTaken,
		"a node that closes gives up all":  closes,
		"a move comes to nothing":          notStarted,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario(t, newScene(t, where))
		})
	}
}

// scene is a cluster in a test.
type scene struct {
	*testing.T
	store     store.Store
	receivers *Receivers
	journal   *Journal
	operator  *operator.Cluster
}

func newScene(t *testing.T, where store.Store) *scene {
	return &scene{
		T: t, store: where, receivers: NewReceivers(), journal: &Journal{},
		operator: operator.New(where, "/"+t.Name()+"/"),
	}
}

func (s *scene) host(name string, change func(*cluster.Options)) *Host {
	s.Helper()
	return NewHost(s.T, name, s.store, s.receivers, s.journal, change)
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scene) put(ids ...string) {
	s.Helper()
	for _, id := range ids {
		s.must(s.operator.Put(context.Background(), stream(id, "live:1")))
	}
}

func stream(id string, urls ...string) table.Stream {
	made := table.Stream{ID: id}
	for i, url := range urls {
		made.Inputs = append(made.Inputs, table.Input{Priority: i, URL: url})
	}
	return made
}

// eventually waits for something.
func (s *scene) eventually(what string, holds func() bool) {
	s.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(pace) {
		if time.Now().After(deadline) {
			s.Fatalf("not in time: %s\n%s", what, s.state())
		}
	}
}

// state is what is in the store, for people.
func (s *scene) state() string {
	view, err := s.operator.View(context.Background())
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%+v", operator.StatusOf(view))
}

// owner is which of the hosts writes a stream; nil: none.
func (s *scene) owner(id string, hosts ...*Host) *Host {
	for _, host := range hosts {
		if host.Writes(s.T)[id] {
			return host
		}
	}
	return nil
}

// spread puts streams, and waits until the hosts have them all.
func (s *scene) spread(n int, hosts ...*Host) []string {
	s.Helper()
	for _, host := range hosts {
		s.eventually(host.Name+" joins", func() bool { return host.Told(event.Joined, "") > 0 })
	}
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprintf("stream/%d", i))
	}
	s.put(ids...)
	for _, id := range ids {
		s.eventually(id+" is received", func() bool {
			owner := s.owner(id, hosts...)
			return owner != nil && s.receivers.Packets(id, owner.Name) > 0 && owner.OnAir(id)
		})
	}
	return ids
}

func nodeDies(t *testing.T, s *scene) {
	a, b, c := s.host("a", short), s.host("b", short), s.host("c", short)
	ids := s.spread(12, a, b, c)
	of := a.Writes(t)
	if len(of) == 0 {
		t.Fatal("a has none of 12 streams")
	}
	a.Kill()
	for _, id := range ids {
		s.eventually(id+" is received from others", func() bool {
			owner := s.owner(id, b, c)
			return owner != nil && s.receivers.Packets(id, owner.Name) > 0
		})
		if n := s.receivers.Discarded(id, b.Name) + s.receivers.Discarded(id, c.Name); n > 0 {
			t.Errorf("%s: %d packets were discarded that the new node wrote", id, n)
		}
	}
}

func cutOff(t *testing.T, s *scene) {
	a, b := s.host("a", short), s.host("b", short)
	ids := s.spread(6, a, b)
	mine := a.Writes(t)
	if len(mine) == 0 {
		t.Fatal("a has none of 6 streams")
	}
	a.Wire.Cut()
	s.eventually("a stops", func() bool { return a.Told(event.Fenced, "") > 0 })
	for _, id := range ids {
		s.eventually("b has "+id, func() bool { return b.Writes(t)[id] && s.receivers.Packets(id, "b") > 0 })
	}
	for id := range mine {
		if order := s.receivers.Order(id); order != "[a b]" {
			t.Errorf("%s came from %s", id, order)
		}
		if n := s.receivers.Discarded(id, "a"); n > 0 {
			t.Errorf("%s: a wrote %d packets after b did", id, n)
		}
	}
	a.Wire.Mend()
	s.eventually("a joins again", func() bool { return a.Told(event.Joined, "") > 1 })
}

func cutOffKept(t *testing.T, s *scene) {
	keep := func(o *cluster.Options) {
		short(o)
		o.OnStoreLoss = cluster.StoreLossKeep
	}
	a, b := s.host("a", keep), s.host("b", keep)
	s.spread(1, a, b)
	const id = "stream/0"
	old := s.owner(id, a, b)
	other := map[*Host]*Host{a: b, b: a}[old]
	old.Wire.Cut()
	s.eventually("the other takes over", func() bool { return s.receivers.Packets(id, other.Name) > 0 })
	s.eventually("the one that is cut off writes on, and is discarded", func() bool {
		return s.receivers.Discarded(id, old.Name) > 10
	})
	if n := s.receivers.Discarded(id, other.Name); n > 0 {
		t.Errorf("%d packets of the new node were discarded", n)
	}
	old.Wire.Mend()
	s.eventually("it stops when it hears", func() bool { return !old.Writes(t)[id] })
}

// movesWithoutGap checks that a stream was on air where it went before it ended where it was.
func (s *scene) movesWithoutGap(id string, from, to *Host) {
	s.Helper()
	s.eventually(id+" ends on "+from.Name, func() bool {
		return s.journal.at(fmt.Sprintf("%s ends %s live:1", from.Name, id)) >= 0
	})
	begins := s.journal.at(fmt.Sprintf("%s has %s on air", to.Name, id))
	ends := s.journal.at(fmt.Sprintf("%s ends %s live:1", from.Name, id))
	if begins < 0 || begins > ends {
		s.Errorf("%s: on air on %s as event %d, ended on %s as event %d", id, to.Name, begins, from.Name, ends)
	}
	s.eventually(id+" is received from "+to.Name, func() bool { return s.receivers.Packets(id, to.Name) > 0 })
	if n := s.receivers.Discarded(id, to.Name); n > 0 {
		s.Errorf("%s: %d packets of the new node were discarded", id, n)
	}
}

func drained(t *testing.T, s *scene) {
	a := s.host("a", nil)
	ids := s.spread(8, a)
	b := s.host("b", nil)
	s.eventually("b joins", func() bool { return b.Told(event.Joined, "") > 0 })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s.must(a.Node.Drain(ctx))
	for _, id := range ids {
		s.movesWithoutGap(id, a, b)
	}
	if runs := a.Status(t).Runs; len(runs) > 0 {
		t.Errorf("a still runs %v", runs)
	}
}

func drainedByHand(t *testing.T, s *scene) {
	a := s.host("a", nil)
	ids := s.spread(4, a)
	b := s.host("b", short)
	s.eventually("b joins", func() bool { return b.Told(event.Joined, "") > 0 })
	s.must(s.operator.Drain(context.Background(), "a"))
	for _, id := range ids {
		s.movesWithoutGap(id, a, b)
	}
	s.must(s.operator.Undrain(context.Background(), "a"))
	b.Kill()
	for _, id := range ids {
		s.eventually("a has "+id+" again", func() bool { return a.Writes(t)[id] })
	}
}
