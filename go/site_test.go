package changeover_test

// The site behind a server of Go's.

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"changeover"
)

const token = "correct-horse-battery"

// Whatever takes longer does not come.
const deadline = 30 * time.Second

// site serves a service, with more options than none, below /ops/, as one of several things on a server.
func site(t *testing.T, service *changeover.Service, options *changeover.SiteOptions) *httptest.Server {
	t.Helper()
	handler, err := service.Handler(options)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/ops/", http.StripPrefix("/ops", handler))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func ask(t *testing.T, server *httptest.Server, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, server.URL+"/ops"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	if host := request.Header.Get("Host"); host != "" {
		request.Host = host
	}
	answer, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

func TestSiteShowsStreams(t *testing.T) {
	service := newService(t, &host{}, changeover.Config{})
	for _, id := range []string{"news", "Zürich/1 ?#%2f"} {
		register(t, service, twoInputs(id))
	}
	server := site(t, service, nil)

	answer, page := ask(t, server, "GET", "/", "")
	if answer.StatusCode != 200 || !strings.Contains(page, "<title>changeover</title>") ||
		!strings.Contains(answer.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%v %.200s", answer, page)
	}
	_, streams := ask(t, server, "GET", "/api/streams?sort=id&limit=1", "")
	var list struct {
		Total   int
		Streams []struct{ Stream string }
	}
	if err := json.Unmarshal([]byte(streams), &list); err != nil || list.Total != 2 || list.Streams[0].Stream != "Zürich/1 ?#%2f" {
		t.Errorf("%v %s", err, streams)
	}
	answer, stream := ask(t, server, "GET", "/api/streams/Z%C3%BCrich%2F1%20%3F%23%252f", "")
	if answer.StatusCode != 200 || !strings.Contains(stream, `"timeline"`) {
		t.Errorf("%v %s", answer, stream)
	}
	answer, metrics := ask(t, server, "GET", "/metrics", "")
	if answer.Header.Get("Content-Type") != changeover.MetricsContentType || !strings.HasSuffix(metrics, "# EOF\n") {
		t.Errorf("%v %s", answer, metrics)
	}
	if answer, health := ask(t, server, "GET", "/healthz", ""); answer.StatusCode != 200 {
		t.Errorf("%v %s", answer, health)
	}
	if answer, head := ask(t, server, "HEAD", "/api/streams", ""); answer.StatusCode != 200 || head != "" {
		t.Errorf("%v %s", answer, head)
	}
}

func TestSiteChangesThingsForWhoHasTheToken(t *testing.T) {
	service := newService(t, &host{}, changeover.Config{})
	register(t, service, twoInputs("news"))
	server := site(t, service, &changeover.SiteOptions{Token: token, Hosts: []string{"ops.example"}})

	disable := func(header ...string) int {
		answer, _ := ask(t, server, "POST", "/api/streams/news/disable", `{"input":1}`, header...)
		return answer.StatusCode
	}
	bearer := []string{"Authorization", "Bearer " + token}
	for name, refused := range map[string]struct {
		header []string
		status int
	}{
		"no token":      {nil, 401},
		"a wrong one":   {[]string{"Authorization", "Bearer " + token + "x"}, 401},
		"cross origin":  {append(bearer, "Origin", "https://evil.example"), 403},
		"cross site":    {append(bearer, "Sec-Fetch-Site", "cross-site"), 403},
		"another name":  {append(bearer, "Host", "evil.example"), 403},
		"no such token": {[]string{"Authorization", "Bearer "}, 401},
	} {
		if status := disable(refused.header...); status != refused.status {
			t.Errorf("%s: %d", name, status)
		}
	}
	if input(t, service, "news", 1).Disabled {
		t.Fatal("it was done all the same")
	}
	if status := disable(append(bearer, "Host", "ops.example")...); status != 200 {
		t.Error(status)
	}
	if !input(t, service, "news", 1).Disabled {
		t.Error("it was not done")
	}
	if answer, text := ask(t, server, "POST", "/api/streams/news/clear", strings.Repeat(" ", 5000), bearer...); answer.StatusCode != 413 {
		t.Errorf("%v %s", answer, text)
	}
}

