package changeover_test

// Recording: counts, verdicts, and that it costs what it promises.

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"changeover"
)

// patient waits for hours, so that a test may be slow: nothing is decided but what it asks for.
var patient = changeover.Config{PacketTimeout: time.Hour, ConnectTimeout: time.Hour, SwitchCooldown: time.Hour,
	ProbeCooldown: time.Hour}

func TestCountsAreExact(t *testing.T) {
	h := &host{}
	service := newService(t, h, patient)
	register(t, service, twoInputs("news"))
	bound := openSession(t, service, h, "news", 0)
	follows := openInput(t, service, "news", 0)
	for range 100 {
		bound.Record(10, changeover.Video|changeover.Key)
		follows.Record(5, changeover.Audio)
		service.Record("news", 0, 1, changeover.Video)
		service.RecordPacket("news", 0)
	}
	follows.Close()
	got := input(t, service, "news", 0)
	if got.Packets != 400 || got.Bytes != 1600 || got.LastPacketAt.IsZero() {
		t.Errorf("%+v", got)
	}
	eventually(t, "rates", func() bool {
		bound.Record(1000, changeover.Video)
		bound.RecordLost(1)
		got := input(t, service, "news", 0)
		return got.FPS > 0 && got.BitrateKbps > 0 && got.PacketLoss > 0
	})
}

func TestVerdicts(t *testing.T) {
	h := &host{}
	service := newService(t, h, patient)
	register(t, service, twoInputs("news"))
	bound := openSession(t, service, h, "news", 0)
	follows := openInput(t, service, "news", 0)
	idle := openInput(t, service, "news", 1)
	first := bound.Record(1, 0)
	if !first.Forward() || follows.Record(1, 0) != first || idle.Record(1, 0).Forward() {
		t.Error("verdicts on air")
	}
	// Another session of the same input: the old one's packets are neither forwarded nor life.
	if err := service.UpdateBufferWriteID("news", "other"); err != nil {
		t.Fatal(err)
	}
	if bound.Record(1, 0).Forward() {
		t.Error("a packet of an old session is forwarded")
	}
	if second := follows.Record(1, 0); second <= first {
		t.Errorf("verdicts %d, then %d", first, second)
	}
	if err := service.Unregister("news"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if bound.Record(1, 0).Forward() || follows.Record(1, 0).Forward() {
			t.Error("a packet is forwarded after unregister")
		}
	}
	for _, in := range []*changeover.Input{bound, follows} {
		in.RecordLost(1)
		in.ReportError(errors.New("too late"))
		if in.Close() != nil || in.Close() != nil {
			t.Error("close")
		}
		if in.Record(1, 0).Forward() {
			t.Error("a packet is forwarded after close")
		}
		in.RecordLost(1)
		in.ReportError(errors.New("too late"))
	}
}

func TestReportErrorOfASession(t *testing.T) {
	h := &host{}
	service := newService(t, h, patient)
	register(t, service, twoInputs("news"))
	first := openSession(t, service, h, "news", 0)
	first.Record(1, 0)
	settle(t, service)
	first.ReportError(errors.New("cable cut"))
	eventually(t, "failover", func() bool { return status(t, service, "news").ActiveInputPriority == 1 })
	if got := input(t, service, "news", 0); got.Status != changeover.StatusDegraded || got.LastError != "cable cut" {
		t.Errorf("%+v", got)
	}
	// Its session being over, it has nothing to report of the next.
	second := openSession(t, service, h, "news", 1)
	second.Record(1, 0)
	settle(t, service)
	if err := service.SwitchInput("news", 1); err != nil {
		t.Fatal(err)
	}
	first.ReportError(errors.New("old news"))
	settle(t, service)
	if got := input(t, service, "news", 0); len(got.Errors) != 1 {
		t.Errorf("%+v", got.Errors)
	}
}

func TestManyGoroutinesRecordOneInput(t *testing.T) {
	service := newService(t, &host{}, patient)
	register(t, service, twoInputs("news"))
	const goroutines, packets = 8, 5000
	var done sync.WaitGroup
	for range goroutines {
		done.Add(1)
		go func() {
			defer done.Done()
			for range packets {
				service.Record("news", 0, 2, 0)
			}
		}()
	}
	done.Wait()
	if got := input(t, service, "news", 0); got.Packets != goroutines*packets || got.Bytes != 2*goroutines*packets {
		t.Errorf("%d packets, %d bytes", got.Packets, got.Bytes)
	}
}

