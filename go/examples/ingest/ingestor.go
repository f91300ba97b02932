package main

// The host's side: sessions that receive UDP, and the outputs they forward to.

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"changeover"
)

// A datagram carries up to 7 packets of 188 bytes; leave room for more.
const datagram = 2048

// ingestor receives each session's source and forwards what is on air.
type ingestor struct {
	service *changeover.Service
	logger  *slog.Logger

	mu      sync.Mutex
	outputs map[string]*output
}

// output is where a stream goes. Writing under one lock, and dropping packets that were let through
// before the last switch, never mixes two inputs.
type output struct {
	mu   sync.Mutex
	last changeover.Verdict
	conn net.Conn
	rtp  *rtpOutput // nil: MPEG-TS alone
}

func newIngestor(logger *slog.Logger) *ingestor {
	return &ingestor{logger: logger, outputs: make(map[string]*output)}
}

func (g *ingestor) addOutput(stream streamConfig) error {
	to := &output{}
	if strings.HasPrefix(stream.Output, "rtp://") {
		to.rtp = newRTPOutput(stream.RTPSwitchElement)
	}
	if element := stream.RTPSwitchElement; element < 0 || element > lastElement || element > 0 && to.rtp == nil {
		return fmt.Errorf("%q: rtp_switch_element is %d: want 1 to %d, of an rtp:// output", stream.ID, element, lastElement)
	}
	address, err := socketAddress(stream.Output, "udp", "rtp")
	if err != nil {
		return err
	}
	conn, err := net.Dial("udp", address)
	if err != nil {
		return err
	}
	to.conn = conn
	g.mu.Lock()
	defer g.mu.Unlock()
	g.outputs[stream.ID] = to
	return nil
}

func (g *ingestor) output(streamID string) *output {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.outputs[streamID]
}

// Start receives the input until ctx is done. It blocks for as long as the session lasts.
func (g *ingestor) Start(ctx context.Context, streamID string, input changeover.InputConfig, bufferWriteID string) error {
	conn, err := listenUDP(input.URL)
	if err != nil {
		return err
	}
	defer conn.Close()
	// Ends a read that waits.
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	recorder, err := g.service.OpenSession(ctx)
	if err != nil {
		return err
	}
	defer recorder.Close()
	g.logger.Info("session", "stream", changeover.Printable(streamID), "input", input)
	output := g.output(bufferWriteID)
	packet := make([]byte, datagram)
	for {
		n, err := conn.Read(packet)
		if err != nil {
			return err
		}
		if verdict := recorder.Record(n, 0); verdict.Forward() {
			output.write(packet[:n], verdict)
		}
	}
}

// Stop has nothing to do: sessions end by their contexts.
func (g *ingestor) Stop(string) {}

// Probe listens whether the source sends. A port that a session listens on can't be probed.
func (g *ingestor) Probe(ctx context.Context, input changeover.InputConfig) error {
	conn, err := listenUDP(input.URL)
	if err != nil {
		return changeover.ErrProbeUnsupported
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Now()) })()
	_, err = conn.Read(make([]byte, datagram))
	return err
}

func (o *output) write(packet []byte, verdict changeover.Verdict) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if verdict < o.last {
		return
	}
	o.last = verdict
	if o.rtp != nil {
		packet = o.rtp.packed(packet, verdict)
	}
	// Nobody may be listening there; that is no concern of the inputs'.
	_, _ = o.conn.Write(packet)
}

func listenUDP(source string) (*net.UDPConn, error) {
	address, err := socketAddress(source, "udp")
	if err != nil {
		return nil, err
	}
	local, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, err
	}
	conn, err := net.ListenUDP("udp", local)
	if err != nil {
		return nil, err
	}
	// A burst must not be lost; if the system allows less, so be it.
	_ = conn.SetReadBuffer(1 << 20)
	return conn, nil
}

func socketAddress(from string, schemes ...string) (string, error) {
	parsed, err := url.Parse(from)
	if err != nil {
		return "", err
	}
	if !slices.Contains(schemes, parsed.Scheme) || parsed.Port() == "" {
		return "", fmt.Errorf("%q: want %s://host:port", from, strings.Join(schemes, ":// or "))
	}
	return parsed.Host, nil
}
