package clustertest

import (
	"context"
	"slices"
	"testing"
	"time"

	"changeover/cluster"
	"changeover/cluster/event"
	"changeover/cluster/store"
)

// RunStoreAway has the store go for longer than any lease, and come back: with either choice of what to do then.
func RunStoreAway(t *testing.T, where store.Store, stop, start func()) {
	s := newScene(t, where)
	keep := func(o *cluster.Options) {
		short(o)
		o.OnStoreLoss = cluster.StoreLossKeep
	}
	stops, keeps := s.host("stops", short), s.host("keeps", keep)
	ids := s.spread(8, stops, keeps)
	before := map[string]*Host{}
	for _, id := range ids {
		before[id] = s.owner(id, stops, keeps)
	}
	if len(stops.Writes(t)) == 0 || len(keeps.Writes(t)) == 0 {
		t.Fatal("one of the nodes has all streams")
	}
	stop()
	s.eventually("the one stops its streams", func() bool { return stops.Told(event.Fenced, "") > 0 })
	s.eventually("the other one knows, too", func() bool { return keeps.Told(event.Fenced, "") > 0 })
	for _, id := range ids {
		host := before[id]
		had := s.receivers.Packets(id, host.Name)
		if host == keeps {
			s.eventually(id+" goes on", func() bool { return s.receivers.Packets(id, host.Name) > had+50 })
		} else if host.Writes(t)[id] {
			t.Errorf("%s is still written by %s", id, host.Name)
		}
	}
	start()
	for _, id := range ids {
		s.eventually(id+" is received again", func() bool {
			host := s.owner(id, stops, keeps)
			if host == nil {
				return false
			}
			had := s.receivers.Packets(id, host.Name)
			s.eventually(id+" flows", func() bool { return s.receivers.Packets(id, host.Name) > had })
			return true
		})
		// What went on has not begun anew.
		if host := before[id]; host == keeps && s.journal.at("keeps ends "+id+" live:1") >= 0 {
			t.Errorf("%s was ended on %s", id, host.Name)
		}
		if n := s.receivers.Discarded(id, before[id].Name); n > 0 {
			t.Errorf("%s: %d packets were discarded", id, n)
		}
	}
}

// RunMemberLost has a part of the store be lost for good, so that for a moment it may not answer: what runs goes on
// as it was, and what comes is taken. lease is the nodes'.
func RunMemberLost(t *testing.T, where store.Store, lease time.Duration, lose func()) {
	s := newScene(t, where)
	of := func(o *cluster.Options) { o.LeaseTTL = lease }
	hosts := []*Host{s.host("a", of), s.host("b", of)}
	ids := s.spread(8, hosts...)
	lose()
	s.eventually("a stream is put", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		return s.operator.Put(ctx, stream("new", "live:1")) == nil
	})
	s.eventually("it is claimed", func() bool { return s.owner("new", hosts...) != nil })
	s.flow(ids, 2*lease)
	s.nothingFlapped(hosts...)
}

// RunStoreSlow has nodes, with options as they are by default, live with a store that takes its time: nothing flaps,
// streams move, and are taken over.
func RunStoreSlow(t *testing.T, where store.Store) {
	s := newScene(t, where)
	of := func(o *cluster.Options) { o.LeaseTTL = 3 * time.Second }
	a, b, c := s.host("a", of), s.host("b", of), s.host("c", of)
	ids := s.spread(12, a, b, c)
	s.flow(ids, 9*time.Second)
	s.nothingFlapped(a, b, c)

	var took []time.Duration
	for range 20 {
		begin := time.Now()
		s.must(s.operator.Unpin(context.Background(), "nothing"))
		s.put("one")
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	t.Logf("a write takes %v, at the median of %d", took[len(took)/2].Round(time.Millisecond), len(took))

	from := s.owner(ids[0], a, b, c)
	to := map[*Host]*Host{a: b, b: c, c: a}[from]
	s.must(s.operator.Move(context.Background(), ids[0], to.Name))
	s.movesWithoutGap(ids[0], from, to)
	s.nothingFlapped(a, b, c)
	c.Kill()
	for _, id := range ids {
		s.eventually(id+" is received from others", func() bool {
			owner := s.owner(id, a, b)
			return owner != nil && s.receivers.Packets(id, owner.Name) > 0
		})
	}
}

// flow waits until as much of each stream was received as comes in some time.
func (s *scene) flow(ids []string, time time.Duration) {
	s.Helper()
	before := map[string]int{}
	for _, id := range ids {
		before[id] = s.receivers.All(id)
	}
	for _, id := range ids {
		s.eventually(id+" flows", func() bool { return s.receivers.All(id) >= before[id]+int(time/pace) })
	}
}

// nothingFlapped: no node stopped a stream but to move it, or lost its lease.
func (s *scene) nothingFlapped(hosts ...*Host) {
	s.Helper()
	for _, host := range hosts {
		for _, kind := range []event.Kind{event.Fenced, event.LeaseLost} {
			if n := host.Told(kind, ""); n > 0 {
				s.Errorf("%s was %s, %d times", host.Name, kind, n)
			}
		}
	}
}