// Each packet that was forwarded was counted, however the Inputs are closed meanwhile.
func TestCloseDuringRecord(t *testing.T) {
	service := newService(t, &host{}, patient)
	register(t, service, twoInputs("news"))
	var counted uint64
	for range 300 {
		in := openInput(t, service, "news", 0)
		recorded := make(chan uint64)
		started := make(chan struct{})
		go func() {
			n := uint64(0)
			for in.Record(1, 0).Forward() {
				if n++; n == 10 {
					close(started)
				}
			}
			recorded <- n
		}()
		<-started
		in.Close()
		counted += <-recorded
	}
	settle(t, service)
	if got := input(t, service, "news", 0); got.Packets != counted {
		t.Errorf("%d packets, %d were forwarded", got.Packets, counted)
	}
}

// Recording while everything around it ends and begins.
func TestRecordDuringChanges(t *testing.T) {
	h := &host{}
	service := newService(t, h, patient)
	stop := make(chan struct{})
	var done sync.WaitGroup
	for worker := range 4 {
		done.Add(1)
		go func() {
			defer done.Done()
			for {
				select {
				case <-stop:
					return
				default:
				}
				service.Record("news", worker%2, 1, 0)
				if in, err := service.OpenInput("news", worker%2); err == nil {
					for range 10 {
						in.Record(1, 0)
					}
					in.Close()
				}
			}
		}()
	}
	zero := []changeover.InputConfig{{Priority: 0}}
	for range 100 {
		register(t, service, twoInputs("news"))
		if err := service.UpdateInputs("news", zero, zero, nil); err != nil {
			t.Fatal(err)
		}
		service.RuntimeStatus("news")
		if err := service.Unregister("news"); err != nil {
			t.Fatal(err)
		}
	}
	register(t, service, twoInputs("news"))
	eventually(t, "on air", func() bool { return service.Record("news", 0, 1, 0).Forward() })
	service.Close()
	close(stop)
	done.Wait()
	if service.Record("news", 0, 1, 0).Forward() {
		t.Error("a packet is forwarded after close")
	}
}

func TestRecordingCostsNoCallAndNoAllocation(t *testing.T) {
	h := &host{}
	service := newService(t, h, patient)
	register(t, service, twoInputs("news"))
	in := openSession(t, service, h, "news", 0)
	id := fmt.Sprint("ne", "ws")
	record := map[string]func(){
		"Input.Record":  func() { in.Record(1316, changeover.Video) },
		"RecordLost":    func() { in.RecordLost(1) },
		"RecordPacket":  func() { service.RecordPacket(id, 0) },
		"Record":        func() { service.Record(id, 0, 1316, changeover.Key) },
		"dropped":       func() { service.Record(id, 1, 1316, 0) },
		"unknown":       func() { service.RecordPacket("other", 0) },
		"unknown input": func() { service.RecordPacket(id, 7) },
	}
	for range 2 {
		for _, f := range record {
			f()
		}
		settle(t, service)
	}
	for name, f := range record {
		calls := runtime.NumCgoCall()
		if allocations := testing.AllocsPerRun(1000, f); allocations != 0 {
			t.Errorf("%s: %v allocations", name, allocations)
		}
		// Other goroutines may make a few.
		if made := runtime.NumCgoCall() - calls; made > 100 && name != "unknown input" {
			t.Errorf("%s: %d cgo calls", name, made)
		}
	}
}

func TestThousandsOfStreams(t *testing.T) {
	const streams = 3000
	h := &host{}
	service := newService(t, h, patient)
	ids := streamIDs(streams)
	for _, id := range ids {
		register(t, service, twoInputs(id))
		service.RecordPacket(id, 0)
	}
	if got := len(service.RegisteredStreams()); got != streams {
		t.Fatalf("%d registered", got)
	}
	settle(t, service)
	// A start that was not taken yet would vanish.
	eventually(t, "the first starts", func() bool { return len(h.calls()) == streams })
	var done sync.WaitGroup
	for worker := range 4 {
		done.Add(1)
		go func() {
			defer done.Done()
			for i := worker; i < streams; i += 4 {
				service.ReportInputError(ids[i], 0, errors.New("gone"))
				service.RecordPacket(ids[i], 1)
			}
		}()
	}
	done.Wait()
	settle(t, service)
	for _, id := range ids {
		s := status(t, service, id)
		if s.ActiveInputPriority != 1 || s.Inputs[1].Status != changeover.StatusActive || s.Inputs[1].Packets != 1 {
			t.Fatalf("%s: %+v", id, s)
		}
	}
	eventually(t, "all starts", func() bool { return len(h.calls()) >= 2*streams })
}
