package changeover

// A probe: asked by the engine, answered by the host.

// #include <changeover.h>
import "C"

import (
	"context"
	"errors"
	"time"
)

// probe has the host probe an input, and gives its answer to the engine.
func (s *Service) probe(r *registration, number uint64, input InputConfig, limit time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spawn(func() {
		ctx, cancel := context.WithTimeout(r.ctx, limit)
		defer cancel()
		s.guarded("Probe", r.id, func() error {
			return s.ingestor.Probe(ctx, input)
		}, func(err error) {
			outcome, why := C.int32_t(C.CHANGEOVER_PROBE_OK), ""
			switch {
			case errors.Is(err, ErrProbeUnsupported):
				outcome = C.CHANGEOVER_PROBE_UNSUPPORTED
			case err != nil:
				outcome, why = C.CHANGEOVER_PROBE_FAILED, err.Error()
			}
			id, idLen := chars(r.id)
			text, textLen := chars(why)
			// It may come too late: then nobody wants to know.
			C.changeover_probe_result(s.engine, id, idLen, C.uint64_t(number), outcome, text, textLen)
		})
	})
}
