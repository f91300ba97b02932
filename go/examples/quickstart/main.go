// One stream, two sources, one death: go run ./examples/quickstart
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"changeover"
)

// relay is the server's side: what starts, probes and stops inputs.
type relay struct {
	service *changeover.Service
	// Closed when the primary source dies.
	dies chan struct{}
}

// Start receives a source until its session ends.
func (r *relay) Start(ctx context.Context, streamID string, input changeover.InputConfig, bufferWriteID string) error {
	recorder, err := r.service.OpenSession(ctx)
	if err != nil {
		return err
	}
	defer recorder.Close()
	var dies chan struct{}
	if input.Priority == 0 {
		dies = r.dies
	}
	// Here your ingest goroutine reads packets from input.URL.
	for packets := time.NewTicker(20 * time.Millisecond); ; {
		select {
		case <-packets.C:
			// A frame; of the datagrams of one, only the first would be flagged Video.
			if recorder.Record(8000, changeover.Video).Forward() {
				// Here you write the packet to bufferWriteID.
			}
		case <-dies:
			// No more packets, and no error either.
			<-ctx.Done()
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// Probe says whether a source that was given up works again; this one has no way to find out.
func (r *relay) Probe(ctx context.Context, input changeover.InputConfig) error {
	return changeover.ErrProbeUnsupported
}

// Stop comes when no session of the stream is left.
func (r *relay) Stop(streamID string) {}

func main() {
	r := &relay{dies: make(chan struct{})}
	onAir := make(chan changeover.Event, 2)
	service, err := changeover.New(r, &changeover.Options{
		Config: changeover.Config{PacketTimeout: 200 * time.Millisecond},
		OnEvent: func(event changeover.Event) {
			if event.Kind == changeover.EventActive {
				onAir <- event
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer service.Close()
	r.service = service

	err = service.Register(context.Background(), changeover.Stream{
		ID: "news",
		Inputs: []changeover.InputConfig{
			{Priority: 0, URL: "udp://primary:5000"},
			{Priority: 1, URL: "udp://backup:5000"},
		},
	}, "")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("on air: input", (<-onAir).Priority)
	close(r.dies)
	fmt.Println("on air: input", (<-onAir).Priority)
	status, _ := service.RuntimeStatus("news")
	fmt.Println("because of", status.Switches[1].Reason)
}