func TestSiteOptionsAreChecked(t *testing.T) {
	service := newService(t, &host{}, changeover.Config{})
	for _, refused := range []struct {
		options changeover.SiteOptions
		err     error
	}{
		{changeover.SiteOptions{Token: "short"}, changeover.ErrToken},
		{changeover.SiteOptions{ReadsNeedToken: true}, changeover.ErrToken},
		{changeover.SiteOptions{Hosts: []string{"ops.example"}}, changeover.ErrToken},
		{changeover.SiteOptions{Nice: -1}, changeover.ErrValue},
		{changeover.SiteOptions{Nice: 1 << 32}, changeover.ErrValue},
		{changeover.SiteOptions{Patience: -1}, changeover.ErrValue},
	} {
		if _, err := service.Handler(&refused.options); !errors.Is(err, refused.err) {
			t.Errorf("%+v: %v", refused.options, err)
		}
	}
	for _, options := range []changeover.SiteOptions{{}, {Hosts: []string{"ops.example"}, OpenReads: true}} {
		if answer, _ := ask(t, site(t, service, &options), "GET", "/api/streams", ""); answer.StatusCode != 200 {
			t.Errorf("%+v: %v", options, answer)
		}
	}
	register(t, service, twoInputs("news"))
	server := site(t, service, &changeover.SiteOptions{
		Token: token, ReadsNeedToken: true, Metrics: changeover.MetricsOptions{Streams: true},
	})
	if answer, _ := ask(t, server, "GET", "/metrics", ""); answer.StatusCode != 401 {
		t.Error(answer)
	}
	_, metrics := ask(t, server, "GET", "/metrics", "", "Authorization", "Bearer "+token)
	if !strings.Contains(metrics, `stream="news"`) {
		t.Error(metrics)
	}
}

func TestSiteIsAsNiceAsItIsToldTo(t *testing.T) {
	service := newService(t, &host{}, changeover.Config{})
	_ = site(t, service, &changeover.SiteOptions{Nice: 7})
	for end := time.Now().Add(deadline); ; {
		for _, nice := range nicesOf(t, "changeover-see") {
			if nice == "7" {
				return
			}
		}
		if time.Now().After(end) {
			t.Fatal("no thread of the site's is so nice")
		}
		runtime.Gosched()
	}
}

