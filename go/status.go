package changeover

// The state of a stream. The engine writes it as JSON, too, and these types read and write the same.

// #include <changeover.h>
import "C"

import (
	"time"
	"unsafe"
)

// RuntimeStatus is the state of a stream at one instant. URLs in it, and those in texts, are as
// [PrintableURL] makes them.
type RuntimeStatus struct {
	// Stream is the stream's id, Registration which life of it.
	Stream       string `json:"stream"`
	Registration uint64 `json:"registration"`
	// RegisteredAt is when that began.
	RegisteredAt time.Time `json:"registered_at"`
	// UptimeMs is Uptime in milliseconds.
	UptimeMs int64 `json:"uptime_ms"`
	// SwitchNumber is what the [Verdict] of a forwarded packet is at present.
	SwitchNumber uint64 `json:"switch_number"`
	// ActiveInputPriority is the input that is on air, or selected to be; −1: none.
	ActiveInputPriority int `json:"active_input_priority"`
	// OnAirInputPriority is the input that viewers get: the active one, while it delivers; nil: none.
	OnAirInputPriority *int `json:"on_air_input_priority,omitempty"`
	// PendingInputPriority is the target of a planned switch that waits for its first packet.
	PendingInputPriority *int `json:"pending_input_priority,omitempty"`
	// OverrideInputPriority is the manual choice in force.
	OverrideInputPriority *int `json:"override_input_priority,omitempty"`
	// OverrideEndsAt is when that ends by itself; nil: it does not.
	OverrideEndsAt *time.Time `json:"override_ends_at,omitempty"`
	// Exhausted: no source is left that can be watched.
	Exhausted bool `json:"exhausted"`
	// StateSince is when the active input, or its status, last changed.
	StateSince time.Time `json:"state_since"`
	// Inputs are best first.
	Inputs []InputHealthSnapshot `json:"inputs"`
	// Switches are the last 20, oldest first.
	Switches []SwitchRecord `json:"switches"`
}

// InputHealthSnapshot is the health of one input at one instant.
type InputHealthSnapshot struct {
	InputPriority int    `json:"input_priority"`
	URL           string `json:"url"`
	// Session is its running session; 0: none.
	Session uint64 `json:"session,omitempty"`
	// LastPacketAt is zero if there was none.
	LastPacketAt time.Time `json:"last_packet_at,omitzero"`
	// BitrateKbps is in 1000 bits per second, over the last second or two.
	BitrateKbps float64 `json:"bitrate_kbps"`
	// PacketLoss is in percent of the packets sent.
	PacketLoss float64 `json:"packet_loss"`
	Status     Status  `json:"status"`
	// Disabled: by SetInputEnabled. It is stopped, or about to be as soon as another is on air.
	Disabled bool `json:"disabled"`
	// LastError is the newest of Errors.
	LastError   string    `json:"last_error,omitempty"`
	LastErrorAt time.Time `json:"last_error_at,omitzero"`
	// FPS counts packets flagged as video.
	FPS     float64 `json:"fps"`
	Packets uint64  `json:"packets"`
	Bytes   uint64  `json:"bytes"`
	// Receiving: packets came within the last PacketTimeout.
	Receiving bool `json:"receiving"`
	// Errors are why it was given up, the last 5 times, oldest first. Recovery clears them.
	Errors []ErrorRecord `json:"errors"`
	// Attempts are the last 5 probes, trials and restarts that failed since, oldest first. Recovery
	// clears them.
	Attempts []ErrorRecord `json:"attempts"`
	// Probes is how often it was probed, tried or, silent though hot, restarted. ProbesOK of these
	// brought it back, ProbesFailed of these failed.
	Probes       uint64 `json:"probes"`
	ProbesOK     uint64 `json:"probes_ok"`
	ProbesFailed uint64 `json:"probes_failed"`
	// Untested: idle and may be chosen, though it was given up and has not delivered since.
	Untested bool `json:"untested"`
	// Listening: it was given up, and its packets would be its recovery, of a session that is kept
	// for that or by id without one.
	Listening bool `json:"listening"`
	// Severity is how bad it is, if it is degraded, and Conditions what is wrong with an input that
	// delivers, the worst first.
	Severity   Severity          `json:"severity,omitempty"`
	Conditions []ConditionRecord `json:"conditions,omitempty"`
	// HeldUntil is until when it has to prove itself, because it failed often; nil: it has not.
	HeldUntil *time.Time `json:"held_until,omitempty"`
	// SwitchDueAt is when it is switched to, if nothing changes until then; nil: it is not.
	SwitchDueAt *time.Time `json:"switch_due_at,omitempty"`
	// BaselineKbps and BaselineFPSMilli are what it usually delivers, once that is known: kbit/s, and
	// video frames in a thousand seconds.
	BaselineKbps     uint64 `json:"baseline_kbps,omitempty"`
	BaselineFPSMilli uint64 `json:"baseline_fps_milli,omitempty"`
	// MinKbps, MinFPSMilli and MaxLoss (in percent) are the limits in force; 0: there is none.
	MinKbps     uint64 `json:"min_kbps,omitempty"`
	MinFPSMilli uint64 `json:"min_fps_milli,omitempty"`
	MaxLoss     uint64 `json:"max_loss,omitempty"`
	// KeyIntervalMS is the time between the last two key frames of its session, LastVideoAt and (with
	// AudioTimeout) LastAudioAt when its last packets of either came, as seen by the last look; zero if
	// not known. Only of an input that is measured because a setting needs it.
	KeyIntervalMS uint64    `json:"key_interval_ms,omitempty"`
	LastVideoAt   time.Time `json:"last_video_at,omitzero"`
	LastAudioAt   time.Time `json:"last_audio_at,omitzero"`
	// SilenceLimitMS is the silence after which it is given up, at present, in milliseconds, and
	// SilenceReturns how often packets came back after one.
	SilenceLimitMS uint64 `json:"silence_limit_ms"`
	SilenceReturns uint64 `json:"silence_returns"`
	// StateSince is when its status last changed.
	StateSince time.Time `json:"state_since"`
}

