package changeover_test

// The site behind a server of Go's.

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"changeover"
)

const token = "correct-horse-battery"

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
	request, err := http.NewRequest(method, server.URL+"/ops"+path, strings.NewReader(body))
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
	for _, options := range []changeover.SiteOptions{{Token: "short"}, {ReadsNeedToken: true}} {
		if _, err := service.Handler(&options); !errors.Is(err, changeover.ErrToken) {
			t.Errorf("%+v: %v", options, err)
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
	// A client that waits is told of the end.
	go service.Close()
	for all("event") != "the end" {
	}
	if answer, text := ask(t, server, "GET", "/api/streams", ""); answer.StatusCode != 503 {
		t.Errorf("%v %s", answer, text)
	}
}
