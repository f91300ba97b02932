package main

// The server with real sources: two ffmpegs, of which one is killed.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"changeover"
)

// patience is for what ought to happen at once, on a busy machine.
const patience = 60 * time.Second

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in %v: %s", patience, what)
		}
	}
}

// freePorts finds UDP ports that nobody uses just now.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		ports[i] = conn.LocalAddr().(*net.UDPAddr).Port
	}
	return ports
}

func udpURL(port int) string { return fmt.Sprintf("udp://127.0.0.1:%d", port) }

// source starts an ffmpeg that sends a test picture as MPEG-TS.
func source(t *testing.T, port int) *exec.Cmd {
	t.Helper()
	ffmpeg := exec.Command("ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=25",
		"-c:v", "mpeg2video", "-g", "25", "-b:v", "300k", "-f", "mpegts", udpURL(port)+"?pkt_size=1316")
	ffmpeg.Stderr = os.Stderr
	if err := ffmpeg.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ffmpeg.Process.Kill()
		ffmpeg.Wait()
	})
	return ffmpeg
}

// kill ends a source as a power cut does.
func kill(source *exec.Cmd) {
	source.Process.Kill()
	source.Wait()
}

// sink counts what a stream's output receives, and that it is MPEG-TS.
type sink struct {
	mu       sync.Mutex
	packets  int
	last     time.Time
	broken   int
	longest  time.Duration
	finished chan struct{}
}

func newSink(t *testing.T, port int) *sink {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{finished: make(chan struct{})}
	go func() {
		defer close(s.finished)
		packet := make([]byte, datagram)
		for {
			n, err := conn.Read(packet)
			if err != nil {
				return
			}
			s.mu.Lock()
			if n%188 != 0 || packet[0] != 0x47 {
				s.broken++
			}
			now := time.Now()
			if s.packets > 0 {
				s.longest = max(s.longest, now.Sub(s.last))
			}
			s.packets++
			s.last = now
			s.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-s.finished
	})
	return s
}

func (s *sink) received() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.packets
}

// logs keeps what the server logs.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// address is where the server says it serves.
func (l *logs) address() string {
	for _, line := range strings.Split(l.String(), "\n") {
		var entry struct{ Msg, Address string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "serving" {
			return entry.Address
		}
	}
	return ""
}

// serve runs the server for a test and returns where it serves.
func serve(t *testing.T, streams []streamConfig) (url string, log *logs) {
	t.Helper()
	log = &logs{}
	serveLogging(t, log, streams, "", "127.0.0.1:0")
	eventually(t, "the server serves", func() bool { return log.address() != "" })
	return "http://" + log.address(), log
}

// serveLogging runs the server for a test, with a log of the test's.
func serveLogging(t *testing.T, log io.Writer, streams []streamConfig, trace, listen string) {
	t.Helper()
	text, err := json.Marshal(streams)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "streams.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	tokenFile := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(tokenFile, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	settings := changeover.Config{PacketTimeout: 2 * time.Second, ConnectTimeout: 30 * time.Second,
		ProbeCooldown: 500 * time.Millisecond, SwitchCooldown: changeover.NoWait, FailbackStable: changeover.NoWait}
	go func() {
		ended <- run(ctx, slog.New(slog.NewJSONHandler(log, nil)), file, trace, page{listen, tokenFile}, settings)
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the server: %v", err)
		}
		if t.Failed() {
			t.Logf("the server's log:\n%s", log)
		}
	})
}

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, response.Status, err)
	}
	return string(body)
}

const token = "correct-horse-battery"

