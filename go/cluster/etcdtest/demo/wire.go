package main

import (
	"io"
	"net"
	"sync"
)

// wire is a node's way to etcd, which can be cut.
type wire struct {
	listener net.Listener
	to       string

	mu          sync.Mutex
	isCut       bool
	connections map[net.Conn]bool
}

func newWire(to string) (*wire, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &wire{listener: listener, to: to, connections: map[net.Conn]bool{}}
	go w.serve()
	return w, nil
}

func (w *wire) address() string { return "http://" + w.listener.Addr().String() }

func (w *wire) serve() {
	for {
		from, err := w.listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", w.to)
		if err != nil || !w.keep(from, to) {
			from.Close()
			continue
		}
		go func() { io.Copy(to, from); to.Close() }()
		go func() { io.Copy(from, to); from.Close() }()
	}
}

// keep notes connections; false: the wire is cut.
func (w *wire) keep(all ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, connection := range all {
		if w.isCut {
			connection.Close()
		}
		w.connections[connection] = true
	}
	return !w.isCut
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isCut = true
	for connection := range w.connections {
		connection.Close()
	}
	clear(w.connections)
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isCut = false
}
