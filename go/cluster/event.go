package cluster

import (
	"context"
	"log/slog"
	"time"

	"changeover"
	"changeover/cluster/internal/agent"
	"changeover/cluster/table"
)

// Event is a decision of a node's, for people and for metrics.
type Event struct {
	Kind EventKind
	// Stream is whom it concerns; "": the node.
	Stream string
	// Node is the other node, if there is one: where a stream comes from or goes to.
	Node string
	// Reason is why a stream came or goes.
	Reason table.Reason
	// Epoch is that of the stream's run here.
	Epoch int64
	// Detail says more, for people.
	Detail string
	At     time.Time
}

// EventKind is what an [Event] is of.
type EventKind string

const (
	// EventJoined: the node has a lease, and the others know it.
	EventJoined = EventKind(agent.Joined)
	// EventNameTaken: another process has the node's name; it waits until that one's lease has ended.
	EventNameTaken = EventKind(agent.NameTaken)
	// EventFenced: the lease could not be renewed in time; the streams are stopped, or with
	// [StoreLossKeep] kept.
	EventFenced = EventKind(agent.Fenced)
	// EventBack: the lease was renewed after all.
	EventBack = EventKind(agent.Back)
	// EventLeaseLost: the lease has ended.
	EventLeaseLost = EventKind(agent.LeaseLost)
	// EventClaimed: the stream is this node's, and starts. Node is who had it before.
	EventClaimed = EventKind(agent.Claimed)
	// EventGone: the stream is stopped here. Node is who has it now.
	EventGone = EventKind(agent.Gone)
	// EventMoving: the stream is to move to Node.
	EventMoving = EventKind(agent.Moving)
	// EventWarming: the stream starts here, and is Node's still.
	EventWarming = EventKind(agent.Warming)
	// EventTook: the stream that started here is this node's from here on.
	EventTook = EventKind(agent.Took)
	// EventMoveFailed: the stream stays where it is, for now.
	EventMoveFailed = EventKind(agent.MoveFailed)
	// EventRefused: the stream in the store is not as it should be, or a change of it could not be made; it
	// goes on as it was.
	EventRefused = EventKind(agent.Refused)
	// EventStartFailed: the engine did not take the stream; it is left to other nodes for a while.
	EventStartFailed = EventKind(agent.StartFailed)
)

// tell tells the host and the log.
func (n *Node) tell(event agent.Event) {
	told := Event{
		Kind: EventKind(event.Kind), Stream: event.Stream, Node: event.Node, Reason: event.Reason,
		Epoch: event.Epoch, Detail: event.Detail, At: event.At,
	}
	attributes := []slog.Attr{slog.String("node", n.options.ID)}
	add := func(key, value string) {
		if value != "" {
			attributes = append(attributes, slog.String(key, changeover.Printable(value)))
		}
	}
	add("stream", told.Stream)
	add("other", told.Node)
	add("reason", string(told.Reason))
	add("detail", told.Detail)
	if told.Epoch != 0 {
		attributes = append(attributes, slog.Int64("epoch", told.Epoch))
	}
	n.options.Logger.LogAttrs(context.Background(), level(told.Kind), "cluster: "+string(told.Kind), attributes...)
	if n.options.OnEvent != nil {
		n.options.OnEvent(told)
	}
}

func level(kind EventKind) slog.Level {
	switch kind {
	case EventFenced, EventLeaseLost:
		return slog.LevelError
	case EventNameTaken, EventMoveFailed, EventRefused, EventStartFailed:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
