package changeover_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

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
