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
		unsupported := false
		s.guarded("Probe", r.id, func() error {
			err := s.ingestor.Probe(ctx, input)
			unsupported = errors.Is(err, ErrProbeUnsupported)
			return err
		}, func(err error) {
			outcome := C.int32_t(C.CHANGEOVER_PROBE_OK)
			switch {
			case unsupported:
				outcome = C.CHANGEOVER_PROBE_UNSUPPORTED
			case err != nil:
				outcome = C.CHANGEOVER_PROBE_FAILED
			}
			id, idLen := chars(r.id)
			text, textLen := chars(errorText(err))
			// It may come too late: then nobody wants to know.
			C.changeover_probe_result(s.engine, id, idLen, C.uint64_t(number), outcome, text, textLen)
		})
	})
}
