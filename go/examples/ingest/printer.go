package main

// Logging that waits for nobody: not for a pipe whose reader has stalled, not for a full disk.

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// printerLimit is how many bytes may wait for the reader; what is written then is dropped.
const printerLimit = 256 << 10

// printer is a writer that takes each text whole or drops it, and never waits. Texts come out in order.
type printer struct {
	to io.Writer

	mu      sync.Mutex
	waiting []byte
	// Bytes that are being written.
	inHand int
	// Texts dropped that no line tells of yet.
	dropped int
	// There is something to write; everything is written.
	work, idle sync.Cond
}

// newPrinter makes a printer, whose goroutine is there as long as the program.
func newPrinter(to io.Writer) *printer {
	p := &printer{to: to}
	p.work.L, p.idle.L = &p.mu, &p.mu
	go p.writeAll()
	return p
}

// Write never waits and never fails: to whom nobody listens, nothing can be said.
func (p *printer) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting)+p.inHand >= printerLimit {
		p.dropped++
		return len(text), nil
	}
	if p.dropped > 0 {
		p.waiting = fmt.Appendf(p.waiting, `{"time":%q,"level":"WARN","msg":"lines dropped, nobody read them in time","lines":%d}`+"\n",
			time.Now().Format(time.RFC3339Nano), p.dropped)
		p.dropped = 0
	}
	p.waiting = append(p.waiting, text...)
	p.work.Signal()
	return len(text), nil
}

// flush gives the reader so long to take what waits.
func (p *printer) flush(patience time.Duration) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.mu.Lock()
		defer p.mu.Unlock()
		for len(p.waiting)+p.inHand > 0 {
			p.idle.Wait()
		}
	}()
	select {
	case <-done:
	case <-time.After(patience):
	}
}

func (p *printer) writeAll() {
	p.mu.Lock()
	for {
		for len(p.waiting) == 0 {
			p.idle.Broadcast()
			p.work.Wait()
		}
		text := p.waiting
		p.waiting, p.inHand = nil, len(text)
		p.mu.Unlock()
		_, err := p.to.Write(text)
		p.mu.Lock()
		p.inHand = 0
		if err != nil {
			p.dropped++
		}
	}
}
