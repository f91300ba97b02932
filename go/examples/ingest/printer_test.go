package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// stalled is a pipe that is full, of empty lines, and that nobody reads.
func stalled(t *testing.T) (reader, writer *os.File) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close(); writer.Close() })
	filled := make(chan struct{})
	go func() {
		defer close(filled)
		// The last write waits until the reader is there.
		for writer.SetWriteDeadline(time.Now().Add(100*time.Millisecond)) == nil {
			if _, err := writer.Write(bytes.Repeat([]byte("\n"), 4096)); err != nil {
				break
			}
		}
	}()
	<-filled
	if err := writer.SetWriteDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	return reader, writer
}

func TestAPrinterDropsAndTells(t *testing.T) {
	reader, writer := stalled(t)
	p := newPrinter(writer)
	const lines = 20000
	for i := range lines {
		fmt.Fprintf(p, "line %d%s\n", i, strings.Repeat(".", 100))
	}
	// It ends though nobody reads.
	p.flush(10 * time.Millisecond)
	p.mu.Lock()
	dropped := p.dropped
	p.mu.Unlock()
	if dropped == 0 {
		t.Fatal("nothing was dropped")
	}
	go func() {
		p.flush(patience)
		fmt.Fprintln(p, "the end")
		p.flush(patience)
		writer.Close()
	}()
	taken, told := 0, ""
	for text := bufio.NewScanner(reader); text.Scan(); {
		line := text.Text()
		switch {
		case strings.HasPrefix(line, fmt.Sprintf("line %d.", taken)):
			taken++
		case line != "the end":
			told += line
		}
	}
	if want := fmt.Sprintf(`"lines":%d}`, dropped); taken != lines-dropped || !strings.HasSuffix(told, want) {
		t.Errorf("%d lines in order, told %q; want %d, %s", taken, told, lines-dropped, want)
	}
}

type refusing struct{ io.Writer }

func (refusing) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAPrinterOutlivesAFullDisk(t *testing.T) {
	p := newPrinter(refusing{})
	fmt.Fprintln(p, "no room")
	p.flush(patience)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dropped != 1 {
		t.Errorf("%d dropped", p.dropped)
	}
}
