package changeover_test

// Maintenance: inputs out of use, choices that end, returns by request, all streams at once; and very
// many of them failing.

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"changeover"
)

func TestADisabledInputIsDrainedAndStopped(t *testing.T) {
	h := &host{}
	service := newService(t, h, patient)
	register(t, service, twoInputs("news"))
	session := h.session(t, "news", 0)
	service.RecordPacket("news", 0)
	eventually(t, "active", func() bool { return len(h.seen(changeover.EventActive)) == 1 })
	if err := service.SetInputEnabled("news", 0, false); err != nil {
		t.Fatal(err)
	}
	if status, _ := service.RuntimeStatus("news"); !status.Inputs[0].Disabled || status.Inputs[1].Disabled {
		t.Errorf("disabled: %+v", status.Inputs)
	}
	h.session(t, "news", 1)
	if session.Err() != nil {
		t.Error("it was stopped before another delivers")
	}
	eventually(t, "stopped", func() bool {
		service.RecordPacket("news", 1)
		status, _ := service.RuntimeStatus("news")
		return status.Inputs[0].Status == changeover.StatusStopped && session.Err() != nil
	})
	status, _ := service.RuntimeStatus("news")
	last := status.Switches[len(status.Switches)-1]
	if last.Reason != changeover.ReasonDisabled || status.ActiveInputPriority != 1 {
		t.Errorf("switched to %d: %v", status.ActiveInputPriority, last)
	}
	if err := service.SwitchInput("news", 0); !errors.Is(err, changeover.ErrInputDisabled) {
		t.Errorf("switch: %v", err)
	}
	if err := service.SetInputEnabled("news", 0, true); err != nil {
		t.Fatal(err)
	}
	if status, _ := service.RuntimeStatus("news"); status.PendingInputPriority == nil {
		t.Error("it is not as newly added")
	}
}

func TestAChoiceEndsByItselfAndAReturnIsAskedFor(t *testing.T) {
	h := &host{}
	service := newService(t, h, patient)
	register(t, service, twoInputs("news"))
	service.RecordPacket("news", 0)
	if err := service.SwitchInputFor("news", 1, time.Hour); err != nil {
		t.Fatal(err)
	}
	status, _ := service.RuntimeStatus("news")
	if ends := status.OverrideEndsAt; ends == nil || time.Until(*ends) > time.Hour {
		t.Errorf("ends at %v", ends)
	}
	eventually(t, "on air", func() bool {
		service.RecordPacket("news", 1)
		status, _ := service.RuntimeStatus("news")
		return status.OnAirInputPriority != nil && *status.OnAirInputPriority == 1
	})
	if err := service.FailBack("news"); err != nil {
		t.Fatal(err)
	}
	status, _ = service.RuntimeStatus("news")
	if status.OverrideEndsAt != nil || status.OverrideInputPriority != nil {
		t.Error("the choice stands")
	}
	if err := service.SwitchInputFor("news", 1, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	eventually(t, "its end", func() bool {
		status, _ := service.RuntimeStatus("news")
		return status.OverrideInputPriority == nil
	})
}

func TestUnregisterAllEndsAllStreams(t *testing.T) {
	const streams = 1000
	h := &host{}
	service := newService(t, h, patient)
	for i := range streams {
		register(t, service, twoInputs(fmt.Sprint(i)))
	}
	session := h.session(t, "0", 0)
	in := openInput(t, service, "0", 0)
	if !in.Record(1, 0).Forward() {
		t.Error("it is not on air")
	}
	if err := service.UnregisterAll(); err != nil {
		t.Fatal(err)
	}
	if session.Err() == nil || in.Record(1, 0).Forward() {
		t.Error("a session goes on")
	}
	if left := service.RegisteredStreams(); len(left) != 0 || service.IsRegistered("0") {
		t.Errorf("left: %q", left)
	}
	eventually(t, "all events", func() bool { return len(h.seen(changeover.EventUnregistered)) == streams })
	register(t, service, twoInputs("0"))
	h.session(t, "0", 0)
}

func TestAMassFailureIsToldOnceAndOfNoStream(t *testing.T) {
	const streams = 12
	h := &host{}
	service := newService(t, h, patient)
	for i := range streams {
		id := fmt.Sprint(i)
		register(t, service, twoInputs(id))
		service.RecordPacket(id, 0)
	}
	eventually(t, "all active", func() bool { return len(h.seen(changeover.EventActive)) == streams })
	for i := range streams {
		service.ReportInputError(fmt.Sprint(i), 0, errors.New("gone"))
	}
	eventually(t, "mass failure", func() bool { return len(h.seen(changeover.EventMassFailure)) == 1 })
	told := h.seen(changeover.EventMassFailure)[0]
	if told.Stream != "" || told.Detail != "12 of 12 streams on air failed within a second" {
		t.Errorf("told: %+v", told)
	}
	if err := service.SetConfig("0", changeover.Config{MassShare: 50}); !errors.Is(err, changeover.ErrConfig) || !strings.Contains(err.Error(), "MassShare is 50") {
		t.Errorf("of a stream: %v", err)
	}
	if err := service.SetConfig("", changeover.Config{MassShare: changeover.NoLimit}); err != nil {
		t.Error(err)
	}
}
