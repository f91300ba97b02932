package changeover

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// Nasty texts and URLs. The same are tried in src/print/tests.rs.
func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "",
		"refused\r\n12:00 news: restored":     `refused\r\n12:00 news: restored`,
		"\x1b[2J\x7f\x00":                     `\u{1b}[2J\u{7f}\u{0}`,
		"\u009b31m\u2028\u202e\u2066":         `\u{9b}31m\u{2028}\u{202e}\u{2066}`,
		"\x9b31m":                             "\ufffd31m",
		`\n`:                                  `\n`,
		"rtmp://u:p@h/live/secret: refused":   "rtmp://***@h/live/***: refused",
		strings.Repeat("é", 5000) + "\n":      strings.Repeat("é", 5000) + `\n`,
		"'srt://h:1?passphrase=secret' fails": "'srt://h:1?passphrase=***' fails",
	} {
		if got := Printable(text); got != want {
			t.Errorf("%q is printed as %s, want %s", text, got, want)
		}
	}
	for url, want := range map[string]string{
		"":                                 "",
		"rtmp://cdn.example/live/secret":   "rtmp://cdn.example/live/***",
		"srt://h:9000?passphrase=secret":   "srt://h:9000?passphrase=***",
		"srt://u:secret@[2001:db8::1]:900": "srt://***@[2001:db8::1]:900",
		"rtsp://admin:se/cret@cam/1":       "rtsp://***",
		"rtsp://admin%3Asecret%40cam/1":    "rtsp://***@cam/***",
		"live/secret":                      "live/***",
		"239.1.1.1:5000":                   "239.1.1.1:5000",
		"file:/media/a\nb":                 `file:/media/a\nb`,
		"rtmp://h/" + strings.Repeat("x", 1<<20) + "/secret": "rtmp://h/***/***",
	} {
		if got := PrintableURL(url); got != want {
			t.Errorf("%.100q is printed as %s, want %s", url, got, want)
		}
	}
}

// What is logged leaves no line, and keeps no secret, whatever the handler.
func TestLogValues(t *testing.T) {
	url := "rtmp://user:secret@h/live/secret"
	event := Event{Kind: EventDegraded, Stream: "a\n\u202eb\u0085", Priority: 0, From: -1, Detail: url + "\nnews: restored"}
	input := InputConfig{URL: url, Options: []Option{{Key: "Authorization", Value: "secret"}}}
	for _, handler := range []func(*bytes.Buffer) slog.Handler{
		func(out *bytes.Buffer) slog.Handler { return slog.NewTextHandler(out, nil) },
		func(out *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(out, nil) },
	} {
		var out bytes.Buffer
		slog.New(handler(&out)).Info("told", "event", event, "input", input)
		line := strings.TrimSuffix(out.String(), "\n")
		if strings.ContainsAny(line, "\n\u202e\u0085") || strings.Contains(line, "secret") || !strings.Contains(line, "rtmp://***@h/live/***") {
			t.Errorf("logged: %q", line)
		}
	}
}

// What was measured is logged as what it is: a time, or a number.
func TestLoggedMeasures(t *testing.T) {
	for _, c := range []struct {
		event Event
		want  string
	}{
		{Event{Reason: ReasonTimeout, Measured: 2001 * time.Millisecond, Limit: 2 * time.Second}, "measured=2.001s limit=2s"},
		{Event{Reason: ReasonLowBitrate, Measured: 212, Limit: 1000, Window: time.Second}, "measured=212 limit=1000 window=1s"},
		{Event{Kind: EventMassFailure, Measured: 31, Limit: 30}, "measured=31 limit=30"},
	} {
		c.event.From, c.event.Priority = -1, -1
		if got := c.event.LogValue().String(); !strings.HasSuffix(got, c.want+"]") {
			t.Errorf("logged: %s, want %s", got, c.want)
		}
	}
}

// Whose status it is, for how long, and how its inputs are.
func TestStatusSaysWhoseItIs(t *testing.T) {
	service := onAir(t)
	status, ok := service.RuntimeStatus("news")
	if !ok || status.Stream != "news" || status.Registration == 0 || status.SwitchNumber == 0 {
		t.Errorf("%+v", status)
	}
	if age := time.Since(status.RegisteredAt); age < 0 || age > time.Hour || status.Uptime() < 0 || status.Uptime() > time.Hour {
		t.Errorf("registered %v ago, up %v", age, status.Uptime())
	}
	health, ok := service.InputHealth("news", 0)
	if !ok || health.InputPriority != 0 || health.Session == 0 || health.Status != StatusActive {
		t.Errorf("%+v", health)
	}
	if _, ok := service.InputHealth("news", 7); ok {
		t.Error("there is no input 7")
	}
	if _, ok := service.InputHealth("none", 0); ok {
		t.Error("there is no such stream")
	}
	if err := service.UpdateInputs("news", []InputConfig{{Priority: 2, URL: "rtmp://u:secret@h/live/secret"}}, nil, nil); err != nil {
		t.Fatal(err)
	}
	service.ReportInputError("news", 2, errors.New("rtmp://h/live/secret: refused\u202e"))
	document, _ := service.RuntimeStatusJSON("news")
	if strings.Contains(string(document), "secret") || strings.Contains(string(document), "\u202e") {
		t.Errorf("%s", document)
	}
	health, _ = service.InputHealth("news", 2)
	if health.URL != "rtmp://***@h/live/***" || health.LastError != "rtmp://h/live/***: refused\u202e" {
		t.Errorf("%+v", health)
	}
}
