package changeover

// The decisions a host is told of, as Go values.

// #include <changeover.h>
import "C"

import (
	"log/slog"
	"time"
	"unsafe"
)

// Event is a decision. Fields that don't apply are zero, priorities −1, times that are not known −1.
type Event struct {
	Kind EventKind
	// Stream is the stream's id, Registration which life of it.
	Stream       string
	Registration uint64
	// Priority is the input, From the one that was left.
	Priority, From int
	Reason         Reason
	// Detail is the evidence, for people.
	Detail string
	// Session is the session on air.
	Session uint64
	// SwitchNumber is what the [Verdict] of a forwarded packet is from here on.
	SwitchNumber uint64
	// Dropped is how many events were lost.
	Dropped uint64
	// Exhausted: until this recovery the stream was exhausted.
	Exhausted bool
	// At is when it was decided.
	At time.Time
	// Measured is what was measured, against Limit: a time; of [ReasonLowBitrate] kbit/s, of
	// [ReasonLowFPS] thousandths of a frame a second, of [ReasonPacketLoss] millionths, of
	// [EventMassFailure] streams.
	Measured, Limit time.Duration
	// Window is over what time that was measured; 0 where it is a time itself.
	Window time.Duration
	// Detection is how long it took from the fault to its detection, Decision from there to the
	// decision to switch, and Commit from there until the switch was made; −1 where it is not known.
	Detection, Decision, Commit time.Duration
	// PassedOver are the inputs that would have gone before the one chosen: the three best;
	// PassedOverMore is how many more there are, PassedOverText all of it in words.
	PassedOver     []PassedOver
	PassedOverMore int
	PassedOverText string
}

// PassedOver is an input that was not chosen.
type PassedOver struct {
	Priority int
	// Obstacle is what stands against it; of one that failed or is impaired Reason says why, and
	// Measured, Limit and Window are as in [Event].
	Obstacle                Obstacle
	Reason                  Reason
	Measured, Limit, Window time.Duration
	// Wait is for how much longer it has to be healthy, where that is what is missing.
	Wait time.Duration
}

// LogValue makes a group of what applies, for log/slog; with the [Printable] form of Stream and Detail.
func (e Event) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("kind", e.Kind.String()), slog.String("stream", Printable(e.Stream))}
	add := func(applies bool, attr slog.Attr) {
		if applies {
			attrs = append(attrs, attr)
		}
	}
	add(e.From >= 0, slog.Int("from", e.From))
	add(e.Priority >= 0, slog.Int("input", e.Priority))
	add(e.Reason != "", slog.String("reason", string(e.Reason)))
	add(e.Detail != "", slog.String("detail", Printable(e.Detail)))
	add(e.Measured != 0, e.measure("measured", e.Measured))
	add(e.Limit != 0, e.measure("limit", e.Limit))
	add(e.Window != 0, slog.Duration("window", e.Window))
	add(e.Detection > 0, slog.Duration("detection", e.Detection))
	add(e.Decision > 0, slog.Duration("decision", e.Decision))
	add(e.Commit > 0, slog.Duration("commit", e.Commit))
	add(e.PassedOverText != "", slog.String("passed_over", Printable(e.PassedOverText)))
	add(e.SwitchNumber != 0, slog.Uint64("switch", e.SwitchNumber))
	add(e.Exhausted, slog.Bool("exhausted", e.Exhausted))
	add(e.Dropped != 0, slog.Uint64("dropped", e.Dropped))
	return slog.GroupValue(attrs...)
}

// measure is Measured or Limit: a time, or a number of what it says there.
func (e *Event) measure(key string, value time.Duration) slog.Attr {
	if e.Window != 0 || e.Kind == EventMassFailure {
		return slog.Int64(key, int64(value))
	}
	return slog.Duration(key, value)
}

// isOutage: exhausted or restored, which strictly alternate.
func (e *Event) isOutage() bool {
	return e.Kind == EventExhausted || e.Kind == EventRestored
}

// newEvent copies an event that is no command.
func newEvent(event *C.changeover_event, streamID string) Event {
	e := Event{
		Kind:         EventKind(event.kind),
		Stream:       streamID,
		Registration: uint64(event.registration),
		Priority:     int(event.priority),
		From:         int(event.from),
		Reason:       newReason(int32(event.reason)),
		Detail:       text(event.detail, event.detail_len),
		Session:      uint64(event.session),
		SwitchNumber: uint64(event.switch_number),
		Dropped:      uint64(event.dropped),
		Exhausted:    event.exhausted != 0,
		At:           time.Unix(0, int64(event.at_unix)),
		Measured:     nanoseconds(event.measured),
		Limit:        nanoseconds(event.limit),
		Window:       nanoseconds(event.window),
		Detection:    known(event.detection),
		Decision:     known(event.decision),
		Commit:       known(event.commit),

		PassedOver:     passedOver(event.passed_over, event.passed_over_len),
		PassedOverMore: int(event.passed_over_more),
		PassedOverText: text(event.passed_over_text, event.passed_over_text_len),
	}
	return e
}

func passedOver(first *C.changeover_passed_over, n C.size_t) []PassedOver {
	var list []PassedOver
	for _, one := range unsafe.Slice(first, int(n)) {
		list = append(list, PassedOver{
			Priority: int(one.priority),
			Obstacle: Obstacle(one.obstacle),
			Reason:   newReason(int32(one.reason)),
			Measured: nanoseconds(one.measured),
			Limit:    nanoseconds(one.limit),
			Window:   nanoseconds(one.window),
			Wait:     nanoseconds(one.wait),
		})
	}
	return list
}

// known is −1 for a time that is not.
func known(n C.uint64_t) time.Duration {
	if n == C.CHANGEOVER_UNKNOWN {
		return -1
	}
	return nanoseconds(n)
}

// eventInput copies the input of a start or a probe.
func eventInput(event *C.changeover_event) InputConfig {
	return InputConfig{
		Priority: int(event.priority),
		URL:      text(event.url, event.url_len),
		Options:  copyOptions(event.options, event.options_len),
		UserData: userData(event),
	}
}

func nanoseconds(n C.uint64_t) time.Duration {
	return time.Duration(n)
}
