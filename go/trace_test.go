package changeover_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"changeover"
)

func TestATraceIsWritten(t *testing.T) {
	h := &host{}
	service := newService(t, h, patient)
	path := filepath.Join(t.TempDir(), "trace")
	if err := service.TraceTo(path, changeover.TraceLimits{FileBytes: 1 << 20, Files: 2}); err != nil {
		t.Fatal(err)
	}
	register(t, service, twoInputs("news"))
	h.session(t, "news", 0)
	if err := service.EndTrace(); err != nil {
		t.Fatal(err)
	}
	trace, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(trace, []byte("changeover-trace\n")) || !bytes.Contains(trace, []byte("news")) {
		t.Errorf("no trace of it: %q", trace)
	}
	if err := service.TraceTo(filepath.Join(path, "nowhere"), changeover.TraceLimits{}); err == nil {
		t.Error("a file that can't be made")
	}
}

func TestAShadowTellsWhatItDecidesOtherwise(t *testing.T) {
	h := &host{}
	service := newService(t, h, patient)
	settings := changeover.Config{PacketTimeout: 200 * time.Millisecond}
	if err := service.Shadow("news", settings); err != nil {
		t.Fatal(err)
	}
	register(t, service, twoInputs("news"))
	input := openSession(t, service, h, "news", 0)
	input.Record(1316, changeover.Video|changeover.Key)
	// Nothing comes for so long that the shadow gives it up.
	silentUntil := time.Now().Add(800 * time.Millisecond)
	eventually(t, "a silence", func() bool { return time.Now().After(silentUntil) })
	input.Record(1316, changeover.Video)
	if err := service.EndShadow(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a difference", func() bool { return len(h.seen(changeover.EventShadowDiffers)) > 0 })
	told := h.seen(changeover.EventShadowDiffers)[0]
	if told.Stream != "news" || told.Priority != 0 || told.Measured != 0 || told.Limit <= 0 ||
		told.Reason != changeover.ReasonTimeout || told.Detail != "degraded by the shadow alone" {
		t.Errorf("%+v", told)
	}
	if err := service.Shadow("", changeover.Config{PacketTimeout: -1}); !errors.Is(err, changeover.ErrConfig) {
		t.Error(err)
	}
}
