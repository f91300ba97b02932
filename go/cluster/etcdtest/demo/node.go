package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"changeover"
	"changeover/cluster"
	"changeover/cluster/etcdtest/embedded"
	"changeover/cluster/event"
	"changeover/cluster/internal/records"
	"changeover/cluster/store/etcd"
)

// What a node's process is told by its environment.
const (
	envNode     = "DEMO_NODE"
	envEtcd     = "DEMO_ETCD"
	envReceiver = "DEMO_RECEIVER"
	// envPlanted has the node be a double writer.
	envPlanted = "DEMO_DOUBLE_WRITER"
)

// host pulls streams over HTTP and sends what is on air to a receiver, with its number before it.
type host struct {
	name    string
	service *changeover.Service
	to      net.Conn
	// planted: it writes on for a while after it was stopped.
	planted bool
}

// Start pulls a source until ctx is done.
func (h *host) Start(ctx context.Context, stream string, input changeover.InputConfig, _ string) error {
	source, err := pull(ctx, input.URL)
	if err != nil {
		return err
	}
	defer source.Close()
	session, err := h.service.OpenSession(ctx)
	if err != nil {
		return err
	}
	defer session.Close()
	permit, _ := cluster.PermitOf(ctx)
	var last changeover.Verdict
	if h.planted {
		defer func() { go h.writeOn(stream, input.URL, last) }()
	}
	for packets := make([]byte, chunk); ; {
		if _, err := io.ReadFull(source, packets); err != nil {
			return err
		}
		if verdict := session.Record(len(packets), 0); verdict.Forward() && permit.MayWrite() {
			h.write(stream, verdict, packets)
			last = verdict
		}
	}
}

func (h *host) write(stream string, verdict changeover.Verdict, packets []byte) {
	fmt.Fprintf(h.to, "%s%s", records.Format(stream, h.name, uint64(verdict)), packets)
}

// writeOn is the planted double writer.
func (h *host) writeOn(stream, url string, last changeover.Verdict) {
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Second)
	defer cancel()
	source, err := pull(ctx, url)
	if err != nil || last == 0 {
		return
	}
	defer source.Close()
	for packets := make([]byte, chunk); ; {
		if _, err := io.ReadFull(source, packets); err != nil {
			return
		}
		h.write(stream, last, packets)
	}
}

func pull(ctx context.Context, url string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
}

// Probe says nothing: the engine tries such inputs behind the closed gate.
func (h *host) Probe(context.Context, changeover.InputConfig) error {
	return changeover.ErrProbeUnsupported
}

// Stop has nothing to do.
func (h *host) Stop(string) {}

// node is one process of the cluster: until SIGTERM, on which it drains.
func node(name string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	to, err := net.Dial("udp", os.Getenv(envReceiver))
	if err != nil {
		return err
	}
	client, err := embedded.Client(os.Getenv(envEtcd))
	if err != nil {
		return err
	}
	h := &host{name: name, to: to, planted: os.Getenv(envPlanted) != ""}
	h.service, err = changeover.New(h, &changeover.Options{Config: changeover.Config{PacketTimeout: 3 * time.Second}})
	if err != nil {
		return err
	}
	defer h.service.Close()
	// Streams come back to a node sooner than they would by default: nobody wants to watch for a minute.
	n, err := cluster.Start(etcd.New(client, 0), h.service, cluster.Options{
		ID: name, LeaseTTL: lease, Settle: 3 * time.Second, MoveEvery: 300 * time.Millisecond,
		Logger: slog.New(slog.DiscardHandler), OnEvent: tell,
	})
	if err != nil {
		return err
	}
	<-ctx.Done()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := n.Drain(ctx); err != nil {
		return err
	}
	return n.Close(ctx)
}

// says is what events are for people: # is how many streams, @ the other node. What leads to a move goes unsaid:
// its end says all.
var says = map[event.Kind]string{
	event.Joined:      "joins",
	event.NameTaken:   "waits: its name is another process's",
	event.Fenced:      "could not renew its lease in time: it writes nothing more",
	event.Back:        "has renewed its lease after all",
	event.LeaseLost:   "has lost its lease",
	event.Claimed:     "claims # of @",
	event.Took:        "takes # over from @, on air",
	event.MoveFailed:  "keeps #: the move came to nothing",
	event.Refused:     "refuses #",
	event.StartFailed: "cannot start #",
}

// tell prints an event for the stage to count: "text|other node|reason".
func tell(told event.Event) {
	if text := says[told.Kind]; text != "" {
		fmt.Printf("%s|%s|%s\n", text, told.Node, told.Reason)
	}
}
