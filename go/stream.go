package changeover

// What a stream is, as the host describes it, and its way through the C ABI.

/*
#include <changeover.h>

// In userdata.go.
extern void changeoverUserDataEnded(uintptr_t number);

static void user_data_ended(void *user_data) { changeoverUserDataEnded((uintptr_t)user_data); }

static void set_user_data(changeover_input_spec *spec, uintptr_t number) {
	spec->user_data = (void *)number;
	spec->destroy = user_data_ended;
}
*/
import "C"

import (
	"runtime"
	"runtime/cgo"
	"unsafe"
)

// Stream is one live channel.
type Stream struct {
	// ID names it: 1 to 255 bytes of UTF-8.
	ID string
	// Inputs are its sources. A stream without inputs waits for [Service.UpdateInputs].
	Inputs []InputConfig
	// Config overrides the service's settings.
	Config Config
	// FirstSwitch is the number of its first switch, at most [FirstSwitchMax], which leaves as many to
	// follow; 0 is as 1. A stream that moves here from another service or another machine goes on to
	// rise if it begins above what it had there: whoever takes its packets can then drop those of a
	// writer that was replaced, as they have a smaller [Verdict].
	FirstSwitch uint64
}

// FirstSwitchMax is the largest number that a stream's switch numbers may begin with.
const FirstSwitchMax uint64 = C.CHANGEOVER_FIRST_SWITCH_MAX

// InputConfig is one source of a stream, as the host describes it. (The handle through which its
// packets are recorded is an [Input].) It comes back with each Start and Probe.
type InputConfig struct {
	// Priority is 0 or more and unique in the stream; lower is preferred.
	Priority int
	// URL is anything the host understands.
	URL string
	// Options are key/value pairs, e.g. HTTP headers, kept in order.
	Options []Option
	// Config overrides the stream's settings. It does not come back.
	Config Config
	// UserData is anything, for the host alone.
	UserData any
}

// Option is a key/value pair of an input.
type Option struct {
	Key, Value string
}

// specs describes inputs to C. What it points to is pinned until the pinner lets go. Of their UserData the
// engine tells the end, also if it refuses the inputs.
func specs(pinner *runtime.Pinner, inputs []InputConfig) (*C.changeover_input_spec, C.size_t) {
	if len(inputs) == 0 {
		return nil, 0
	}
	list := make([]C.changeover_input_spec, len(inputs))
	for i := range inputs {
		input, spec := &inputs[i], &list[i]
		C.changeover_input_spec_init(spec, C.sizeof_changeover_input_spec)
		spec.priority = cPriority(input.Priority)
		spec.url, spec.url_len = pinnedChars(pinner, input.URL)
		if len(input.Options) > 0 {
			options := make([]C.changeover_option, len(input.Options))
			for j, option := range input.Options {
				options[j].key, options[j].key_len = pinnedChars(pinner, option.Key)
				options[j].value, options[j].value_len = pinnedChars(pinner, option.Value)
			}
			pinner.Pin(&options[0])
			spec.options, spec.options_len = &options[0], C.size_t(len(options))
		}
		if input.Config != (Config{}) {
			config := new(C.changeover_config)
			input.Config.toC(config)
			pinner.Pin(config)
			spec.config = config
		}
		if input.UserData != nil {
			C.set_user_data(spec, C.uintptr_t(cgo.NewHandle(input.UserData)))
		}
	}
	pinner.Pin(&list[0])
	return &list[0], C.size_t(len(list))
}

// userData is what came back with a start or a probe.
func userData(event *C.changeover_event) any {
	// It must not lie about as a pointer, which it is none.
	number := *(*cgo.Handle)(unsafe.Pointer(&event.user_data))
	if number == 0 {
		return nil
	}
	return number.Value()
}

// copyOptions copies what comes back with a start or a probe.
func copyOptions(first *C.changeover_option, length C.size_t) []Option {
	if length == 0 {
		return nil
	}
	options := make([]Option, 0, int(length))
	for _, option := range unsafe.Slice(first, int(length)) {
		options = append(options, Option{
			Key:   text(option.key, option.key_len),
			Value: text(option.value, option.value_len),
		})
	}
	return options
}
