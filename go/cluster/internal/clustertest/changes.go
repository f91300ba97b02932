package clustertest

import (
	"context"
	"testing"
	"time"

	"changeover/cluster"
	"changeover/cluster/event"
	"changeover/cluster/operator"
	"changeover/cluster/table"
)

func movedByHand(t *testing.T, s *scene) {
	a, b := s.host("a", nil), s.host("b", nil)
	s.spread(1, a, b)
	const id = "stream/0"
	from := s.owner(id, a, b)
	to := map[*Host]*Host{a: b, b: a}[from]
	s.must(s.operator.Move(context.Background(), id, to.Name))
	s.movesWithoutGap(id, from, to)
	view, err := s.operator.View(context.Background())
	s.must(err)
	explanation, err := operator.Explain(view, id)
	s.must(err)
	if explanation.Node != to.Name || explanation.From != from.Name || explanation.Reason != table.ReasonPin {
		t.Errorf("%+v", explanation)
	}
	if err := s.operator.Move(context.Background(), id, "nobody"); err == nil {
		t.Error("it was moved to a node that is not there")
	}
}

// Nothing is on air where it is, so nobody waits for that where it goes.
func darkMoves(t *testing.T, s *scene) {
	a := s.host("a", nil)
	s.eventually("a joins", func() bool { return a.Told(event.Joined, "") > 0 })
	s.must(s.operator.Put(context.Background(), stream("dark", "dead:1")))
	s.eventually("a has it", func() bool { return a.Writes(t)["dark"] })
	b := s.host("b", nil)
	s.eventually("b joins", func() bool { return b.Told(event.Joined, "") > 0 })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s.must(a.Node.Drain(ctx))
	s.eventually("b has it", func() bool { return b.Writes(t)["dark"] })
}

func changes(t *testing.T, s *scene) {
	a := s.host("a", nil)
	s.spread(1, a)
	const id = "stream/0"
	background := context.Background()
	epoch := a.Status(t).Runs[0].Epoch
	changed := stream(id, "live:1", "live:2")
	changed.Settings = map[string]string{"packet_timeout": "700ms", "failback": "manual"}
	s.must(s.operator.Put(background, changed))
	s.eventually("it has two inputs", func() bool {
		status, _ := a.Service.RuntimeStatus(id)
		return len(status.Inputs) == 2 && status.Inputs[0].SilenceLimitMS == 700
	})
	if now := a.Status(t).Runs[0].Epoch; now != epoch {
		t.Errorf("it was started anew: epoch %d, then %d", epoch, now)
	}
	if s.journal.at("a ends stream/0 live:1") >= 0 {
		t.Error("an input was ended that has not changed")
	}
	s.must(s.operator.Put(background, stream(id, "live:3")))
	s.eventually("it has another input", func() bool {
		status, _ := a.Service.RuntimeStatus(id)
		return len(status.Inputs) == 1 && status.Inputs[0].URL == "live:3" || s.journal.at("a starts stream/0 live:3") >= 0
	})
	s.must(s.operator.Delete(background, id))
	s.eventually("it is gone", func() bool { return !a.Service.IsRegistered(id) })
	s.eventually("its claim is gone", func() bool {
		view, err := s.operator.View(background)
		return err == nil && len(view.Claims) == 0
	})
}

func badStream(t *testing.T, s *scene) {
	a := s.host("a", nil)
	s.spread(1, a)
	const id = "stream/0"
	bad := stream(id, "live:1")
	bad.Settings = map[string]string{"packet_timeuot": "1s"}
	s.must(s.operator.Put(context.Background(), bad))
	s.eventually("it is said", func() bool { return a.Told(event.Refused, id) > 0 })
	before := s.receivers.Packets(id, "a")
	s.eventually("it goes on as it was", func() bool { return s.receivers.Packets(id, "a") > before+20 })
	s.put(id)
	s.eventually("it is right again", func() bool {
		for _, stream := range a.Status(t).Cluster.Streams {
			if stream.ID == id {
				return stream.Refused == ""
			}
		}
		return false
	})
}

func nameTaken(t *testing.T, s *scene) {
	a := s.host("a", short)
	s.spread(2, a)
	twin := s.host("a", short)
	s.eventually("the second is told", func() bool { return twin.Told(event.NameTaken, "") > 0 })
	if runs := twin.Status(t).Runs; len(runs) > 0 {
		t.Errorf("the second one runs %v", runs)
	}
	a.Kill()
	s.eventually("the second one has the streams", func() bool { return len(twin.Writes(t)) == 2 })
}

// What a node that ends gives up is not waited for: with a lease of a minute nothing else would bring it.
func closes(t *testing.T, s *scene) {
	long := func(o *cluster.Options) { o.LeaseTTL = time.Minute }
	a := s.host("a", long)
	ids := s.spread(3, a)
	b := s.host("b", long)
	s.eventually("b joins", func() bool { return b.Told(event.Joined, "") > 0 })
	s.must(a.Node.Close(context.Background()))
	for _, id := range ids {
		if a.Service.IsRegistered(id) {
			t.Errorf("%s is still registered", id)
		}
		s.eventually("b has "+id, func() bool { return b.Writes(t)[id] })
	}
	if _, err := a.Node.Status(context.Background()); err == nil {
		t.Error("a node that is closed has a status")
	}
}

// A move to where nothing comes on air is given up, and the stream stays.
func notStarted(t *testing.T, s *scene) {
	quick := func(o *cluster.Options) { o.MoveTimeout = 300 * time.Millisecond }
	a := s.host("a", quick)
	s.spread(1, a)
	const id = "stream/0"
	b := s.host("b", quick)
	s.eventually("b joins", func() bool { return b.Told(event.Joined, "") > 0 })
	b.deaf.Store(true)
	s.must(s.operator.Move(context.Background(), id, "b"))
	s.eventually("b gives it up", func() bool { return b.Told(event.Gone, id) > 0 })
	s.eventually("a is told", func() bool { return a.Told(event.MoveFailed, id) > 0 })
	if !a.Writes(t)[id] || s.receivers.Packets(id, "b") > 0 {
		t.Error("it did not stay where it was")
	}
}
