package changeover_test

// Each operation, as a host sees it.

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"changeover"
)

func TestRegisterStartsTheBestInput(t *testing.T) {
	var got changeover.InputConfig
	var buffer string
	done := make(chan struct{})
	h := &host{start: func(_ context.Context, _ string, input changeover.InputConfig, b string) error {
		got, buffer = input, b
		close(done)
		return nil
	}}
	service := newService(t, h, patient)
	stream := twoInputs("news")
	stream.Inputs[0].Priority = 5
	stream.Inputs[1].Options = []changeover.Option{{Key: "User-Agent", Value: "x"}, {Key: "", Value: ""}, {Key: "User-Agent", Value: "ü"}}
	if err := service.Register(context.Background(), stream, "slot-7"); err != nil {
		t.Fatal(err)
	}
	<-done
	want := stream.Inputs[1]
	if !reflect.DeepEqual(got, want) || buffer != "slot-7" {
		t.Errorf("started %+v onto %q, want %+v", got, buffer, want)
	}
	if !service.IsRegistered("news") || service.IsRegistered("other") {
		t.Error("IsRegistered")
	}
	s := status(t, service, "news")
	if s.ActiveInputPriority != 1 || s.Switches[0].From != -1 || s.Switches[0].Reason != changeover.ReasonInitial {
		t.Errorf("status %+v", s)
	}
	register(t, service, changeover.Stream{ID: "a/b c"})
	if ids := service.RegisteredStreams(); !slices.Equal(ids, []string{"a/b c", "news"}) {
		t.Errorf("registered: %q", ids)
	}
}

func TestEmptyBufferIsTheStreamsID(t *testing.T) {
	buffers := make(chan string, 2)
	h := &host{start: func(_ context.Context, _ string, _ changeover.InputConfig, buffer string) error {
		buffers <- buffer
		return nil
	}}
	service := newService(t, h, patient)
	register(t, service, twoInputs("news"))
	if buffer := <-buffers; buffer != "news" {
		t.Errorf("buffer %q", buffer)
	}
	if err := service.UpdateBufferWriteID("news", "other"); err != nil {
		t.Fatal(err)
	}
	if buffer := <-buffers; buffer != "other" {
		t.Errorf("buffer %q", buffer)
	}
}

