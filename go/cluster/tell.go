package cluster

import (
	"context"
	"log/slog"

	"changeover"
	"changeover/cluster/event"
)

// tell counts an event, and tells the host and the log. Only the loop calls it.
func (n *Node) tell(told event.Event) {
	n.told[counted{told.Kind, told.Reason}]++
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

func level(kind event.Kind) slog.Level {
	switch kind {
	case event.Fenced, event.LeaseLost:
		return slog.LevelError
	case event.NameTaken, event.MoveFailed, event.Refused, event.StartFailed:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
