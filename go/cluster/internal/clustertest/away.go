package clustertest

import (
	"context"
	"testing"
	"time"

	"changeover/cluster"
	"changeover/cluster/event"
	"changeover/cluster/store"
)

// RunStoreAway has the store go for longer than any lease, and come back: with either choice of what to do then.
func RunStoreAway(t *testing.T, where store.Store, stop, start func()) {
	s := newScene(t, where)
	keep := func(o *cluster.Options) { o.OnStoreLoss = cluster.StoreLossKeep }
	stops, keeps := s.host("stops", nil), s.host("keeps", keep)
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

// RunLeaderLost has the store be away for less than a lease: what runs goes on as it was, and what comes is taken.
func RunLeaderLost(t *testing.T, where store.Store, lose func()) {
	s := newScene(t, where)
	long := func(o *cluster.Options) { o.LeaseTTL = 20 * time.Second }
	a, b := s.host("a", long), s.host("b", long)
	ids := s.spread(8, a, b)
	before := map[string]*Host{}
	for _, id := range ids {
		before[id] = s.owner(id, a, b)
	}
	lose()
	s.eventually("a stream is put", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		return s.operator.Put(ctx, stream("new", "live:1")) == nil
	})
	s.eventually("it is claimed", func() bool { return s.owner("new", a, b) != nil })
	for _, id := range ids {
		if s.owner(id, a, b) != before[id] || s.journal.at(before[id].Name+" ends "+id+" live:1") >= 0 {
			t.Errorf("%s is not where it was, or began anew", id)
		}
	}
}
