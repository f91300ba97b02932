package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// process is a node's.
type process struct {
	command *exec.Cmd
	// Closed when it has ended, and how.
	ended chan struct{}
	err   error
}

// start starts a node, whose way to etcd is a wire of its own.
func (s *stage) start(name string) error {
	if s.wires[name] == nil {
		// Each node to another member.
		endpoint := s.etcd.Endpoints()[len(s.wires)%members]
		wire, err := newWire(strings.TrimPrefix(endpoint, "http://"))
		if err != nil {
			return err
		}
		s.wires[name] = wire
	}
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), envNode+"="+name, envEtcd+"="+s.wires[name].address(),
		envReceiver+"="+s.receiver.LocalAddr().String())
	if s.planted {
		command.Env = append(command.Env, envPlanted+"=1")
	}
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	p := &process{command: command, ended: make(chan struct{})}
	s.processes[name] = p
	go func() {
		s.listen(name, out)
		p.err = command.Wait()
		close(p.ended)
	}()
	return nil
}

func (s *stage) signal(name string, signal syscall.Signal) error {
	return s.processes[name].command.Process.Signal(signal)
}

// endsWell waits for a process to end by itself, without an error.
func (s *stage) endsWell(name string) error {
	p := s.processes[name]
	select {
	case <-p.ended:
		return p.err
	case <-time.After(patience):
		return fmt.Errorf("%s does not end", name)
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// listen prints what a node tells: what it tells of many streams within a moment, once.
func (s *stage) listen(name string, from io.Reader) {
	told := make(chan string)
	go func() {
		defer close(told)
		for lines := bufio.NewScanner(from); lines.Scan(); {
			told <- lines.Text()
		}
	}()
	counts, order, first := map[string]int{}, []string(nil), time.Time{}
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for more := true; more; {
		var line string
		select {
		case line, more = <-told:
			if more {
				if len(order) == 0 {
					first = time.Now()
				}
				if counts[line]++; counts[line] == 1 {
					order = append(order, line)
				}
				continue
			}
		case <-tick.C:
		}
		for _, line := range order {
			s.sayOf(first, "%s  %s", name, phrase(line, counts[line]))
		}
		clear(counts)
		order = nil
	}
}

// phrase says an event, of so many streams.
func phrase(line string, count int) string {
	fields := strings.SplitN(line, "|", 3)
	if len(fields) < 3 {
		return line
	}
	text, other, reason := fields[0], fields[1], fields[2]
	streams := fmt.Sprintf("%d streams", count)
	if count == 1 {
		streams = "1 stream"
	}
	text = strings.Replace(text, "#", streams, 1)
	if other == "" {
		text = strings.Replace(text, " of @", "", 1)
	}
	text = strings.Replace(text, "@", other, 1)
	if reason != "" {
		text += " (" + reason + ")"
	}
	return text
}
