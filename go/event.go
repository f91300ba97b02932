package changeover

// The decisions a host is told of, as Go values.

// #include <changeover.h>
import "C"

import (
	"log/slog"
	"time"
)

// Event is a decision. Fields that don't apply are zero, priorities −1.
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
	// Measured is what was measured, against Limit.
	Measured, Limit time.Duration
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
	add(e.Measured != 0, slog.Duration("measured", e.Measured))
	add(e.Limit != 0, slog.Duration("limit", e.Limit))
	add(e.SwitchNumber != 0, slog.Uint64("switch", e.SwitchNumber))
	add(e.Exhausted, slog.Bool("exhausted", e.Exhausted))
	add(e.Dropped != 0, slog.Uint64("dropped", e.Dropped))
	return slog.GroupValue(attrs...)
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
	}
	return e
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