// post does something with a stream.
func post(t *testing.T, url, streamID, action, body, token string) int {
	t.Helper()
	request, err := http.NewRequest("POST", url+"/api/streams/"+streamID+"/"+action, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

func status(t *testing.T, url, streamID string) changeover.RuntimeStatus {
	t.Helper()
	var details struct{ Status changeover.RuntimeStatus }
	if err := json.Unmarshal([]byte(get(t, url+"/api/streams/"+streamID)), &details); err != nil {
		t.Fatal(err)
	}
	return details.Status
}

func onAir(t *testing.T, url, streamID string, priority int) func() bool {
	return func() bool {
		s := status(t, url, streamID)
		return s.ActiveInputPriority == priority &&
			slices.ContainsFunc(s.Inputs, func(in changeover.InputHealthSnapshot) bool {
				return in.InputPriority == priority && in.Status == changeover.StatusActive
			})
	}
}

func TestAKilledSourceIsFailedOverFrom(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Fatal("ffmpeg is needed: apt-get install ffmpeg")
	}
	ports := freePorts(t, 6)
	newsOut, sportOut := newSink(t, ports[0]), newSink(t, ports[1])
	primary, _ := source(t, ports[2]), source(t, ports[3])
	source(t, ports[4])
	url, log := serve(t, []streamConfig{
		{ID: "news", Output: udpURL(ports[0]), Inputs: []string{udpURL(ports[2]), udpURL(ports[3])}},
		{ID: "sport", Output: udpURL(ports[1]), Inputs: []string{udpURL(ports[4]), udpURL(ports[5])}},
	})
	eventually(t, "both streams are on air", func() bool {
		return onAir(t, url, "news", 0)() && onAir(t, url, "sport", 0)() && newsOut.received() > 20 && sportOut.received() > 20
	})

	kill(primary)
	eventually(t, "failover", onAir(t, url, "news", 1))
	before := newsOut.received()
	eventually(t, "the backup's packets", func() bool { return newsOut.received() > before+20 })
	s := status(t, url, "news")
	last := s.Switches[len(s.Switches)-1]
	if last.From != 0 || last.To != 1 || last.Reason != changeover.ReasonTimeout {
		t.Errorf("the last switch: %+v", last)
	}
	if dead := s.Inputs[0]; dead.Status != changeover.StatusDegraded || dead.Errors[0].Reason != changeover.ReasonTimeout {
		t.Errorf("the dead input: %+v", dead)
	}
	if got := status(t, url, "sport"); got.ActiveInputPriority != 0 || len(got.Switches) != 1 {
		t.Errorf("the other stream switched as well: %+v", got)
	}

	// It comes back, is found by a probe, and returned to.
	source(t, ports[2])
	eventually(t, "failback", onAir(t, url, "news", 0))

	// An operator's choice.
	if code := post(t, url, "news", "switch", `{"input":1}`, token); code != http.StatusOK {
		t.Errorf("switch: %d", code)
	}
	eventually(t, "the switch", onAir(t, url, "news", 1))
	if s := status(t, url, "news"); s.OverrideInputPriority == nil || *s.OverrideInputPriority != 1 {
		t.Errorf("override: %+v", s)
	}
	for _, refused := range []struct {
		stream, body, token string
		want                int
	}{
		{"news", `{"input":7}`, token, http.StatusNotFound},
		{"what", `{"input":0}`, token, http.StatusNotFound},
		{"news", `{"input":"x"}`, token, http.StatusBadRequest},
		{"news", `{"input":0}`, "guessed-wrongly-again", http.StatusUnauthorized},
	} {
		if code := post(t, url, refused.stream, "switch", refused.body, refused.token); code != refused.want {
			t.Errorf("%+v: %d", refused, code)
		}
	}
	if code := post(t, url, "news", "clear", "", token); code != http.StatusOK {
		t.Errorf("clear: %d", code)
	}

	page := get(t, url+"/metrics")
	for _, line := range []string{
		`changeover_stream_active_input{stream="sport"} 0`,
		`changeover_switches_total{reason="timeout"} 1`,
		`changeover_stream_exhausted{stream="news"} 0`,
		`changeover_input_receiving{stream="sport",input="0"} 1`,
	} {
		if !strings.Contains(page, line) {
			t.Errorf("/metrics does not have %s", line)
		}
	}
	if !strings.Contains(get(t, url+"/"), "<title>changeover</title>") {
		t.Error("there is no page")
	}
	if !strings.Contains(log.String(), `"msg":"degraded","event":{"kind":"degraded","stream":"news","input":0,"reason":"timeout"`) {
		t.Error("the log does not tell of the failover")
	}
	for name, out := range map[string]*sink{"news": newsOut, "sport": sportOut} {
		out.mu.Lock()
		t.Logf("%s: %d datagrams, longest silence %v", name, out.packets, out.longest.Round(time.Millisecond))
		if out.broken > 0 {
			t.Errorf("%s: %d datagrams are no MPEG-TS", name, out.broken)
		}
		out.mu.Unlock()
	}
}

// While nobody reads the log, sources are failed over from, and the server ends.
func TestAStalledLogHoldsUpNothing(t *testing.T) {
	ports := freePorts(t, 3)
	out := newSink(t, ports[0])
	primary, _ := source(t, ports[1]), source(t, ports[2])
	_, writer := stalled(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	serveLogging(t, newPrinter(writer), []streamConfig{
		{ID: "news", Output: udpURL(ports[0]), Inputs: []string{udpURL(ports[1]), udpURL(ports[2])}},
	}, "", address)
	eventually(t, "the server serves", func() bool {
		response, err := http.Get("http://" + address + "/healthz")
		if err == nil {
			response.Body.Close()
		}
		return err == nil
	})
	eventually(t, "on air", func() bool { return onAir(t, "http://"+address, "news", 0)() && out.received() > 20 })
	kill(primary)
	eventually(t, "failover", onAir(t, "http://"+address, "news", 1))
	before := out.received()
	eventually(t, "the backup's packets", func() bool { return out.received() > before+20 })
}

func TestAUselessConfigurationIsRefused(t *testing.T) {
	directory := t.TempDir()
	for name, text := range map[string]string{
		"no JSON":      `{`,
		"no udp":       `[{"id":"a","output":"http://x:1"}]`,
		"no port":      `[{"id":"a","output":"udp://x"}]`,
		"the id twice": `[{"id":"a","output":"udp://127.0.0.1:9"},{"id":"a","output":"udp://127.0.0.1:9"}]`,
	} {
		file := filepath.Join(directory, "streams.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		logger := slog.New(slog.NewTextHandler(io.Discard, nil))
		if err := run(context.Background(), logger, file, "", page{address: "127.0.0.1:0"}, changeover.Config{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestATraceIsRecordedWhereItIsAskedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace")
	t.Run("serving", func(t *testing.T) {
		log, ports := &logs{}, freePorts(t, 2)
		serveLogging(t, log, []streamConfig{
			{ID: "news", Output: udpURL(ports[0]), Inputs: []string{udpURL(ports[1])}},
		}, path, "127.0.0.1:0")
		eventually(t, "the server serves", func() bool { return log.address() != "" })
	})
	trace, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(trace, []byte("changeover-trace\n")) || !bytes.Contains(trace, []byte("news")) {
		t.Errorf("no trace of it: %q", trace)
	}
	file := filepath.Join(t.TempDir(), "streams.json")
	if err := os.WriteFile(file, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	nowhere := filepath.Join(path, "nowhere")
	err = run(context.Background(), slog.New(slog.DiscardHandler), file, nowhere, page{address: "127.0.0.1:0"}, changeover.Config{})
	if err == nil || !strings.Contains(err.Error(), nowhere) {
		t.Errorf("a file that can't be made: %v", err)
	}
}

// Beyond this machine nothing is served without a token.
func TestThePageIsForThisMachineOrForWhoHasTheToken(t *testing.T) {
	service, err := changeover.New(newIngestor(slog.New(slog.DiscardHandler)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	if _, err := (page{}).handler(service, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
		t.Error(err)
	}
	if _, err := (page{}).handler(service, &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1)}); !errors.Is(err, changeover.ErrToken) {
		t.Error(err)
	}
	if _, err := (page{tokenFile: "no such file"}).handler(service, &net.TCPAddr{}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
