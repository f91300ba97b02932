package cluster

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"changeover/cluster/event"
	"changeover/cluster/table"
)

// counted is which events are counted together.
type counted struct {
	kind   event.Kind
	reason table.Reason
}

// Metrics returns what the node and the cluster are up to, in the text format of OpenMetrics: a host serves it
// as changeover.MetricsContentType, beside the engine's own, at an address of its own. It is equally short
// however many streams there are, and has a row for each node. [ErrClosed] after Close; an error of ctx if the
// node's answer did not come in time.
func (n *Node) Metrics(ctx context.Context) ([]byte, error) {
	var text []byte
	err := n.look(ctx, func() { text = n.metrics() })
	return text, err
}

// metrics is called by the loop.
func (n *Node) metrics() []byte {
	var m exposition
	view, now, until := n.agent.View(), n.now(), time.Duration(n.until.Load())

	m.family("changeover_cluster_may_write", "gauge", "1 while the node's lease was renewed in time.")
	m.row("", float64(flag(now < until)))
	m.family("changeover_cluster_lease_remaining_seconds", "gauge",
		"How long the node may write on if no renewal of its lease is answered; not with StoreLossKeep.")
	if n.options.OnStoreLoss == StoreLossStop {
		m.row("", max(0, until-now).Seconds())
	}
	m.family("changeover_cluster_runs", "gauge", "Streams that the node runs: open, or only starting here before they move.")
	open := 0
	for _, r := range n.runs {
		open += flag(r.permit.open.Load())
	}
	m.row(`{state="open"}`, float64(open))
	m.row(`{state="starting"}`, float64(len(n.runs)-open))
	m.family("changeover_cluster_store_reloads", "counter",
		"How often the store had to be read anew, because its watch broke or it did not answer.")
	m.row("", float64(n.reloads.Load()))
	m.family("changeover_cluster_events", "counter", "What the node decided, by kind and reason.")
	order := func(a, b counted) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.reason, b.reason)) }
	for _, what := range slices.SortedFunc(maps.Keys(n.told), order) {
		m.row(fmt.Sprintf(`{kind="%s",reason="%s"}`, escape(string(what.kind)), escape(string(what.reason))),
			float64(n.told[what]))
	}

	unclaimed := 0
	for id := range view.Streams {
		if _, claimed := view.Claims[id]; !claimed {
			unclaimed++
		}
	}
	m.family("changeover_cluster_streams", "gauge", "Streams of the whole cluster, as far as this node knows: claimed by a node, or by nobody.")
	m.row(`{state="claimed"}`, float64(len(view.Streams)-unclaimed))
	m.row(`{state="unclaimed"}`, float64(unclaimed))
	m.family("changeover_cluster_streams_refused", "gauge", "Streams that are not as they should be, as they are in the store.")
	m.row("", float64(len(view.Refused)))
	m.family("changeover_cluster_moves", "gauge", "Streams on their way from one node to another.")
	m.row("", float64(len(view.Moves)))

	nodes := slices.Sorted(maps.Keys(view.Nodes))
	m.family("changeover_cluster_node_streams", "gauge", "Streams that each node has claimed.")
	for _, id := range nodes {
		m.row(node(id), float64(view.Load[id]))
	}
	m.family("changeover_cluster_node_capacity", "gauge", "Streams that each node takes at most.")
	for _, id := range nodes {
		m.row(node(id), float64(view.Nodes[id].Capacity))
	}
	m.family("changeover_cluster_node_draining", "gauge", "1 while a node gives its streams away.")
	for _, id := range nodes {
		m.row(node(id), float64(flag(view.Drained(id))))
	}
	m.text.WriteString("# EOF\n")
	return m.text.Bytes()
}

// exposition is text in OpenMetrics' format.
type exposition struct {
	text bytes.Buffer
	// What the rows to come are called.
	name string
}

func (m *exposition) family(name, kind, help string) {
	fmt.Fprintf(&m.text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
	if m.name = name; kind == "counter" {
		m.name += "_total"
	}
}

func (m *exposition) row(labels string, value float64) {
	fmt.Fprintf(&m.text, "%s%s %s\n", m.name, labels, strconv.FormatFloat(value, 'g', -1, 64))
}

func node(id string) string { return `{node="` + escape(id) + `"}` }

var escaper = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

func escape(label string) string { return escaper.Replace(label) }

func flag(is bool) int {
	if is {
		return 1
	}
	return 0
}
