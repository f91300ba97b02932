package changeover_test

// A planned switch commits on the key frame of its target, on the goroutine that records it.

import (
	"runtime"
	"testing"
	"time"

	"changeover"
)

// firstNumber is as large as it may be: switch numbers share a word with what makes a packet matter.
const firstNumber = changeover.FirstSwitchMax

// keyFrameScene is news with two hot inputs, of which 1 is to take the place of 0.
func keyFrameScene(t *testing.T) (service *changeover.Service, old *changeover.Input) {
	t.Helper()
	h := &host{}
	config := patient
	config.Commit = changeover.CommitKeyFrame
	config.KeyWait = time.Hour
	service = newService(t, h, config)
	stream := twoInputs("news")
	stream.FirstSwitch = firstNumber
	for i := range stream.Inputs {
		stream.Inputs[i].Config.Standby = changeover.StandbyHot
	}
	register(t, service, stream)
	eventually(t, "both are started", func() bool { return h.called("start news/0") && h.called("start news/1") })
	old = openInput(t, service, "news", 0)
	target := openInput(t, service, "news", 1)
	if first := old.Record(1, changeover.Video|changeover.Key); uint64(first) != firstNumber {
		t.Fatalf("verdict %d", first)
	}
	target.Record(1, changeover.Video|changeover.Key)
	settle(t, service)
	if err := service.SwitchInput("news", 1); err != nil {
		t.Fatal(err)
	}
	return service, old
}

func TestASwitchCommitsOnAKeyFrame(t *testing.T) {
	const keyFrame = changeover.Video | changeover.Key
	for name, open := range map[string]func(*changeover.Service) func(changeover.Flags) changeover.Verdict{
		"by handle": func(service *changeover.Service) func(changeover.Flags) changeover.Verdict {
			input := openInput(t, service, "news", 1)
			return func(flags changeover.Flags) changeover.Verdict { return input.Record(1, flags) }
		},
		"by id": func(service *changeover.Service) func(changeover.Flags) changeover.Verdict {
			return func(flags changeover.Flags) changeover.Verdict {
				return service.Record("news", 1, 1, flags)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			service, old := keyFrameScene(t)
			record := open(service)
			// Sound is often flagged as key, too.
			for range 3 {
				for _, flags := range []changeover.Flags{0, changeover.Video, changeover.Key, changeover.Audio | changeover.Key} {
					if verdict := record(flags); verdict.Forward() {
						t.Fatalf("%v is let through: %d", flags, verdict)
					}
					if verdict := old.Record(1, changeover.Video); uint64(verdict) != firstNumber {
						t.Fatalf("the old input: %d", verdict)
					}
				}
			}
			calls := runtime.NumCgoCall()
			for range 1000 {
				record(changeover.Video)
			}
			// Other goroutines may make a few.
			if made := runtime.NumCgoCall() - calls; made > 100 {
				t.Errorf("%d cgo calls", made)
			}
			if verdict := record(keyFrame); uint64(verdict) != firstNumber+1 {
				t.Fatalf("the key frame: %d", verdict)
			}
			if verdict := old.Record(1, keyFrame); verdict.Forward() {
				t.Fatalf("the old input afterwards: %d", verdict)
			}
			if verdict := record(changeover.Video); uint64(verdict) != firstNumber+1 {
				t.Fatalf("afterwards: %d", verdict)
			}
			settle(t, service)
			status := status(t, service, "news")
			if status.ActiveInputPriority != 1 || status.PendingInputPriority != nil ||
				status.SwitchNumber != firstNumber+1 {
				t.Errorf("%+v", status)
			}
		})
	}
}