func TestErrorsAreToldApart(t *testing.T) {
	service := newService(t, &host{}, patient)
	register(t, service, twoInputs("news"))
	background := context.Background()
	cancelled, cancel := context.WithCancel(background)
	cancel()
	inputs := func(priorities ...int) (list []changeover.InputConfig) {
		for _, priority := range priorities {
			list = append(list, changeover.InputConfig{Priority: priority})
		}
		return list
	}
	open := func(_ *changeover.Input, err error) error { return err }
	service.ReportInputError("news", 1, errors.New("gone"))
	for name, c := range map[string]struct{ got, want error }{
		"again":              {service.Register(background, twoInputs("news"), ""), changeover.ErrStreamExists},
		"cancelled":          {service.Register(cancelled, twoInputs("late"), ""), context.Canceled},
		"no id":              {service.Register(background, twoInputs(""), ""), changeover.ErrStreamID},
		"long id":            {service.Register(background, twoInputs(strings.Repeat("x", 256)), ""), changeover.ErrStreamID},
		"not UTF-8":          {service.Register(background, twoInputs("\xff"), ""), changeover.ErrUTF8},
		"duplicate":          {service.Register(background, changeover.Stream{ID: "d", Inputs: inputs(1, 1)}, ""), changeover.ErrDuplicatePriority},
		"negative":           {service.Register(background, changeover.Stream{ID: "d", Inputs: inputs(-1)}, ""), changeover.ErrPriority},
		"beyond int32":       {service.Register(background, changeover.Stream{ID: "d", Inputs: inputs(1 << 40)}, ""), changeover.ErrPriority},
		"first switch":       {service.Register(background, changeover.Stream{ID: "d", FirstSwitch: changeover.FirstSwitchMax + 1}, ""), changeover.ErrFirstSwitch},
		"negative timeout":   {service.SetConfig("news", changeover.Config{PacketTimeout: -1}), changeover.ErrConfig},
		"negative wait":      {service.SetConfig("news", changeover.Config{FailbackStable: -2}), changeover.ErrConfig},
		"two years":          {service.SetConfig("", changeover.Config{PacketTimeout: 2 * 365 * 24 * time.Hour}), changeover.ErrConfig},
		"no such failback":   {service.SetConfig("news", changeover.Config{Failback: 7}), changeover.ErrValue},
		"hot, no overlap":    {service.SetConfig("news", changeover.Config{Standby: changeover.StandbyHot, Overlap: changeover.OverlapOff}), changeover.ErrHotWithoutOverlap},
		"unregister unknown": {service.Unregister("other"), changeover.ErrUnknownStream},
		"switch unknown":     {service.SwitchInput("other", 0), changeover.ErrUnknownStream},
		"switch to unknown":  {service.SwitchInput("news", 7), changeover.ErrUnknownInput},
		"switch to degraded": {service.SwitchInput("news", 1), changeover.ErrInputDegraded},
		"switch for 0":       {service.SwitchInputFor("news", 0, 0), changeover.ErrConfig},
		"switch for -1":      {service.SwitchInputFor("news", 0, -time.Second), changeover.ErrConfig},
		"switch for so long": {service.SwitchInputFor("other", 0, time.Second), changeover.ErrUnknownStream},
		"none better":        {service.FailBack("news"), changeover.ErrNoBetterInput},
		"fail back unknown":  {service.FailBack("other"), changeover.ErrUnknownStream},
		"disable unknown":    {service.SetInputEnabled("news", 7, false), changeover.ErrUnknownInput},
		"clear unknown":      {service.ClearOverride("other"), changeover.ErrUnknownStream},
		"update unknown":     {service.UpdateInputs("other", nil, nil, nil), changeover.ErrUnknownStream},
		"remove unknown":     {service.UpdateInputs("news", nil, inputs(7), nil), changeover.ErrUnknownInput},
		"add duplicate":      {service.UpdateInputs("news", inputs(0), nil, nil), changeover.ErrDuplicatePriority},
		"buffer of unknown":  {service.UpdateBufferWriteID("other", ""), changeover.ErrUnknownStream},
		"open unknown":       {open(service.OpenInput("other", 0)), changeover.ErrUnknownStream},
		"open unknown input": {open(service.OpenInput("news", 7)), changeover.ErrUnknownInput},
		"no session":         {open(service.OpenSession(background)), changeover.ErrNoSession},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	if ids := service.RegisteredStreams(); !slices.Equal(ids, []string{"news"}) {
		t.Errorf("registered: %q", ids)
	}
	if text := changeover.ErrUnknownStream.Error(); text != "no such stream is registered" {
		t.Errorf("text %q", text)
	}
}

// Another service goes on with a stream, and the one before is not told.
func TestSwitchNumbersBeginWhereTheHostSays(t *testing.T) {
	before, after := newService(t, &host{}, patient), newService(t, &host{}, patient)
	var last changeover.Verdict
	for _, c := range []struct {
		service *changeover.Service
		first   uint64
		want    changeover.Verdict
	}{
		{newService(t, &host{}, patient), 0, 1},
		{before, 7 << 20, 7 << 20},
		{after, 8 << 20, 8 << 20},
	} {
		stream := twoInputs("news")
		stream.FirstSwitch = c.first
		register(t, c.service, stream)
		if verdict := openInput(t, c.service, "news", 0).Record(1, 0); verdict != c.want || verdict <= last {
			t.Errorf("the first verdict is %d, want %d", verdict, c.want)
		}
		if number := status(t, c.service, "news").SwitchNumber; number != uint64(c.want) {
			t.Errorf("the switch number is %d, want %d", number, c.want)
		}
		last = c.want
	}
	// It fails over, and is still behind.
	before.ReportInputError("news", 0, errors.New("gone"))
	if verdict := before.Record("news", 1, 1, 0); verdict != 7<<20+1 {
		t.Errorf("of the service that was replaced: %d", verdict)
	}
}

func TestASessionBelongsToItsService(t *testing.T) {
	h := &host{}
	one, two := newService(t, h, patient), newService(t, &host{}, patient)
	register(t, one, twoInputs("news"))
	register(t, two, twoInputs("news"))
	if _, err := two.OpenSession(h.session(t, "news", 0)); !errors.Is(err, changeover.ErrNoSession) {
		t.Error(err)
	}
}

func TestSwitchInputIsMakeBeforeBreak(t *testing.T) {
	h := &host{}
	service := newService(t, h, patient)
	register(t, service, twoInputs("news"))
	old := openSession(t, service, h, "news", 0)
	old.Record(100, changeover.Video)
	settle(t, service)
	if err := service.SwitchInput("news", 1); err != nil {
		t.Fatal(err)
	}
	s := status(t, service, "news")
	if s.ActiveInputPriority != 0 || s.PendingInputPriority == nil || *s.PendingInputPriority != 1 ||
		s.OverrideInputPriority == nil || *s.OverrideInputPriority != 1 {
		t.Errorf("status %+v", s)
	}
	next := openSession(t, service, h, "news", 1)
	before := old.Record(100, changeover.Video)
	if !before.Forward() {
		t.Error("the old input is off before the new one delivers")
	}
	next.Record(100, changeover.Video)
	settle(t, service)
	after := next.Record(100, changeover.Video)
	if !after.Forward() || after <= before || old.Record(100, 0).Forward() {
		t.Errorf("verdicts %d, then %d", before, after)
	}
	eventually(t, "the old session's end", func() bool { return h.session(t, "news", 0).Err() != nil })
	if err := service.ClearOverride("news"); err != nil {
		t.Fatal(err)
	}
	s = status(t, service, "news")
	last := s.Switches[len(s.Switches)-1]
	if s.OverrideInputPriority != nil || last.Reason != changeover.ReasonManual || last.From != 0 || last.To != 1 {
		t.Errorf("status %+v", s)
	}
	// Once, at the end: a call while a session ran would be another one, however late it is seen.
	if err := service.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if stops := count(h, "stop news"); stops != 1 {
		t.Errorf("%d Stops", stops)
	}
}

func TestUpdateInputs(t *testing.T) {
	h := &host{}
	service := newService(t, h, patient)
	register(t, service, changeover.Stream{ID: "news"})
	add := func(priority int) []changeover.InputConfig {
		return []changeover.InputConfig{{Priority: priority, URL: "u"}}
	}
	if err := service.UpdateInputs("news", add(3), nil, nil); err != nil {
		t.Fatal(err)
	}
	service.RecordPacket("news", 3)
	settle(t, service)
	if err := service.UpdateInputs("news", add(4), add(3), nil); err != nil {
		t.Fatal(err)
	}
	s := status(t, service, "news")
	if len(s.Inputs) != 1 || s.ActiveInputPriority != 4 || s.Switches[len(s.Switches)-1].Reason != changeover.ReasonInputRemoved {
		t.Errorf("status %+v", s)
	}
	first := h.session(t, "news", 4)
	if err := service.UpdateInputs("news", nil, nil, add(4)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a new session", func() bool { return first.Err() != nil && h.session(t, "news", 4) != first })
}

// Recording by id goes on after each change of a stream's inputs, and none of its packets is lost.
func TestRecordingByIDSurvivesUpdates(t *testing.T) {
	service := newService(t, &host{}, patient)
	register(t, service, twoInputs("news"))
	zero := []changeover.InputConfig{{Priority: 0, URL: "again"}}
	for round := uint64(1); round <= 5; round++ {
		before := input(t, service, "news", 0)
		for range 10 {
			service.Record("news", 0, 100, 0)
		}
		settle(t, service)
		if got := input(t, service, "news", 0); got.Packets != before.Packets+10 || got.Bytes != before.Bytes+1000 || got.Status != changeover.StatusActive {
			t.Fatalf("round %d: %+v", round, got)
		}
		if !service.Record("news", 0, 0, 0).Forward() || service.Record("news", 1, 0, 0).Forward() {
			t.Fatalf("round %d: verdict", round)
		}
		var err error
		if round%2 == 0 {
			err = service.UpdateInputs("news", zero, zero, nil)
		} else if err = service.Unregister("news"); err == nil {
			register(t, service, twoInputs("news"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	service.RecordPacket("news", 9)
	service.RecordPacket("other", 0)
	service.RecordPacket("", -1)
}

func TestSetConfigIsHeeded(t *testing.T) {
	h := &host{}
	service := newService(t, h, changeover.Config{PacketTimeout: time.Hour, ConnectTimeout: time.Hour})
	register(t, service, twoInputs("news"))
	service.RecordPacket("news", 0)
	settle(t, service)
	if err := service.SetConfig("news", changeover.Config{PacketTimeout: 20 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "failover", func() bool { return h.called("start news/1") })
	// Events and Starts come on goroutines of their own.
	eventually(t, "the event", func() bool { return len(h.seen(changeover.EventDegraded)) > 0 })
	degraded := h.seen(changeover.EventDegraded)[0]
	if degraded.Reason != changeover.ReasonTimeout || degraded.Limit != 20*time.Millisecond || degraded.Measured < degraded.Limit {
		t.Errorf("%+v", degraded)
	}
}

// As the original: whatever it switches for, the new input is connected before the old one is cut.
func TestOriginalConfig(t *testing.T) {
	h := &host{}
	service := newService(t, h, changeover.OriginalConfig())
	register(t, service, twoInputs("news"))
	old := openSession(t, service, h, "news", 0)
	old.Record(100, changeover.Video)
	settle(t, service)
	if err := service.SwitchInput("news", 1); err != nil {
		t.Fatal(err)
	}
	next := openSession(t, service, h, "news", 1)
	if !old.Record(100, changeover.Video).Forward() || h.session(t, "news", 0).Err() != nil {
		t.Error("the old input is cut before the new one delivers")
	}
	next.Record(100, changeover.Video)
	settle(t, service)
	if !next.Record(100, changeover.Video).Forward() {
		t.Error("the new input is not on air")
	}
	eventually(t, "the old session's end", func() bool { return h.session(t, "news", 0).Err() != nil })
	if err := service.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"start news/0", "start news/1", "stop news"}; !slices.Equal(h.calls(), want) {
		t.Errorf("calls %q, want %q", h.calls(), want)
	}
}

func TestCallbacksAlternate(t *testing.T) {
	h := &host{}
	service := newService(t, h, patient)
	service.SetExhaustedCallback(func(id string) { h.note("exhausted %s", id) })
	service.SetRestoredCallback(func(id string) { h.note("restored %s", id) })
	register(t, service, changeover.Stream{ID: "news", Inputs: []changeover.InputConfig{{Priority: 0}}})
	h.session(t, "news", 0)
	for round := range 3 {
		service.ReportInputError("news", 0, errors.New("gone"))
		eventually(t, "exhausted", func() bool { return count(h, "exhausted news") == round+1 })
		if !status(t, service, "news").Exhausted {
			t.Error("not exhausted")
		}
		service.RecordPacket("news", 0)
		eventually(t, "restored", func() bool { return count(h, "restored news") == round+1 })
	}
	service.SetExhaustedCallback(nil)
	service.ReportInputError("news", 0, errors.New("gone"))
	eventually(t, "the event", func() bool { return len(h.seen(changeover.EventExhausted)) == 4 })
	if count(h, "exhausted news") != 3 {
		t.Error("a callback that was taken back was called")
	}
}

func count(h *host, call string) (n int) {
	for _, c := range h.calls() {
		if c == call {
			n++
		}
	}
	return n
}

func TestProbes(t *testing.T) {
	answers := make(chan error, 3)
	answers <- errors.New("still dead")
	answers <- nil
	deadlines := make(chan time.Duration, 3)
	h := &host{probe: func(ctx context.Context, input changeover.InputConfig) error {
		deadline, _ := ctx.Deadline()
		deadlines <- time.Until(deadline)
		if input.URL != "udp://primary" {
			t.Errorf("probes %+v", input)
		}
		return <-answers
	}}
	config := changeover.Config{
		ConnectTimeout: time.Hour, PacketTimeout: time.Hour, ProbeCooldown: 10 * time.Millisecond,
		ProbeTimeout: time.Minute, SwitchCooldown: changeover.NoWait, FailbackStable: changeover.NoWait,
	}
	service := newService(t, h, config)
	register(t, service, twoInputs("news"))
	h.session(t, "news", 0)
	service.ReportInputError("news", 0, errors.New("gone"))
	service.RecordPacket("news", 1)
	eventually(t, "recovered", func() bool { return len(h.seen(changeover.EventRecovered)) == 1 })
	if left := <-deadlines; left <= 0 || left > time.Minute {
		t.Errorf("deadline in %v", left)
	}
	if got := input(t, service, "news", 0).Probes; got < 2 {
		t.Errorf("%d probes", got)
	}
	// And back it goes.
	eventually(t, "failback", func() bool { return count(h, "start news/0") == 2 })
	service.RecordPacket("news", 0)
	settle(t, service)
	s := status(t, service, "news")
	if last := s.Switches[len(s.Switches)-1]; s.ActiveInputPriority != 0 || last.Reason != changeover.ReasonFailback {
		t.Errorf("status %+v", s)
	}
}

func TestAProbeEndsWithItsRegistration(t *testing.T) {
	probing, ended := make(chan struct{}), make(chan error, 1)
	h := &host{probe: func(ctx context.Context, _ changeover.InputConfig) error {
		close(probing)
		<-ctx.Done()
		ended <- ctx.Err()
		return ctx.Err()
	}}
	service := newService(t, h, changeover.Config{ConnectTimeout: time.Hour, ProbeCooldown: time.Millisecond, ProbeTimeout: time.Hour})
	register(t, service, twoInputs("news"))
	service.ReportInputError("news", 0, nil)
	<-probing
	if err := service.Unregister("news"); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestUnsupportedProbesBecomeTrials(t *testing.T) {
	h := &host{}
	service := newService(t, h, changeover.Config{ConnectTimeout: time.Hour, ProbeCooldown: time.Millisecond})
	register(t, service, twoInputs("news"))
	h.session(t, "news", 0)
	service.ReportInputError("news", 0, errors.New("gone"))
	service.RecordPacket("news", 1)
	eventually(t, "a trial", func() bool { return count(h, "start news/0") == 2 })
}

func TestAlive(t *testing.T) {
	service := newService(t, &host{}, patient)
	// Nothing is to be done, so nothing is late.
	eventually(t, "an idle engine", func() bool {
		late, err := service.Alive()
		return late == 0 && err == nil
	})
	register(t, service, twoInputs("news"))
	if late, err := service.Alive(); late > patience || err != nil {
		t.Errorf("late by %v, %v", late, err)
	}
	if err := service.Close(); err != nil {
		t.Error(err)
	}
	if _, err := service.Alive(); !errors.Is(err, changeover.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

func TestOptionsNil(t *testing.T) {
	service, err := changeover.New(&host{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Close(); err != nil {
		t.Error(err)
	}
	if _, err := changeover.New(&host{}, &changeover.Options{Config: changeover.Config{PacketTimeout: -1}}); !errors.Is(err, changeover.ErrConfig) {
		t.Errorf("new: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("an ingestor is needed")
		}
	}()
	changeover.New(nil, nil)
}
