package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// chunk is seven packets of MPEG-TS.
const chunk = 7 * 188

// origin serves live streams over HTTP, to any number of clients. Each is an FFmpeg of its own that reads one
// recording in real time: many encoders would need more processors than a small machine has.
type origin struct {
	listener net.Listener
	channels []*channel
}

// channel is one stream of an origin.
type channel struct {
	mu      sync.Mutex
	clients map[chan []byte]bool
}

// newOrigin records ten seconds into directory, and has them played, round and round, until ctx is done.
func newOrigin(ctx context.Context, directory string, streams int) (*origin, error) {
	recording := filepath.Join(directory, "source.ts")
	encode := exec.CommandContext(ctx, "ffmpeg", "-hide_banner", "-loglevel", "error",
		"-f", "lavfi", "-i", "testsrc=size=320x180:rate=25:duration=10", "-c:v", "mpeg2video", "-b:v", "300k",
		"-g", "25", "-f", "mpegts", recording)
	if said, err := encode.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("ffmpeg: %w: %s", err, said)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	o := &origin{listener: listener}
	for range streams {
		c := &channel{clients: map[chan []byte]bool{}}
		play := exec.CommandContext(ctx, "ffmpeg", "-hide_banner", "-loglevel", "error", "-re",
			"-stream_loop", "-1", "-i", recording, "-c", "copy", "-f", "mpegts", "-flush_packets", "1", "-")
		play.Stderr = os.Stderr
		out, err := play.StdoutPipe()
		if err != nil {
			return nil, err
		}
		if err := play.Start(); err != nil {
			return nil, err
		}
		go func() {
			c.feed(out)
			_ = play.Wait()
		}()
		o.channels = append(o.channels, c)
	}
	go func() { _ = http.Serve(listener, o) }()
	return o, nil
}

func (o *origin) url(i int) string { return fmt.Sprintf("http://%s/%d", o.listener.Addr(), i) }

// feed hands on what FFmpeg plays, until that ends. A client that is slow misses some of it.
func (c *channel) feed(from io.Reader) {
	for {
		packets := make([]byte, chunk)
		if _, err := io.ReadFull(from, packets); err != nil {
			return
		}
		c.mu.Lock()
		for client := range c.clients {
			select {
			case client <- packets:
			default:
			}
		}
		c.mu.Unlock()
	}
}

// ServeHTTP sends a stream until the client goes.
func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil || i < 0 || i >= len(o.channels) {
		http.NotFound(w, r)
		return
	}
	c, client := o.channels[i], make(chan []byte, 100)
	c.mu.Lock()
	c.clients[client] = true
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.clients, client)
	}()
	answer := http.NewResponseController(w)
	for {
		select {
		case <-r.Context().Done():
			return
		case packets := <-client:
			if _, err := w.Write(packets); err != nil {
				return
			}
			if err := answer.Flush(); err != nil {
				return
			}
		}
	}
}
