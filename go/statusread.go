package changeover

// How a status is read: in one call, from where the engine has it.

/*
#include <changeover.h>

typedef struct {
	int32_t result;
	changeover_status *status;
	changeover_status_view view;
} status_read;

static status_read read_status(changeover_engine *engine, const char *stream, size_t stream_len) {
	status_read read;
	changeover_status_view_init(&read.view, sizeof read.view);
	read.result = changeover_runtime_status(engine, stream, stream_len, &read.status);
	if (read.result != CHANGEOVER_OK)
		return read;
	read.result = changeover_status_view_all(read.status, 0, &read.view);
	if (read.result != CHANGEOVER_OK)
		changeover_status_free(read.status);
	return read;
}
*/
import "C"

import (
	"time"
	"unsafe"
)

// RuntimeStatus returns the state of a stream at this instant, or false if it is not registered.
// It does not wait for the engine. Counters and LastPacketAt are live.
func (s *Service) RuntimeStatus(streamID string) (RuntimeStatus, bool) {
	id, idLen := chars(streamID)
	read := C.read_status(s.engine, id, idLen)
	if read.result != C.CHANGEOVER_OK {
		return RuntimeStatus{}, false
	}
	defer C.changeover_status_free(read.status)
	view := viewOf(&read.view)
	return view.stream(streamID), true
}

// view is a status of the engine's, and its texts copied.
type view struct {
	raw        *C.changeover_status_view
	texts      string
	errors     records
	attempts   records
	conditions []ConditionRecord
}

func viewOf(raw *C.changeover_status_view) view {
	v := view{raw: raw, texts: text(raw.texts, raw.texts_len)}
	v.errors = v.records(raw.errors, raw.errors_len)
	v.attempts = v.records(raw.attempts, raw.attempts_len)
	if raw.conditions_len > 0 {
		v.conditions = make([]ConditionRecord, raw.conditions_len)
	}
	for i := range v.conditions {
		entry := element(raw.conditions, raw.conditions.struct_size, i)
		v.conditions[i] = ConditionRecord{
			Condition: newReason(int32(entry.condition)),
			Since:     at(entry.since),
			Text:      v.text(entry.text, entry.text_len),
		}
	}
	return v
}

// element is the one at i of an array of the engine's. They are as long as the library says, which may be
// newer.
func element[T any](first *T, size C.size_t, i int) *T {
	return (*T)(unsafe.Add(unsafe.Pointer(first), i*int(size)))
}

// text is one of the texts that were copied.
func (v *view) text(pointer *C.char, length C.size_t) string {
	if length == 0 {
		return ""
	}
	start := uintptr(unsafe.Pointer(pointer)) - uintptr(unsafe.Pointer(v.raw.texts))
	return v.texts[start : start+uintptr(length)]
}

// records are errors of all inputs, those of the first one first.
type records []ErrorRecord

func (v *view) records(first *C.changeover_error_entry, length C.size_t) records {
	all := make(records, length)
	for i := range all {
		entry := element(first, first.struct_size, i)
		all[i] = ErrorRecord{
			At:     at(entry.at),
			Reason: newReason(int32(entry.reason)),
			Text:   v.text(entry.text, entry.text_len),
		}
	}
	return all
}

// take takes those of the next input out.
func (r *records) take(length C.size_t) []ErrorRecord {
	taken := (*r)[:length:length]
	*r = (*r)[length:]
	return taken
}

