package changeover

// The trace: what decisions are made from, and what was decided, in files.

// #include <changeover.h>
import "C"

// TraceLimits says how much a trace may take, and what goes into it.
type TraceLimits struct {
	// FileBytes is how large a file gets before the next one begins, besides the state of all streams that
	// it begins with; at least 65,536. 0: 64 MiB.
	FileBytes uint64
	// Files is how many there may be: the one being written, and those before it, whose names end in .1,
	// .2, and so on. 0: 8.
	Files uint32
	// URLs says whether these are recorded, with all that is secret in them, and texts as they are. Replay
	// needs none.
	URLs bool
}

// TraceTo records everything that decisions are made from, and what was decided, to a file from now on, from
// which the same decisions can be made again. It begins with all streams as they are. If there is such a
// file, it is kept as path.1. A trace that was being written ends.
//
// A thread of the engine's writes the file, at most 100 ms later; what that is too slow for is lost to the
// trace, which says so. Nothing waits for it, but Close, Shutdown and [Service.EndTrace]. If it can't be
// written, the log says so.
func (s *Service) TraceTo(path string, limits TraceLimits) error {
	var options C.changeover_trace_options
	if err := failure(C.changeover_trace_options_init(&options, C.sizeof_changeover_trace_options), "trace", ""); err != nil {
		return err
	}
	options.file_bytes = C.uint64_t(limits.FileBytes)
	options.files = C.uint32_t(limits.Files)
	if limits.URLs {
		options.urls = 1
	}
	name, nameLen := chars(path)
	return failure(C.changeover_trace_to(s.engine, name, nameLen, &options), "trace to "+path, "")
}

// EndTrace ends the trace, if there is one, and waits until it is written.
func (s *Service) EndTrace() error {
	return failure(C.changeover_end_trace(s.engine), "end the trace", "")
}
