package changeover_test

// What a service leaves behind: nothing.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"changeover"
)

// entries counts what is in a directory of /proc.
func entries(t *testing.T, directory string) int {
	t.Helper()
	list, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// residentMB is the process's memory.
func residentMB(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize() >> 20
}

// heapMB is what Go's garbage collector found alive.
func heapMB() int {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc >> 20)
}

func TestServicesLeaveNothingBehind(t *testing.T) {
	life := func() {
		service, err := changeover.New(&host{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			id := fmt.Sprint(i)
			register(t, service, twoInputs(id))
			service.RecordPacket(id, 0)
			in, err := service.OpenInput(id, 0)
			if err != nil {
				t.Fatal(err)
			}
			in.Record(1, 0)
			service.ReportInputError(id, 0, errors.New("gone"))
			if i%2 == 0 {
				// The others are forgotten: the garbage collector's.
				in.Close()
			}
		}
		if err := service.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	before := goroutinesOfPackage(nil)
	measure := func() (descriptors, threads, goroutines int) {
		nothingIsLeft(t, before, "nothing")
		return entries(t, "/proc/self/fd"), entries(t, "/proc/self/task"), runtime.NumGoroutine()
	}
	for range 10 {
		life()
	}
	descriptors, threads, goroutines := measure()
	for range 50 {
		life()
	}
	// Go starts threads as it likes, but not one for each service.
	d, th, g := measure()
	if d > descriptors || th > threads+15 || g > goroutines+2 {
		t.Errorf("descriptors %d, then %d; threads %d, then %d; goroutines %d, then %d", descriptors, d, threads, th, goroutines, g)
	}
}

func TestStreamsLeaveNothingBehind(t *testing.T) {
	h := &host{}
	before := goroutinesOfPackage(nil)
	service := newService(t, h, patient)
	lives := func(n int) {
		for i := range n {
			id := fmt.Sprintf("%d-%s", i, strings.Repeat("x", 200))
			ctx, cancel := context.WithCancel(context.Background())
			if err := service.Register(ctx, twoInputs(id), ""); err != nil {
				t.Fatal(err)
			}
			service.RecordPacket(id, 0)
			service.ReportInputError(id, 0, errors.New("gone"))
			in, err := service.OpenInput(id, 1)
			if err != nil {
				t.Fatal(err)
			}
			in.Record(1, 0)
			in.Close()
			if err := service.Unregister(id); err != nil {
				t.Fatal(err)
			}
			cancel()
		}
		settle(t, service)
		nothingIsLeft(t, before, "pump")
		h.mu.Lock()
		h.log, h.sessions, h.events = nil, nil, nil
		h.mu.Unlock()
	}
	// Once until what is kept for the next streams is as large as it gets.
	lives(3000)
	resident, heap := residentMB(t), heapMB()
	// 3 KB of each stream that stayed would be seen.
	for range 3 {
		lives(3000)
	}
	residentAfter, heapAfter := residentMB(t), heapMB()
	// The race detector keeps memory of its own.
	if heapAfter > heap+10 || (residentAfter > resident+20 && !changeover.RaceDetector) {
		t.Errorf("%d MB, then %d MB; of them Go's %d MB, then %d MB", resident, residentAfter, heap, heapAfter)
	}
}
