package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"changeover/cluster/etcdtest/embedded"
	"changeover/cluster/internal/records"
	"changeover/cluster/operator"
	"changeover/cluster/store/etcd"
	"changeover/cluster/table"
)

const (
	// members is how many etcd has.
	members = 3
	// patience is after how long something that should happen counts as not happening.
	patience = time.Minute
)

// stage is everything there is: etcd, sources, nodes, and who receives.
type stage struct {
	ctx       context.Context
	end       context.CancelFunc
	began     time.Time
	streams   int
	planted   bool
	directory string
	etcd      *embedded.Cluster
	client    *clientv3.Client
	operator  *operator.Cluster
	wires     map[string]*wire
	origin    *origin
	receiver  *net.UDPConn
	processes map[string]*process

	mu      sync.Mutex
	packets []records.Packet
}

func newStage(ctx context.Context, streams int, planted bool) (*stage, error) {
	s := &stage{
		began: time.Now(), streams: streams, planted: planted,
		wires: map[string]*wire{}, processes: map[string]*process{},
	}
	s.ctx, s.end = context.WithCancel(ctx)
	if err := s.build(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *stage) build() (err error) {
	if s.directory, err = os.MkdirTemp("", "demo-cluster"); err != nil {
		return err
	}
	if s.origin, err = newOrigin(s.ctx, s.directory, s.streams); err != nil {
		return err
	}
	if s.receiver, err = net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
		return err
	}
	_ = s.receiver.SetReadBuffer(8 << 20)
	go s.receive()
	if s.etcd, err = embedded.Start(filepath.Join(s.directory, "etcd"), members); err != nil {
		return err
	}
	if s.client, err = embedded.Client(s.etcd.Endpoints()...); err != nil {
		return err
	}
	s.operator = operator.New(etcd.New(s.client, 0), "")
	return nil
}

// close ends all that was started.
func (s *stage) close() {
	s.end()
	for _, p := range s.processes {
		_ = p.command.Process.Kill()
		<-p.ended
	}
	if s.client != nil {
		_ = s.client.Close()
	}
	if s.etcd != nil {
		s.etcd.StopAll()
	}
	if s.receiver != nil {
		_ = s.receiver.Close()
	}
	_ = os.RemoveAll(s.directory)
}

// put has the streams be on air.
func (s *stage) put() error {
	for i := range s.streams {
		err := s.operator.Put(s.ctx, table.Stream{
			ID: fmt.Sprintf("stream-%d", i), Inputs: []table.Input{{URL: s.origin.url(i)}},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) pause(d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// say prints a line of the timeline.
func (s *stage) say(format string, args ...any) { s.sayOf(time.Now(), format, args...) }

// sayOf prints a line of the timeline about an earlier moment.
func (s *stage) sayOf(when time.Time, format string, args ...any) {
	fmt.Printf("%6.1f s  %s\n", when.Sub(s.began).Seconds(), fmt.Sprintf(format, args...))
}

func (s *stage) receive() {
	buffer := make([]byte, 4096)
	for {
		n, err := s.receiver.Read(buffer)
		if err != nil {
			return
		}
		head, _, _ := strings.Cut(string(buffer[:n]), "\n")
		if p, err := records.Parse(head); err == nil {
			s.mu.Lock()
			s.packets = append(s.packets, p)
			s.mu.Unlock()
		}
	}
}

func (s *stage) received() []records.Packet {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clip(s.packets)
}

// eventually waits for something.
func (s *stage) eventually(what string, holds func() (bool, error)) error {
	for deadline := time.Now().Add(patience); ; {
		held, err := holds()
		if err != nil || held {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not within %v: %s", patience, what)
		}
		if err := s.pause(50 * time.Millisecond); err != nil {
			return err
		}
	}
}

// onAir waits until all streams are received from nodes that may have them.
func (s *stage) onAir(nodes ...string) error {
	begin := time.Now()
	return s.eventually(fmt.Sprintf("all streams are received from %v", nodes), func() (bool, error) {
		return len(records.Owners(s.received(), begin, nodes...)) == s.streams, nil
	})
}

// atRest waits until all nodes are there, and every stream is where it belongs.
func (s *stage) atRest() error {
	return s.eventually("every stream is where it belongs", func() (bool, error) {
		view, err := s.operator.View(s.ctx)
		if err != nil {
			return false, err
		}
		for id, stream := range view.Streams {
			holder := view.Claims[id].Node
			if holder == "" || view.Best(stream, holder) != holder {
				return false, nil
			}
		}
		return len(view.Nodes) == len(s.wires) && len(view.Moves) == 0, nil
	})
}
