package changeover_test

// Sources that connect by themselves, recorded by id; and what a Start is told.

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"changeover"
)

// publish records input 0 of news by id while publishing is set, and input 1 while it runs, as a server
// does that encoders publish to. It ends with the test.
func publish(t *testing.T, service *changeover.Service, publishing, backup *atomic.Bool) {
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-time.After(2 * time.Millisecond):
			}
			if publishing.Load() {
				service.RecordPacket("news", 0)
			}
			if backup.Load() {
				service.RecordPacket("news", 1)
			}
		}
	}()
	t.Cleanup(func() { close(done); <-ended })
}

func impatient() changeover.Config {
	return changeover.Config{
		PacketTimeout:  200 * time.Millisecond,
		ProbeCooldown:  time.Hour,
		SwitchCooldown: 100 * time.Millisecond,
		FailbackStable: 150 * time.Millisecond,
	}
}

func TestAPublisherThatReturnsIsOnAirAgainByRecordingByIDAlone(t *testing.T) {
	var publishing, backup atomic.Bool
	publishing.Store(true)
	h := &host{start: func(ctx context.Context, _ string, input changeover.InputConfig, _ string) error {
		if input.Priority == 1 {
			backup.Store(true)
			context.AfterFunc(ctx, func() { backup.Store(false) })
		}
		return nil
	}}
	config := impatient()
	config.Overlap = changeover.OverlapOff
	service := newService(t, h, config)
	stream := twoInputs("news")
	stream.Inputs[0].Config.Source = changeover.SourcePushed
	register(t, service, stream)
	publish(t, service, &publishing, &backup)
	active := func(priority int) func() bool {
		return func() bool {
			return input(t, service, "news", priority).Status == changeover.StatusActive
		}
	}
	eventually(t, "the publisher on air", active(0))
	publishing.Store(false)
	eventually(t, "the backup on air", active(1))
	if input := input(t, service, "news", 0); !input.Listening || len(input.Errors) != 1 {
		t.Errorf("%+v", input)
	}
	publishing.Store(true)
	eventually(t, "the publisher on air again", active(0))
	switches := status(t, service, "news").Switches
	if last := switches[len(switches)-1]; last.Reason != changeover.ReasonFailback {
		t.Errorf("%+v", last)
	}
}

func TestAStartIsToldWhatItIsFor(t *testing.T) {
	infos := make(chan changeover.StartInfo, 10)
	h := &host{start: func(ctx context.Context, _ string, _ changeover.InputConfig, _ string) error {
		info, ok := changeover.StartInfoOf(ctx)
		if !ok {
			t.Error("a Start has its info")
		}
		infos <- info
		return nil
	}}
	service := newService(t, h, patient)
	register(t, service, twoInputs("news"))
	first := <-infos
	if first.Reason != changeover.StartReasonInitial || first.Session == 0 || first.Registration == 0 {
		t.Errorf("%+v", first)
	}
	service.ReportInputError("news", 0, errors.New("gone"))
	if second := <-infos; second.Reason != changeover.StartReasonFailover || second.Session <= first.Session {
		t.Errorf("%+v", second)
	}
	if err := service.SwitchInput("news", 0); !errors.Is(err, changeover.ErrInputDegraded) {
		t.Error(err)
	}
	if err := service.ForceInput("news", 0); err != nil {
		t.Error(err)
	}
	if third := <-infos; third.Reason != changeover.StartReasonForced {
		t.Errorf("%+v", third)
	}
	if _, ok := changeover.StartInfoOf(context.Background()); ok {
		t.Error("not of a Start")
	}
	if said := fmt.Sprint(first.Reason, changeover.StartReason(99), changeover.ConditionBlack); said != "initial unknown black" {
		t.Error(said)
	}
}

func TestAStartCanFailAfterItReturned(t *testing.T) {
	inputs := make(chan *changeover.Input, 10)
	var service *changeover.Service
	h := &host{start: func(ctx context.Context, _ string, _ changeover.InputConfig, _ string) error {
		input, err := service.OpenSession(ctx)
		if err != nil {
			t.Error(err)
		}
		inputs <- input
		return nil
	}}
	service = newService(t, h, patient)
	register(t, service, twoInputs("news"))
	first := <-inputs
	first.StartFailed(errors.New("no such host"))
	second := <-inputs
	first.StartFailed(errors.New("too late"))
	settle(t, service)
	failed := input(t, service, "news", 0)
	if len(failed.Errors) != 1 || failed.Errors[0].Reason != changeover.ReasonStartFailed || failed.LastError != "no such host" {
		t.Errorf("%+v", failed)
	}
	if status := status(t, service, "news"); status.ActiveInputPriority != 1 || status.Exhausted {
		t.Errorf("%+v", status)
	}
	for _, input := range []*changeover.Input{first, second} {
		if err := input.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestASoftErrorCountsOnlyWhileAnotherInputIsUsable(t *testing.T) {
	service := newService(t, &host{}, patient)
	register(t, service, twoInputs("news"))
	if err := service.ReportSoftError("news", 0, errors.New("blocky")); err != nil {
		t.Error(err)
	}
	if err := service.ReportSoftError("news", 1, errors.New("blocky")); !errors.Is(err, changeover.ErrNoOtherInput) {
		t.Error(err)
	}
	if input := input(t, service, "news", 1); len(input.Errors) != 0 {
		t.Errorf("%+v", input)
	}
}
