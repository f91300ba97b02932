package changeover

// The service: what it is made of, how it begins and ends.

// #include <changeover.h>
import "C"

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
)

// Service watches the inputs of all its streams and decides which is on air. All methods may be
// called from any goroutine, also from an [Ingestor]'s methods and from callbacks.
type Service struct {
	// A number dressed as a pointer (see changeover.h). As a pointer to an incomplete C type it
	// is none for Go's garbage collector.
	engine   *C.changeover_engine
	ingestor Ingestor
	onEvent  func(Event)
	log      *slog.Logger
	// The engine's descriptor in Go's netpoller, and the goroutine that waits for it.
	descriptor *os.File
	pumped     chan struct{}

	onExhausted, onRestored atomic.Pointer[func(string)]
	index                   index

	// Held while a registration begins or ends, so that mu need not be while the engine decides.
	// Never while host code runs.
	control sync.Mutex
	closed  bool

	// Guards what follows and all lanes. Never held over a call of the engine or of the host.
	mu            sync.Mutex
	registrations map[string]*registration
	byNumber      map[uint64]*registration
	// The number of the last registration, and that there is a new one. They only rise.
	newest     uint64
	registered sync.Cond
	overlap    Overlap
	lanes      map[string]*lane
	// Goroutines in host code; idle is closed when there are none, if somebody waits for that.
	working int
	idle    chan struct{}
}

// registration is one life of a stream id.
type registration struct {
	service *Service
	id      string
	number  uint64
	// The parent of its sessions' and probes' contexts.
	ctx context.Context
	end context.CancelCauseFunc
	// Lets go of the context given to Register.
	release func() bool

	// Guarded by Service.mu.
	overlap Overlap
	// How often its inputs have changed, and what recording by id holds open of them.
	changes int
	opened  []*Input
}

// New makes a service and its engine. It is to be ended with [Service.Close] or
// [Service.Shutdown]. options may be nil, ingestor may not.
func New(ingestor Ingestor, options *Options) (*Service, error) {
	if ingestor == nil {
		panic("changeover: New without an Ingestor")
	}
	if options == nil {
		options = &Options{}
	}
	s := &Service{
		ingestor:      ingestor,
		onEvent:       options.OnEvent,
		log:           options.Logger,
		pumped:        make(chan struct{}),
		registrations: make(map[string]*registration),
		byNumber:      make(map[uint64]*registration),
		overlap:       options.Config.Overlap,
		lanes:         make(map[string]*lane),
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.registered.L = &s.mu
	s.index.init()
	if err := s.newEngine(options); err != nil {
		return nil, err
	}
	if err := s.openDescriptor(); err != nil {
		C.changeover_free(s.engine)
		return nil, err
	}
	go s.pump()
	return s, nil
}

// Close unregisters all streams and ends the engine. The contexts of all sessions and probes have
// ended when it returns; the calls of Stop and the last events follow on goroutines of their own.
// Closing twice is fine.
func (s *Service) Close() error {
	s.control.Lock()
	first := !s.closed
	s.closed = true
	if first {
		_ = s.endAllRegistrations()
	}
	// The pump may be waiting for it.
	s.control.Unlock()
	if first {
		// The pump takes what is queued, and ends.
		s.descriptor.Close()
		defer C.changeover_free(s.engine)
	}
	<-s.pumped
	return nil
}

// Shutdown is Close, and then waits until no host code runs any more, or ctx is done, the error
// of which it returns. Host code that calls it waits for itself: there, call Close.
func (s *Service) Shutdown(ctx context.Context) error {
	if err := s.Close(); err != nil {
		return err
	}
	s.mu.Lock()
	if s.idle == nil {
		s.idle = make(chan struct{})
		if s.working == 0 {
			close(s.idle)
		}
	}
	idle := s.idle
	s.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// spawn runs work that calls host code. s.mu is held.
func (s *Service) spawn(work func()) {
	s.working++
	go func() {
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.working--; s.working == 0 && s.idle != nil {
				close(s.idle)
			}
		}()
		work()
	}()
}

// SetExhaustedCallback has callback called with the id of each stream that is exhausted: no source is left that
// can be watched. It takes the place of the callback before; nil: none. Calls come in order with the stream's events.
func (s *Service) SetExhaustedCallback(callback func(streamID string)) {
	setCallback(&s.onExhausted, callback)
}

// SetRestoredCallback has callback called with the id of each stream that is on air again;
// otherwise as SetExhaustedCallback.
func (s *Service) SetRestoredCallback(callback func(streamID string)) {
	setCallback(&s.onRestored, callback)
}

func setCallback(place *atomic.Pointer[func(string)], callback func(string)) {
	if callback == nil {
		place.Store(nil)
		return
	}
	place.Store(&callback)
}