// nicesOf are those of all threads that have a name.
func nicesOf(t *testing.T, name string) (nices []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/self/task/*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		// A thread may have ended since.
		text, _ := os.ReadFile(file)
		_, rest, found := strings.Cut(string(text), "("+name+") ")
		// Behind the name the state is the third of proc(5)'s fields, and the nice value the nineteenth.
		if fields := strings.Fields(rest); found && len(fields) > 16 {
			nices = append(nices, fields[16])
		}
	}
	return nices
}

// slow is a client whose connection is only looked at.
type slow struct {
	*httptest.ResponseRecorder
	t *testing.T
	// Each is used up by one piece.
	deadline time.Time
	pieces   int
	// nil: the server's own.
	reads *time.Time
}

func (s *slow) SetWriteDeadline(deadline time.Time) error {
	s.deadline = deadline
	return nil
}

func (s *slow) SetReadDeadline(deadline time.Time) error {
	s.reads = &deadline
	return nil
}

func (s *slow) Write(piece []byte) (int, error) {
	if s.deadline.IsZero() || len(piece) > 64<<10 {
		s.t.Errorf("%d bytes with no time set for them", len(piece))
	}
	s.deadline = time.Time{}
	s.pieces++
	return s.ResponseRecorder.Write(piece)
}

func TestSiteGivesEachPieceOfAnAnswerItsTime(t *testing.T) {
	service := newService(t, &host{}, changeover.Config{})
	for i := range 100 {
		register(t, service, twoInputs(fmt.Sprintf("a stream with quite a long name, the one with number %d", i)))
	}
	handler, err := service.Handler(&changeover.SiteOptions{Metrics: changeover.MetricsOptions{Streams: true, Inputs: true}})
	if err != nil {
		t.Fatal(err)
	}
	client := &slow{ResponseRecorder: httptest.NewRecorder(), t: t}
	handler.ServeHTTP(client, httptest.NewRequest("GET", "http://localhost/metrics", nil))
	if text := client.Body.String(); client.pieces < 2 || !strings.HasSuffix(text, "# EOF\n") {
		t.Errorf("%d pieces, %d bytes", client.pieces, len(text))
	}
	if !client.deadline.IsZero() {
		t.Error("what comes next on the connection has no time of its own")
	}
}

func TestSiteFollowsForLongerThanARequestMayTake(t *testing.T) {
	handler, err := newService(t, &host{}, changeover.Config{}).Handler(nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	client := &slow{ResponseRecorder: httptest.NewRecorder(), t: t}
	handler.ServeHTTP(client, httptest.NewRequest("GET", "http://localhost/api/events", nil).WithContext(ctx))
	if client.reads == nil || !client.reads.IsZero() {
		t.Error("a server's ReadTimeout ends it")
	}
}

func TestSiteDoesNotWaitForABodyThatDoesNotCome(t *testing.T) {
	service := newService(t, &host{}, changeover.Config{})
	server := site(t, service, &changeover.SiteOptions{Token: token, Patience: 50 * time.Millisecond})
	for _, sent := range []int{0, 2, 5000} {
		connection, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		_ = connection.SetDeadline(time.Now().Add(deadline))
		fmt.Fprintf(connection, "POST /ops/api/streams/news/clear HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6000\r\n\r\n%s",
			strings.Repeat(" ", sent))
		// The connection is closed, too.
		answer, err := io.ReadAll(connection)
		status := map[bool]string{true: "HTTP/1.1 413 ", false: "HTTP/1.1 408 "}[sent > 4096]
		if err != nil || !strings.HasPrefix(string(answer), status) {
			t.Errorf("%d: %v %s", sent, err, answer)
		}
	}
	// One that has come is no reason to close it.
	if answer, _ := ask(t, server, "POST", "/api/streams/news/clear", "{}", "Authorization", "Bearer "+token); answer.StatusCode != 404 {
		t.Error(answer)
	}
}

func TestSiteRefusesWhatIsNoText(t *testing.T) {
	server := site(t, newService(t, &host{}, changeover.Config{}), nil)
	answer, text := ask(t, server, "GET", "/api/streams", "", "Origin", "\xff")
	if answer.StatusCode != 400 || !strings.Contains(text, `"error":"header"`) {
		t.Errorf("%v %s", answer, text)
	}
}

// sse reads server-sent events: the value of a field of the next ones that have it.
func sse(t *testing.T, server *httptest.Server, query string, header ...string) func(field string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	request, _ := http.NewRequestWithContext(ctx, "GET", server.URL+"/ops/api/events"+query, nil)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	answer, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	if kind := answer.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Fatal(kind)
	}
	lines := bufio.NewScanner(answer.Body)
	next := func(field string) string {
		t.Helper()
		for lines.Scan() {
			if value, ok := strings.CutPrefix(lines.Text(), field+": "); ok {
				return value
			}
		}
		return "the end"
	}
	// Whatever happens from here on is seen.
	if next("retry") != "1000" {
		t.Fatal("no beginning")
	}
	return next
}

func TestSiteSendsEventsAsTheyCome(t *testing.T) {
	service := newService(t, &host{}, changeover.Config{})
	server := site(t, service, nil)
	all := sse(t, server, "")
	one := sse(t, server, "?stream=two")
	// Keeps the events while the first is away.
	_ = sse(t, server, "")
	register(t, service, twoInputs("one"))
	register(t, service, twoInputs("two"))

	var event struct {
		Seq           uint64
		Event, Stream string
	}
	number := all("id")
	if err := json.Unmarshal([]byte(all("data")), &event); err != nil || event.Stream != "one" || number != "1" || event.Seq != 1 {
		t.Errorf("%v %+v %s", err, event, number)
	}
	if err := json.Unmarshal([]byte(one("data")), &event); err != nil || event.Stream != "two" {
		t.Errorf("%v %+v", err, event)
	}
	again := sse(t, server, "", "Last-Event-ID", number)
	if next := again("id"); next != "2" {
		t.Errorf("goes on with %s", next)
	}
	// What is kept from the beginning on.
	beginning := sse(t, server, "", "Last-Event-ID", "0")
	if first := beginning("id"); first != "1" {
		t.Errorf("begins with %s", first)
	}
	// A client that waits is told of the end.
	go service.Close()
	for all("event") != "the end" {
	}
	if answer, text := ask(t, server, "GET", "/api/streams", ""); answer.StatusCode != 503 {
		t.Errorf("%v %s", answer, text)
	}
}

func TestSiteHasItsLimitOfFollowers(t *testing.T) {
	service := newService(t, &host{}, changeover.Config{})
	server := site(t, service, nil)
	for range 256 {
		_ = sse(t, server, "")
	}
	answer, text := ask(t, server, "GET", "/api/events", "")
	if answer.StatusCode != 503 || !strings.Contains(text, `"error":"busy"`) {
		t.Fatalf("%v %s", answer, text)
	}
	// Others are answered, and each follower who goes makes room.
	if answer, _ := ask(t, server, "GET", "/healthz", ""); answer.StatusCode != 200 {
		t.Error(answer)
	}
	server.CloseClientConnections()
	for end := time.Now().Add(deadline); ; {
		ctx, cancel := context.WithCancel(context.Background())
		request, _ := http.NewRequestWithContext(ctx, "GET", server.URL+"/ops/api/events", nil)
		answer, err := server.Client().Do(request)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode == 200 {
			return
		}
		if time.Now().After(end) {
			t.Fatal(answer)
		}
	}
}
