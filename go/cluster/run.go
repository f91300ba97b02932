package cluster

// The streams that a node runs, in its service.

import (
	"context"
	"fmt"
	"time"

	"changeover"
	"changeover/cluster/event"
	"changeover/cluster/internal/agent"
	"changeover/cluster/table"
)

// epochBits is how many switches each epoch has numbers for, as a power of two.
const epochBits = 20

// running is a stream that was started.
type running struct {
	stream *table.Stream
	permit *Permit
	end    context.CancelFunc
}

// start registers a stream.
func (n *Node) start(action agent.Start) {
	ctx, end := context.WithCancel(context.Background())
	r := &running{
		stream: action.Stream, end: end,
		permit: &Permit{stream: action.Stream.ID, epoch: action.Epoch, node: n},
	}
	r.permit.open.Store(action.Open)
	registered, err := engineStream(action.Stream)
	if err == nil {
		registered.FirstSwitch = uint64(action.Epoch) << epochBits
		ctx = context.WithValue(ctx, permitKey{}, r.permit)
		err = n.service.Register(ctx, registered, action.Stream.Output)
	}
	if err != nil {
		end()
		// Not at once: the agent is in the middle of saying what to do.
		n.work.Add(1)
		go func() {
			defer n.work.Done()
			n.post(func() { n.do(n.agent.StartFailed(n.now(), action.Stream.ID, action.Epoch, err)) })
		}()
		return
	}
	n.runs[action.Stream.ID] = r
}

// run is a stream's run, if it is that epoch's.
func (n *Node) run(id string, epoch int64) *running {
	if r := n.runs[id]; r != nil && r.permit.epoch == epoch {
		return r
	}
	return nil
}

func (n *Node) open(action agent.Open) {
	if r := n.run(action.ID, action.Epoch); r != nil {
		r.permit.open.Store(true)
	}
}

// stop ends a run: first it writes nothing any more.
func (n *Node) stop(action agent.Stop) {
	r := n.run(action.ID, action.Epoch)
	if r == nil {
		return
	}
	r.permit.open.Store(false)
	delete(n.runs, action.ID)
	// An error would be that it has ended already.
	_ = n.service.Unregister(action.ID)
	r.end()
}

// update has a stream run as it should now, without a restart of what has not changed.
func (n *Node) update(action agent.Update) {
	r := n.run(action.Stream.ID, action.Epoch)
	if r == nil {
		return
	}
	if err := n.change(r, action.Stream); err != nil {
		n.tell(event.Event{
			Kind: event.Refused, Stream: action.Stream.ID, Epoch: action.Epoch, Detail: err.Error(), At: time.Now(),
		})
	}
}

// change has a run be as its stream is now. If the engine refuses a part of that, r.stream is what it did take:
// the next change begins there.
func (n *Node) change(r *running, to *table.Stream) error {
	was, err := engineStream(r.stream)
	if err != nil {
		return err
	}
	is, err := engineStream(to)
	if err != nil {
		return err
	}
	if is.Config != was.Config {
		if err := n.service.SetConfig(to.ID, is.Config); err != nil {
			return err
		}
		r.stream = with(r.stream, func(stream *table.Stream) { stream.Settings = to.Settings })
	}
	added, removed, updated := difference(r.stream, to)
	if len(added)+len(removed)+len(updated) > 0 {
		err := n.service.UpdateInputs(to.ID, pick(is, added), pick(was, removed), pick(is, updated))
		if err != nil {
			return err
		}
		r.stream = with(r.stream, func(stream *table.Stream) { stream.Inputs = to.Inputs })
	}
	if r.stream.Output != to.Output {
		if err := n.service.UpdateBufferWriteID(to.ID, to.Output); err != nil {
			return err
		}
	}
	r.stream = to
	return nil
}

// with is a stream that differs from another by a change.
func with(stream *table.Stream, change func(*table.Stream)) *table.Stream {
	changed := *stream
	change(&changed)
	return &changed
}

// difference is the priorities of inputs to add, to remove and to update.
func difference(from, to *table.Stream) (added, removed, updated map[int]bool) {
	added, removed, updated = map[int]bool{}, map[int]bool{}, map[int]bool{}
	before := map[int]*table.Input{}
	for i := range from.Inputs {
		before[from.Inputs[i].Priority] = &from.Inputs[i]
		removed[from.Inputs[i].Priority] = true
	}
	for i := range to.Inputs {
		input := &to.Inputs[i]
		old, there := before[input.Priority]
		delete(removed, input.Priority)
		if !there {
			added[input.Priority] = true
		} else if !old.Same(input) {
			updated[input.Priority] = true
		}
	}
	return added, removed, updated
}

// pick is a stream's inputs of some priorities.
func pick(stream changeover.Stream, priorities map[int]bool) []changeover.InputConfig {
	var inputs []changeover.InputConfig
	for _, input := range stream.Inputs {
		if priorities[input.Priority] {
			inputs = append(inputs, input)
		}
	}
	return inputs
}

// onAir says whether a run has something on air.
func (n *Node) onAir(id string, epoch int64) bool {
	if n.run(id, epoch) == nil {
		return false
	}
	status, _ := n.service.RuntimeStatus(id)
	for _, input := range status.Inputs {
		if input.InputPriority == status.ActiveInputPriority {
			return input.Status == changeover.StatusActive && !status.Exhausted
		}
	}
	return false
}

// engineStream is a stream as the engine has it.
func engineStream(stream *table.Stream) (changeover.Stream, error) {
	made := changeover.Stream{ID: stream.ID}
	var err error
	if made.Config, err = settings(stream.Settings); err != nil {
		return made, err
	}
	for _, input := range stream.Inputs {
		config := changeover.InputConfig{Priority: input.Priority, URL: input.URL}
		if config.Config, err = settings(input.Settings); err != nil {
			return made, fmt.Errorf("input %d: %w", input.Priority, err)
		}
		for _, option := range input.Options {
			config.Options = append(config.Options, changeover.Option{Key: option.Key, Value: option.Value})
		}
		made.Inputs = append(made.Inputs, config)
	}
	return made, nil
}

// checkStream says what is wrong with a stream for the engine.
func checkStream(stream *table.Stream) error {
	_, err := engineStream(stream)
	return err
}
