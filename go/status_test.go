package changeover

// The status as JSON: Go's is the engine's.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestStatusJSONIsTheEngines(t *testing.T) {
	service := onAir(t)
	if err := service.SwitchInput("news", 1); err != nil {
		t.Fatal(err)
	}
	check := func() {
		t.Helper()
		engine, ok := service.RuntimeStatusJSON("news")
		if !ok {
			t.Fatal("no status")
		}
		var status RuntimeStatus
		decoder := json.NewDecoder(bytes.NewReader(engine))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&status); err != nil {
			t.Fatalf("%v\n%s", err, engine)
		}
		ours, err := json.Marshal(status)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := normal(t, engine), normal(t, ours); !reflect.DeepEqual(a, b) {
			t.Errorf("engine: %s\nours:   %s", engine, ours)
		}
		// What is read without JSON is the same, but for what goes on between the two.
		read, _ := service.RuntimeStatus("news")
		read.UptimeMs = status.UptimeMs
		for i := range read.Inputs {
			of, from := &read.Inputs[i], &status.Inputs[i]
			of.BitrateKbps, of.FPS, of.PacketLoss = from.BitrateKbps, from.FPS, from.PacketLoss
		}
		ours, err = json.Marshal(read)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := normal(t, engine), normal(t, ours); !reflect.DeepEqual(a, b) {
			t.Errorf("engine: %s\nread:   %s", engine, ours)
		}
	}
	check()
	service.ReportInputError("news", 1, errors.New("said \"no\" – twice, to rtmp://h/live/key"))
	check()
	if err := service.SetCondition("news", 0, 0, ConditionBlack, true, "dark"); err != nil {
		t.Fatal(err)
	}
	if err := service.SetCondition("news", 0, 0, ConditionSilent, true, "still"); err != nil {
		t.Fatal(err)
	}
	if err := service.SetConfig("news", Config{MinBitrate: 100, MinFPS: 20, MaxLoss: 5}); err != nil {
		t.Fatal(err)
	}
	check()
	service.ReportInputError("news", 0, errors.New("gone"))
	check()
	if err := service.UpdateInputs("news", nil, []InputConfig{{Priority: 0}, {Priority: 1}}, nil); err != nil {
		t.Fatal(err)
	}
	check()
	if status, _ := service.RuntimeStatus("news"); status.ActiveInputPriority != -1 || !status.Exhausted || status.Inputs == nil {
		t.Errorf("%+v", status)
	}
}

// Of an input that a setting has measured.
func TestStatusHasWhatIsMeasured(t *testing.T) {
	service := onAir(t)
	idle := health(t, service, 0)
	if idle.KeyIntervalMS != 0 || !idle.LastVideoAt.IsZero() || !idle.LastAudioAt.IsZero() {
		t.Errorf("no setting needs it: %+v", idle)
	}
	settings := Config{MeasureWindow: 100 * time.Millisecond, VideoTimeout: time.Hour, AudioTimeout: time.Hour}
	if err := service.SetConfig("news", settings); err != nil {
		t.Fatal(err)
	}
	flags := [...]Flags{Video | Key, Audio, Video, Audio, Video, Audio}
	deadline := time.Now().Add(30 * time.Second)
	for n := 0; ; n++ {
		service.Record("news", 0, 100, flags[n%len(flags)])
		input, before := health(t, service, 0), idle.LastPacketAt
		if input.KeyIntervalMS > 0 && input.LastVideoAt.After(before) && input.LastAudioAt.After(before) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("key frames and sound: %+v", input)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestReadingAStatusAllocatesLittle(t *testing.T) {
	service := onAir(t)
	// Its inputs, its switches, its texts.
	if allocations := testing.AllocsPerRun(100, func() { service.RuntimeStatus("news") }); allocations > 4 {
		t.Errorf("%v allocations for a status of two inputs", allocations)
	}
}

// normal is JSON as values, with times that compare equal when they are.
func normal(t *testing.T, text []byte) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	var walk func(any) any
	walk = func(value any) any {
		switch value := value.(type) {
		case map[string]any:
			for key := range value {
				value[key] = walk(value[key])
			}
		case []any:
			for i := range value {
				value[i] = walk(value[i])
			}
		case string:
			if at, err := time.Parse(time.RFC3339, value); err == nil {
				return at.UnixNano()
			}
		}
		return value
	}
	return walk(value)
}

// The keys of the original, which dashboards read.
func TestStatusJSONHasTheOriginalKeys(t *testing.T) {
	service := onAir(t)
	status, _ := service.RuntimeStatus("news")
	text, err := json.Marshal(status)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"active_input_priority", "inputs", "input_priority", "last_packet_at", "bitrate_kbps", "packet_loss", "status", "exhausted", "switches"} {
		if !strings.Contains(string(text), `"`+key+`":`) {
			t.Errorf("%s is missing: %s", key, text)
		}
	}
	if strings.Contains(string(text), "pending_input_priority") || strings.Contains(string(text), "last_error") {
		t.Errorf("there is what ought to be absent: %s", text)
	}
	var idle InputHealthSnapshot
	if text, _ := json.Marshal(idle); strings.Contains(string(text), "last_packet_at") {
		t.Errorf("a time that never was: %s", text)
	}
}

