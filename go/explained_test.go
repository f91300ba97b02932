package changeover_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"changeover"
)

// A switch says which inputs it passed over, and how long it took.
func TestASwitchIsExplained(t *testing.T) {
	h := &host{}
	service := newService(t, h, patient)
	stream := twoInputs("news")
	stream.Inputs = append(stream.Inputs, changeover.InputConfig{Priority: 2})
	register(t, service, stream)
	openSession(t, service, h, "news", 0).Record(100, changeover.Video)
	settle(t, service)
	service.ReportInputError("news", 1, errors.New("404"))
	service.ReportInputError("news", 0, errors.New("down"))
	var switched changeover.Event
	eventually(t, "the switch", func() bool {
		for _, event := range h.seen(changeover.EventSwitched) {
			if event.Priority == 2 {
				switched = event
			}
		}
		return switched.Priority == 2
	})
	want := changeover.PassedOver{
		Priority: 1, Obstacle: changeover.ObstacleFailed, Reason: changeover.ReasonError,
	}
	if len(switched.PassedOver) != 1 || switched.PassedOver[0] != want || switched.PassedOverMore != 0 {
		t.Errorf("passed over: %+v, and %d more", switched.PassedOver, switched.PassedOverMore)
	}
	if text := switched.PassedOverText; text != "1 failed: error (404)" {
		t.Error(text)
	}
	if times := [...]time.Duration{switched.Detection, switched.Decision, switched.Commit}; times != [...]time.Duration{-1, 0, 0} {
		t.Errorf("when the error happened is not known, all else at once: %v", times)
	}
	if logged := switched.LogValue().String(); !strings.Contains(logged, "passed_over=1 failed: error (404)") {
		t.Error(logged)
	}
	s := status(t, service, "news")
	if last := s.Switches[len(s.Switches)-1]; last.PassedOver != switched.PassedOverText || last.CommitMS == nil || *last.CommitMS != 0 {
		t.Errorf("status: %+v", last)
	}
}
