package changeover_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"changeover"
)

// server is a host that can say when the first Start of a stream is called.
type server struct {
	mu sync.Mutex
	// By stream; closed by its first Start.
	starting map[string]chan struct{}
}

// expectStart is to be called before the stream is registered.
func (s *server) expectStart(streamID string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	called := make(chan struct{})
	s.starting[streamID] = called
	return called
}

func (s *server) Start(_ context.Context, streamID string, input changeover.InputConfig, _ string) error {
	fmt.Println("start", input.URL)
	s.mu.Lock()
	defer s.mu.Unlock()
	if called := s.starting[streamID]; called != nil {
		close(called)
		delete(s.starting, streamID)
	}
	return nil
}

func (s *server) Probe(context.Context, changeover.InputConfig) error {
	return changeover.ErrProbeUnsupported
}

func (s *server) Stop(string) {}

// Register returns when it is decided what to start; Start is called soon after. A server that needs to know
// when lets its Start say so.
func ExampleService_Register() {
	s := &server{starting: make(map[string]chan struct{})}
	service, err := changeover.New(s, nil)
	if err != nil {
		panic(err)
	}
	defer service.Close()

	called := s.expectStart("news")
	stream := changeover.Stream{ID: "news", Inputs: []changeover.InputConfig{{URL: "srt://primary:9000"}}}
	if err := service.Register(context.Background(), stream, ""); err != nil {
		panic(err)
	}
	select {
	case <-called:
		fmt.Println("started")
	case <-time.After(30 * time.Second):
		// The input was removed, or the stream unregistered, before the Start's turn came.
		fmt.Println("not started")
	}
	// Output:
	// start srt://primary:9000
	// started
}