// Each reason, as an outage's report shows it.
func TestEachReason(t *testing.T) {
	start := func(ctx context.Context, input InputConfig) error {
		if input.URL == "refused" {
			return errors.New("connection refused")
		}
		return nil
	}
	quick := Config{PacketTimeout: time.Hour, ConnectTimeout: time.Hour, ProbeCooldown: time.Millisecond, ProbeTimeout: time.Hour,
		SwitchCooldown: NoWait, FailbackStable: NoWait}
	service, err := New(funcHost{start}, &Options{Config: quick})
	if err != nil {
		t.Fatal(err)
	}
	defer service.Shutdown(context.Background())
	seen := func(reason Reason, to int) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
			// Whoever is to be on air, or on its way there, delivers.
			service.RecordPacket("news", to)
			status, _ := service.RuntimeStatus("news")
			if n := len(status.Switches); n > 0 && status.Switches[n-1].Reason == reason && status.Switches[n-1].To == to &&
				status.ActiveInputPriority == to && delivers(status, to) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("no switch to %d because of %s: %+v", to, reason, status)
			}
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	list := func(priority int, url string) []InputConfig { return []InputConfig{{Priority: priority, URL: url}} }
	manual := quick
	manual.Failback = FailbackManual

	must(service.Register(context.Background(), Stream{ID: "news", Inputs: append(list(1, "a"), list(2, "b")...)}, ""))
	seen(ReasonInitial, 1)
	must(service.UpdateInputs("news", list(0, "c"), nil, nil))
	seen(ReasonInputAdded, 0)
	must(service.UpdateInputs("news", nil, list(0, ""), nil))
	seen(ReasonInputRemoved, 1)
	must(service.SwitchInput("news", 2))
	seen(ReasonManual, 2)
	must(service.ClearOverride("news"))
	seen(ReasonFailback, 1)
	must(service.SetConfig("news", manual))
	service.ReportInputError("news", 1, errors.New("gone"))
	seen(ReasonError, 2)
	must(service.UpdateInputs("news", nil, nil, list(1, "a")))
	short := manual
	short.PacketTimeout = 5 * time.Millisecond
	timeOut := func(to int) {
		t.Helper()
		must(service.SetConfig("news", short))
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
			status, _ := service.RuntimeStatus("news")
			if last := status.Switches[len(status.Switches)-1]; last.Reason == ReasonTimeout && last.To == to {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("no timeout: %+v", status)
			}
		}
		must(service.SetConfig("news", manual))
	}
	timeOut(1)
	seen(ReasonTimeout, 1)
	// The dead one comes back before another delivers.
	must(service.UpdateInputs("news", nil, nil, list(2, "b")))
	timeOut(2)
	seen(ReasonRecovery, 1)
	must(service.Unregister("news"))
	must(service.Register(context.Background(), Stream{ID: "news", Inputs: append(list(1, "refused"), list(2, "b")...)}, ""))
	seen(ReasonStartFailed, 2)
}

// delivers says whether an input is on air, and not only selected to be.
func delivers(status RuntimeStatus, priority int) bool {
	return slices.ContainsFunc(status.Inputs, func(in InputHealthSnapshot) bool {
		return in.InputPriority == priority && in.Status == StatusActive
	})
}

type funcHost struct {
	start func(context.Context, InputConfig) error
}

func (h funcHost) Start(ctx context.Context, _ string, input InputConfig, _ string) error {
	return h.start(ctx, input)
}
func (funcHost) Probe(ctx context.Context, _ InputConfig) error { <-ctx.Done(); return ctx.Err() }
func (funcHost) Stop(string)                                    {}
