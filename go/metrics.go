package changeover

// The service seen from outside: its metrics, and the states of all streams.

// #include <changeover.h>
import "C"

import "unsafe"

// MetricsContentType is the media type of what [Service.Metrics] returns.
const MetricsContentType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

// MetricsOptions say what [Service.Metrics] tells beyond what concerns the engine as a whole.
type MetricsOptions struct {
	// Streams: series for each stream, with its id.
	Streams bool
	// Inputs: series for each input, with its stream's id and its priority.
	Inputs bool
}

// Metrics returns the engine's metrics in the text format of OpenMetrics: a host serves them as
// [MetricsContentType]. By default they are of the engine as a whole, and equally short however many
// streams there are. No URL and no text of others is in it, only streams' ids. docs/operations.md in the
// repository lists them.
func (s *Service) Metrics(options MetricsOptions) ([]byte, error) {
	var each C.uint32_t
	if options.Streams {
		each |= C.CHANGEOVER_METRICS_STREAMS
	}
	if options.Inputs {
		each |= C.CHANGEOVER_METRICS_INPUTS
	}
	var metrics *C.changeover_text
	if err := failure(C.changeover_metrics(s.engine, each, &metrics), "metrics", ""); err != nil {
		return nil, err
	}
	return takeText(metrics)
}

// StatusesJSON returns a page of the states of all streams: {"streams":[…],"next":ID}, each as
// [RuntimeStatus] is in JSON, up to limit of them in the order of their ids: those after the id after, or
// with "" the first ones. next is what after is for the next page, and null if there is none. So each
// stream that is registered all the while is seen once, whatever comes and goes.
func (s *Service) StatusesJSON(after string, limit int) ([]byte, error) {
	id, idLen := chars(after)
	var page *C.changeover_text
	result := C.changeover_statuses_json(s.engine, id, idLen, C.size_t(max(limit, 0)), &page)
	if err := failure(result, "statuses", ""); err != nil {
		return nil, err
	}
	return takeText(page)
}

// takeText copies a text, and frees it.
func takeText(taken *C.changeover_text) ([]byte, error) {
	defer C.changeover_text_free(taken)
	var chars *C.char
	var length C.size_t
	if err := failure(C.changeover_text_get(taken, &chars, &length), "text", ""); err != nil {
		return nil, err
	}
	copied := make([]byte, int(length))
	copy(copied, unsafe.Slice((*byte)(unsafe.Pointer(chars)), int(length)))
	return copied, nil
}
