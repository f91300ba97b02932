package table

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"
)

// Stream is a stream as whoever puts it wants it to be.
type Stream struct {
	// ID names it: 1 to 255 bytes of UTF-8. In the store it is the key's, too.
	ID string `json:"id"`
	// Inputs are its sources.
	Inputs []Input `json:"inputs"`
	// Settings are names of the engine's settings, such as packet_timeout, with values as text: "500ms",
	// "3", "cold", and "none" for a duration or a limit of nothing. docs/reference.md has all of them.
	Settings map[string]string `json:"settings,omitempty"`
	// Output is the host's name for where it goes (its buffer write id); "": the stream's id.
	Output string `json:"output,omitempty"`
	// Zones are where it should run, the best first. It runs elsewhere if there is no room.
	Zones []string `json:"zones,omitempty"`

	// Revision is when it was written.
	Revision int64 `json:"-"`
}

// Input is one source of a stream.
type Input struct {
	// Priority is 0 or more and unique in the stream; lower is preferred.
	Priority int    `json:"priority"`
	URL      string `json:"url"`
	// Options are for the host, e.g. HTTP headers, in order.
	Options []Option `json:"options,omitempty"`
	// Settings override the stream's.
	Settings map[string]string `json:"settings,omitempty"`
}

// Option is a key/value pair of an input.
type Option struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// DecodeStream reads a stream and checks it.
func DecodeStream(text []byte) (Stream, error) {
	var stream Stream
	if err := decode(text, &stream); err != nil {
		return Stream{}, err
	}
	return stream, stream.Check()
}

// Check says what is wrong with a stream, as far as that can be told without the engine: a node checks the
// names and values of the settings, too.
func (s *Stream) Check() error {
	if err := CheckID(s.ID); err != nil {
		return err
	}
	taken := map[int]bool{}
	for _, input := range s.Inputs {
		switch {
		case input.Priority < 0 || input.Priority > 1<<31-1:
			return fmt.Errorf("the priority %d: want 0 or more, within 31 bits", input.Priority)
		case taken[input.Priority]:
			return fmt.Errorf("two inputs of priority %d", input.Priority)
		case input.URL == "":
			return fmt.Errorf("input %d has no URL", input.Priority)
		}
		taken[input.Priority] = true
	}
	return nil
}

// CheckID says what is wrong with the id of a stream.
func CheckID(id string) error {
	switch {
	case id == "":
		return errors.New("a stream has an id")
	case len(id) > 255:
		return fmt.Errorf("the id of a stream has at most 255 bytes, not %d", len(id))
	case !utf8.ValidString(id):
		return errors.New("the id of a stream is UTF-8")
	}
	return nil
}

// Same says whether two streams are to run in the same way: all but where.
func (s *Stream) Same(other *Stream) bool {
	return s.Output == other.Output && maps.Equal(s.Settings, other.Settings) &&
		slices.EqualFunc(s.Inputs, other.Inputs, func(a, b Input) bool { return a.Same(&b) })
}

// Same says whether two inputs are one.
func (i *Input) Same(other *Input) bool {
	return i.Priority == other.Priority && i.URL == other.URL &&
		slices.Equal(i.Options, other.Options) && maps.Equal(i.Settings, other.Settings)
}
