// Command ingest is a small live-ingest server on top of changeover: it receives MPEG-TS over UDP,
// several streams with several inputs each, and forwards to each stream's output what is on air.
//
//	ingest -config streams.json -http 127.0.0.1:9180 -token-file token
//
// -http is where operators see the streams: a page, /api, /metrics for Prometheus, /healthz. With the token in
// the file they can switch and disable inputs there; beyond this machine nothing is shown without it.
//
// -trace path records what decisions are made from, and what was decided, for changeover replay.
//
// The configuration is a list of streams:
//
//	[{"id": "news", "output": "udp://127.0.0.1:6000",
//	  "inputs": ["udp://127.0.0.1:5000", "udp://127.0.0.1:5001"]}]
//
// An output may be rtp://… as well. For a stream that moves between machines, "first_switch" is the number of its first
// switch, above all numbers that it had elsewhere; with "rtp_switch_element" (1 to 14) each RTP packet has the switch
// number in that element of a header extension, so that the receiver can drop what a machine sends that was replaced.
//
// The first input is preferred. Logs are JSON, by log/slog; while nobody reads them, they are dropped and counted.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"changeover"
)

// streamConfig is one stream in the configuration file.
type streamConfig struct {
	ID     string   `json:"id"`
	Output string   `json:"output"`
	Inputs []string `json:"inputs"`
	// For a stream that moves; see above.
	FirstSwitch      uint64 `json:"first_switch"`
	RTPSwitchElement int    `json:"rtp_switch_element"`
}

func main() {
	config := flag.String("config", "streams.json", "the streams")
	address := flag.String("http", "127.0.0.1:9180", "where to serve the page")
	tokenFile := flag.String("token-file", "", "a file with the token that lets the page change things")
	trace := flag.String("trace", "", "where to record what decisions are made from, for changeover replay")
	timeout := flag.Duration("packet-timeout", 2*time.Second, "silence after which an input is given up")
	stable := flag.Duration("failback-stable", 3*time.Second, "how long a better input must deliver before it is returned to")
	flag.Parse()
	// A session logs before it reads: it must not wait for who reads the log.
	log := newPrinter(os.Stderr)
	logger := slog.New(slog.NewJSONHandler(log, nil))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	settings := changeover.Config{PacketTimeout: *timeout, FailbackStable: *stable}
	err := run(ctx, logger, *config, *trace, page{address: *address, tokenFile: *tokenFile}, settings)
	if err != nil {
		logger.Error("ingest", "error", err)
	}
	log.flush(time.Second)
	if err != nil {
		os.Exit(1)
	}
}

// run serves until ctx is done. Without a trace it is "".
func run(ctx context.Context, logger *slog.Logger, file, trace string, page page, settings changeover.Config) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var streams []streamConfig
	if err := json.Unmarshal(text, &streams); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}

	ingest := newIngestor(logger)
	service, err := changeover.New(ingest, &changeover.Options{
		Config:  settings,
		Logger:  logger,
		OnEvent: func(event changeover.Event) { logEvent(logger, event) },
	})
	if err != nil {
		return err
	}
	ingest.service = service
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := service.Shutdown(ctx); err != nil {
			logger.Warn("shutdown", "error", err)
		}
	}()
	if trace != "" {
		// Before the first stream, so that all of it is there. Shutdown ends it.
		if err := service.TraceTo(trace, changeover.TraceLimits{}); err != nil {
			return err
		}
	}

	for _, stream := range streams {
		if err := ingest.addOutput(stream); err != nil {
			return err
		}
		inputs := make([]changeover.InputConfig, len(stream.Inputs))
		for priority, url := range stream.Inputs {
			inputs[priority] = changeover.InputConfig{Priority: priority, URL: url}
		}
		// The streams end with ctx.
		live := changeover.Stream{ID: stream.ID, Inputs: inputs, FirstSwitch: stream.FirstSwitch}
		if err := service.Register(ctx, live, ""); err != nil {
			return err
		}
	}

	listener, err := net.Listen("tcp", page.address)
	if err != nil {
		return err
	}
	handler, err := page.handler(service, listener.Addr())
	if err != nil {
		listener.Close()
		return err
	}
	logger.Info("serving", "address", listener.Addr().String(), "streams", len(streams))
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// logEvent gives each decision the level it deserves.
func logEvent(logger *slog.Logger, event changeover.Event) {
	level := slog.LevelInfo
	switch event.Kind {
	case changeover.EventExhausted:
		level = slog.LevelError
	case changeover.EventDegraded, changeover.EventGap:
		level = slog.LevelWarn
	}
	logger.Log(context.Background(), level, event.Kind.String(), "event", event)
}
