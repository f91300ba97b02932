package changeover

// Which of a caller's values an error of the engine means: the engine answers with a number.

// #include <changeover.h>
import "C"

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// explained adds to an error what it is about, if that is known.
func explained(err error, about string) error {
	if err == nil || about == "" {
		return err
	}
	return fmt.Errorf("%w: %s", err, about)
}

// Whose settings they are, as changeover_config_check has it.
const (
	ofService C.int32_t = iota
	ofInput
	ofStream
)

// about says which setting an error means, and what it should be, or "".
func (c *Config) about(err error, of C.int32_t) string {
	if errors.Is(err, ErrHotWithoutOverlap) && c.Standby == StandbyHot {
		return "Standby is StandbyHot"
	}
	if !errors.Is(err, ErrConfig) && !errors.Is(err, ErrValue) {
		return ""
	}
	var settings C.changeover_config
	c.toC(&settings)
	var field, why *C.char
	if C.changeover_config_check(&settings, of, &field, &why) != C.CHANGEOVER_OK || field == nil {
		return ""
	}
	name := C.GoString(field)
	should, _, _ := strings.Cut(C.GoString(why), " (in C")
	setting, found := reflect.TypeOf(*c).FieldByNameFunc(func(of string) bool {
		return strings.EqualFold(of, strings.ReplaceAll(name, "_", ""))
	})
	if !found {
		return fmt.Sprintf("%s should be %s", name, should)
	}
	value := reflect.ValueOf(*c).FieldByIndex(setting.Index)
	return fmt.Sprintf("%s is %v; it should be %s", setting.Name, value, should)
}

// aboutInputs says which of a list of inputs, and what of it, an error means, or "".
func aboutInputs(inputs []InputConfig, err error) string {
	const most = 256
	if errors.Is(err, ErrLimit) && len(inputs) > most {
		return fmt.Sprintf("%d inputs, and %d are the most", len(inputs), most)
	}
	seen := make(map[int]bool)
	for i := range inputs {
		input := &inputs[i]
		what := ""
		switch {
		case errors.Is(err, ErrPriority):
			if cPriority(input.Priority) < 0 {
				return fmt.Sprintf("inputs[%d] has priority %d", i, input.Priority)
			}
		case errors.Is(err, ErrDuplicatePriority):
			if seen[input.Priority] {
				return fmt.Sprintf("two have priority %d", input.Priority)
			}
			seen[input.Priority] = true
		case errors.Is(err, ErrUTF8):
			what = input.notUTF8()
		case errors.Is(err, ErrLimit):
			what = input.tooMuch()
		default:
			what = input.Config.about(err, ofInput)
		}
		if what != "" {
			return fmt.Sprintf("input %d: %s", input.Priority, what)
		}
	}
	return ""
}

// tooMuch says what of an input is beyond the engine's limits.
func (c *InputConfig) tooMuch() string {
	const most, mostOptions = 65536, 256
	length := len(c.URL)
	for _, option := range c.Options {
		length += len(option.Key) + len(option.Value)
	}
	switch {
	case len(c.Options) > mostOptions:
		return fmt.Sprintf("it has %d options, and %d are the most", len(c.Options), mostOptions)
	case length > most:
		return fmt.Sprintf("its URL and options have %d bytes, and %d are the most", length, most)
	}
	return ""
}

func (c *InputConfig) notUTF8() string {
	if !utf8.ValidString(c.URL) {
		return "its URL"
	}
	for i, option := range c.Options {
		if !utf8.ValidString(option.Key) || !utf8.ValidString(option.Value) {
			return fmt.Sprintf("its option %d", i)
		}
	}
	return ""
}

// aboutUpdate says which input of an update an error means, or "". present are the stream's.
func aboutUpdate(present []InputHealthSnapshot, added, removed, updated []InputConfig, err error) string {
	for _, inputs := range [][]InputConfig{removed, added, updated} {
		if about := aboutInputs(inputs, err); about != "" {
			return about
		}
	}
	known := make(map[int]bool)
	for _, input := range present {
		known[input.InputPriority] = true
	}
	for _, input := range removed {
		if errors.Is(err, ErrUnknownInput) && !known[input.Priority] {
			return fmt.Sprintf("there is no input %d to remove", input.Priority)
		}
		delete(known, input.Priority)
	}
	for _, input := range added {
		if errors.Is(err, ErrDuplicatePriority) && known[input.Priority] {
			return fmt.Sprintf("there is an input %d already", input.Priority)
		}
		known[input.Priority] = true
	}
	for _, input := range updated {
		if errors.Is(err, ErrUnknownInput) && !known[input.Priority] {
			return fmt.Sprintf("there is no input %d to update", input.Priority)
		}
	}
	return ""
}
