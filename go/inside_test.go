package changeover

// The packet path from inside: memory that is given back. (inside_race_test.go has what can be seen
// under the race detector only.)

import (
	"context"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// RaceDetector: the tests run under it.
const RaceDetector = hooked

type idleHost struct{}

func (idleHost) Start(context.Context, string, InputConfig, string) error { return nil }
func (idleHost) Probe(context.Context, InputConfig) error                 { return ErrProbeUnsupported }
func (idleHost) Stop(string)                                              {}

// onAir makes a service with a stream "news", of which input 0 is on air.
func onAir(t *testing.T) *Service {
	t.Helper()
	service, err := New(idleHost{}, &Options{Config: Config{PacketTimeout: time.Hour, ConnectTimeout: time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { service.Shutdown(context.Background()) })
	stream := Stream{ID: "news", Inputs: []InputConfig{{Priority: 0}, {Priority: 1}}}
	if err := service.Register(context.Background(), stream, ""); err != nil {
		t.Fatal(err)
	}
	service.RecordPacket("news", 0)
	synced(t, service)
	return service
}

func synced(t *testing.T, service *Service) {
	t.Helper()
	if err := service.Sync(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func health(t *testing.T, service *Service, priority int) InputHealthSnapshot {
	t.Helper()
	status, ok := service.RuntimeStatus("news")
	if !ok {
		t.Fatal("no status")
	}
	return status.Inputs[priority]
}

func open(t *testing.T, service *Service, priority int) *Input {
	t.Helper()
	in, err := service.OpenInput("news", priority)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestLayout(t *testing.T) {
	if size := unsafe.Sizeof(cell{}); size != 64 {
		t.Errorf("a cell is %d bytes", size)
	}
	var i Input
	if size, first := unsafe.Sizeof(i), unsafe.Offsetof(i.handle); size != 128 || first != 64 {
		t.Errorf("an Input is %d bytes, its line %d", size, first)
	}
	service := onAir(t)
	if in := open(t, service, 0); uintptr(unsafe.Pointer(in))%64 != 0 {
		t.Error("an Input is not aligned")
	} else if in.current() == foreignCell {
		t.Error("the library has another layout, so that every packet takes a cgo call")
	}
}

// What a closed Input counted to is another's now.
func TestUseAfterClose(t *testing.T) {
	service := onAir(t)
	closed := open(t, service, 0)
	closed.Record(1, 0)
	memory := closed.current()
	closed.Close()
	synced(t, service)
	var heir *Input
	for range 1000 {
		if heir = open(t, service, 1); heir.current() == memory {
			break
		}
	}
	if heir.current() != memory {
		t.Fatal("the engine did not use the memory again")
	}
	before := health(t, service, 1)
	for range 10 {
		if closed.Record(100, Video).Forward() {
			t.Error("a packet is forwarded")
		}
		closed.RecordLost(5)
	}
	if after := health(t, service, 1); after.Packets != before.Packets || after.Bytes != before.Bytes {
		t.Errorf("another input counts: %+v", after)
	}
	heir.Record(1, 0)
	if after := health(t, service, 1); after.Packets != before.Packets+1 {
		t.Errorf("the heir: %+v", after)
	}
}

// An Input that was found by id may be closed before it is entered: the slot knows where it recorded to.
func TestByIDAfterClose(t *testing.T) {
	service := onAir(t)
	found, slot := service.index.find("news", 0)
	if found == nil || slot.cell != found.current() || slot.gate != found.gate {
		t.Fatalf("found %+v, %+v", found, slot)
	}
	found.Close()
	before, counted := health(t, service, 0), *slot.cell
	if !service.Record("news", 0, 3, Video).Forward() {
		t.Error("the packet is dropped")
	}
	if *slot.cell != counted {
		t.Errorf("it counts where nothing is its own: %+v", *slot.cell)
	}
	if after := health(t, service, 0); after.Packets != before.Packets+1 || after.Bytes != before.Bytes+3 {
		t.Errorf("%+v", after)
	}
}

// collect collects garbage, and lets cleanups run.
func collect(rounds int) {
	for range rounds {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
}

func TestAForgottenInputIsClosed(t *testing.T) {
	service := onAir(t)
	handle := func() *handle { return open(t, service, 0).handle }()
	eventuallyClosed(t, handle)
}

func eventuallyClosed(t *testing.T, h *handle) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; collect(1) {
		h.mu.Lock()
		open := h.open.id != 0
		h.mu.Unlock()
		if !open {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("it stays open")
		}
	}
}

// Where the system has no fence, a closed Input's memory is given back by the cleanup.
func TestCloseWithoutFence(t *testing.T) {
	service := onAir(t)
	fenced := canFence
	canFence = func() bool { return false }
	defer func() { canFence = fenced }()
	in := open(t, service, 0)
	in.Record(1, 0)
	in.Close()
	in.Close()
	if in.Record(1, 0).Forward() {
		t.Error("a packet is forwarded")
	}
	handle := in.handle
	in = nil
	eventuallyClosed(t, handle)
}

// A library with another layout is served by calls.
func TestForeignLayout(t *testing.T) {
	service := onAir(t)
	in := open(t, service, 0)
	in.cell = unsafe.Pointer(foreignCell)
	before := health(t, service, 0)
	for range 10 {
		if !in.Record(3, Video).Forward() {
			t.Error("the packet is dropped")
		}
	}
	in.RecordLost(1)
	if after := health(t, service, 0); after.Packets != before.Packets+10 || after.Bytes != before.Bytes+30 {
		t.Errorf("%+v", after)
	}
	in.Close()
	if in.Record(1, 0).Forward() || health(t, service, 0).Packets != before.Packets+10 {
		t.Error("it counts after close")
	}
}

func TestIndex(t *testing.T) {
	var x index
	x.init()
	const keys = 2000
	inputs := make([]*Input, keys)
	check := func(i int) {
		t.Helper()
		if got, _ := x.find(name(i), i%3); got != inputs[i] {
			t.Fatalf("%d: %p, want %p", i, got, inputs[i])
		}
	}
	random := uint32(1)
	for range 50_000 {
		random = random*1664525 + 1013904223
		i := int(random>>8) % keys
		check(i)
		if inputs[i] == nil {
			inputs[i] = new(Input)
			x.add(inputs[i], name(i), i%3)
		} else {
			x.remove(inputs[i])
			inputs[i] = nil
		}
		check(i)
	}
	live := 0
	for i := range inputs {
		check(i)
		if inputs[i] != nil {
			live++
		}
	}
	if slots := len(*x.slots.Load()); x.live != live || slots > 8*keys {
		t.Errorf("%d of %d in %d slots", x.live, live, slots)
	}
}

func name(i int) string { return strings.Repeat("x", i%200+1) + string(rune('a'+i/200)) }

func TestReasonsHaveTheEnginesNames(t *testing.T) {
	source, err := os.ReadFile("vocabulary_generated.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`Reason\w+\s+Reason = "(\w+)"`).FindAllSubmatch(source, -1)
	if len(declared) == 0 {
		t.Fatal("no reasons in vocabulary_generated.go")
	}
	for i, reason := range declared {
		if got := newReason(int32(i + 1)); string(got) != string(reason[1]) {
			t.Errorf("reason %d: the engine says %q, Go %q", i+1, got, reason[1])
		}
	}
	if got := newReason(int32(len(declared) + 1)); got != "unknown" {
		t.Errorf("the engine has another reason: %q", got)
	}
}