func (v *view) stream(streamID string) RuntimeStatus {
	stream := v.raw.stream
	status := RuntimeStatus{
		Stream:                streamID,
		Registration:          uint64(stream.registration),
		RegisteredAt:          at(stream.registered_at),
		UptimeMs:              int64(stream.uptime / 1e6),
		SwitchNumber:          uint64(stream.switch_number),
		ActiveInputPriority:   int(stream.active_input_priority),
		OnAirInputPriority:    priorityOrNone(stream.on_air_input_priority),
		PendingInputPriority:  priorityOrNone(stream.pending_input_priority),
		OverrideInputPriority: priorityOrNone(stream.override_input_priority),
		OverrideEndsAt:        atOrNever(stream.override_ends_at),
		Exhausted:             stream.exhausted != 0,
		StateSince:            at(stream.state_since),
		Inputs:                make([]InputHealthSnapshot, v.raw.inputs_len),
		Switches:              make([]SwitchRecord, v.raw.switches_len),
	}
	for i := range status.Inputs {
		v.input(element(v.raw.inputs, v.raw.inputs.struct_size, i), &status.Inputs[i])
	}
	var known []uint64
	for i := range status.Switches {
		entry := element(v.raw.switches, v.raw.switches.struct_size, i)
		status.Switches[i] = SwitchRecord{
			At:     at(entry.at),
			From:   int(entry.from),
			To:     int(entry.to),
			Reason: newReason(int32(entry.reason)),
			Detail: v.text(entry.detail, entry.detail_len),
			Number: uint64(entry.number),

			DetectionMS: millisOrNone(&known, entry.detection),
			DecisionMS:  millisOrNone(&known, entry.decision),
			CommitMS:    millisOrNone(&known, entry.commit),
			PassedOver:  v.text(entry.passed_over, entry.passed_over_len),
		}
	}
	return status
}

// input fills in out, field by field: a literal would be copied. Inputs are to be read in their order.
func (v *view) input(input *C.changeover_input_status, out *InputHealthSnapshot) {
	out.InputPriority = int(input.priority)
	out.URL = v.text(input.url, input.url_len)
	out.Session = uint64(input.session)
	out.LastPacketAt = at(input.last_packet_at)
	out.BitrateKbps = float64(input.bitrate_kbps)
	out.PacketLoss = float64(input.packet_loss)
	out.Status = newStatus(int32(input.status))
	out.Disabled = input.disabled != 0
	out.FPS = float64(input.fps)
	out.Packets = uint64(input.packets)
	out.Bytes = uint64(input.bytes)
	out.Receiving = input.receiving != 0
	out.Errors = v.errors.take(input.errors_len)
	out.Attempts = v.attempts.take(input.attempts_len)
	out.Probes = uint64(input.probes)
	out.ProbesOK = uint64(input.probes_ok)
	out.ProbesFailed = uint64(input.probes_failed)
	out.Untested = input.untested != 0
	out.Listening = input.listening != 0
	out.Severity = newSeverity(int32(input.severity))
	out.HeldUntil = atOrNever(input.held_until)
	out.SwitchDueAt = atOrNever(input.switch_due_at)
	out.BaselineKbps = uint64(input.baseline_kbps)
	out.BaselineFPSMilli = uint64(input.baseline_fps_milli)
	out.MinKbps = uint64(input.min_kbps)
	out.MinFPSMilli = uint64(input.min_fps_milli)
	out.MaxLoss = uint64(input.max_loss)
	out.KeyIntervalMS = uint64(input.key_interval / 1e6)
	out.LastVideoAt = at(input.last_video_at)
	out.LastAudioAt = at(input.last_audio_at)
	out.SilenceLimitMS = uint64(input.silence_limit / 1e6)
	out.SilenceReturns = uint64(input.silence_returns)
	out.StateSince = at(input.state_since)
	if n := len(out.Errors); n > 0 {
		out.LastError, out.LastErrorAt = out.Errors[n-1].Text, out.Errors[n-1].At
	}
	if n := input.conditions_len; n > 0 {
		out.Conditions, v.conditions = v.conditions[:n:n], v.conditions[n:]
	}
}

// at is a time of the wall clock, to the millisecond, as the JSON has it; zero if it is none.
func at(since1970 C.int64_t) time.Time {
	if since1970 == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(since1970) / 1e6).UTC()
}

func atOrNever(since1970 C.int64_t) *time.Time {
	if since1970 == 0 {
		return nil
	}
	at := at(since1970)
	return &at
}

// millisOrNone is a time in milliseconds, in a place of its own among those known.
func millisOrNone(known *[]uint64, nanos C.uint64_t) *uint64 {
	if nanos == C.CHANGEOVER_UNKNOWN {
		return nil
	}
	if len(*known) == cap(*known) {
		// The places in use stay where they are.
		*known = make([]uint64, 0, 15)
	}
	*known = append(*known, uint64(nanos/1e6))
	return &(*known)[len(*known)-1]
}

func priorityOrNone(priority C.int32_t) *int {
	if priority < 0 {
		return nil
	}
	input := int(priority)
	return &input
}
