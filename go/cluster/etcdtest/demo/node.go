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
	// envPlanted has the node go on writing whatever becomes of its claim.
	envPlanted = "DEMO_DOUBLE_WRITER"
)

// host pulls streams over HTTP and sends what is on air to a receiver, with its number before it.
type host struct {
	name    string
	service *changeover.Service
	to      net.Conn
	planted bool
}

// Start pulls a source until ctx is done.
func (h *host) Start(ctx context.Context, stream string, input changeover.InputConfig, _ string) error {
	pulls := ctx
	if h.planted {
		pulls = context.WithoutCancel(ctx)
	}
	request, err := http.NewRequestWithContext(pulls, http.MethodGet, input.URL, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	session, err := h.service.OpenSession(ctx)
	if err != nil {
		return err
	}
	defer session.Close()
	permit, _ := cluster.PermitOf(ctx)
	var written uint64
	for packets := make([]byte, chunk); ; {
		if _, err := io.ReadFull(answer.Body, packets); err != nil {
			return err
		}
		verdict := session.Record(len(packets), 0)
		switch {
		case verdict.Forward() && permit.MayWrite():
			written = uint64(verdict)
		case h.planted && written != 0:
		default:
			continue
		}
		fmt.Fprintf(h.to, "%s%s", records.Format(stream, h.name, written), packets)
	}
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