// ConditionRecord is a condition of an input that holds.
type ConditionRecord struct {
	Condition Reason    `json:"condition"`
	Since     time.Time `json:"since"`
	// Text is what was measured against which limit, or what the host said.
	Text string `json:"text"`
}

// ErrorRecord is one error of an input.
type ErrorRecord struct {
	At     time.Time `json:"at"`
	Reason Reason    `json:"reason"`
	Text   string    `json:"text"`
}

// SwitchRecord is one switch of a stream; From is −1 if there was no input before.
type SwitchRecord struct {
	At     time.Time `json:"at"`
	From   int       `json:"from"`
	To     int       `json:"to"`
	Reason Reason    `json:"reason"`
	Detail string    `json:"detail"`
	// Number is the stream's switch number from here on.
	Number uint64 `json:"number"`
	// DetectionMS is how long it took from the fault to its detection, DecisionMS from there to the
	// decision, CommitMS from there to the switch, in milliseconds; nil where it is not known.
	DetectionMS *uint64 `json:"detection_ms,omitempty"`
	DecisionMS  *uint64 `json:"decision_ms,omitempty"`
	CommitMS    *uint64 `json:"commit_ms,omitempty"`
	// PassedOver is what stood against the inputs that would have gone before the one chosen.
	PassedOver string `json:"passed_over,omitempty"`
}

// InputHealth is the original's name for the health of an input. Here it is a copy, which does not change.
type InputHealth = InputHealthSnapshot

// Uptime is how long ago the stream was registered, on the engine's clock, which pauses while the engine
// is stalled.
func (s RuntimeStatus) Uptime() time.Duration {
	return time.Duration(s.UptimeMs) * time.Millisecond
}

// InputHealth returns the health of an input at this instant, or false if there is no such input;
// otherwise as RuntimeStatus.
func (s *Service) InputHealth(streamID string, inputPriority int) (InputHealth, bool) {
	status, _ := s.RuntimeStatus(streamID)
	for _, input := range status.Inputs {
		if input.InputPriority == inputPriority {
			return input, true
		}
	}
	return InputHealth{}, false
}

// RuntimeStatusJSON returns the same as the engine writes it: a JSON text, for dashboards, or false if the
// stream is not registered.
func (s *Service) RuntimeStatusJSON(streamID string) ([]byte, bool) {
	id, idLen := chars(streamID)
	var handle *C.changeover_status
	if C.changeover_runtime_status(s.engine, id, idLen, &handle) != C.CHANGEOVER_OK {
		return nil, false
	}
	defer C.changeover_status_free(handle)
	var document *C.char
	var length C.size_t
	if C.changeover_status_json(handle, &document, &length) != C.CHANGEOVER_OK {
		return nil, false
	}
	return C.GoBytes(unsafe.Pointer(document), C.int(length)), true
}
