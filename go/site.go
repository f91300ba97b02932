package changeover

// A page, an API, metrics and an event stream over HTTP, for a server of the host's own.

// #include <changeover.h>
import "C"

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// SiteOptions say who may ask a site for what.
type SiteOptions struct {
	// Token: who sends it (Authorization: Bearer …) may change things; 16 to 255 printable ASCII
	// characters. "": nobody may.
	Token string
	// ReadsNeedToken: reading needs the token, too, but for the page itself, which says nothing of any
	// stream, and /healthz. To be set where more than this machine can reach the server.
	ReadsNeedToken bool
	// Hosts are the names by which the site may be asked, besides localhost and IP addresses. "*": by any;
	// then the server around it checks that, or another site could have its name lead here and read.
	Hosts []string
	// Metrics: what /metrics tells of each stream and each input.
	Metrics MetricsOptions
}

const (
	// An answer that goes on is a comment when it has nothing else to say for so long.
	beatAfter = 15 * time.Second
	// A client that takes nothing for so long has gone.
	clientPatience = 30 * time.Second
	// More than this the site reads of no request's body.
	bodyMax = 4096
)

// Handler returns what an operator wants to see of a service, to be mounted in a server of the host's: / (a
// page), /api/streams, /api/events (server-sent events), /metrics (OpenMetrics) and /healthz;
// docs/operations.md in the repository describes them. Without a token it is read-only. It works below a path,
// behind [http.StripPrefix]. An [http.ServeMux] redirects paths that it can clean, so a stream whose id has "//"
// or "/../" in it can be asked for only where the handler has a server to itself.
//
// options may be nil. The error is [ErrToken] for a token that is too short, or missing where reads need it.
// After [Service.Close] everything is answered by 503.
func (s *Service) Handler(options *SiteOptions) (http.Handler, error) {
	if options == nil {
		options = &SiteOptions{}
	}
	var pinner runtime.Pinner
	defer pinner.Unpin()
	var made C.changeover_serve_options
	C.changeover_serve_options_init(&made, C.sizeof_changeover_serve_options)
	made.token, made.token_len = pinnedChars(&pinner, options.Token)
	made.hosts, made.hosts_len = pinnedChars(&pinner, strings.Join(options.Hosts, ","))
	made.reads_need_token = flag(options.ReadsNeedToken)
	made.stream_metrics = flag(options.Metrics.Streams)
	made.input_metrics = flag(options.Metrics.Inputs)
	h := &handler{service: s}
	if err := failure(C.changeover_site_new(s.engine, &made, &h.site), "site", ""); err != nil {
		return nil, err
	}
	runtime.AddCleanup(h, func(site *C.changeover_site) { C.changeover_site_free(site) }, h.site)
	return h, nil
}

func flag(set bool) C.int32_t {
	if set {
		return 1
	}
	return 0
}

type handler struct {
	service *Service
	site    *C.changeover_site
}

// ServeHTTP answers a request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// One more than enough: what is too long is seen to be.
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyMax+1))
	if err != nil {
		http.Error(w, "the body did not come", http.StatusBadRequest)
		return
	}
	goesOn, err := h.answer(w, r, body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if goesOn {
		h.follow(w, r)
	}
}

// answer asks the site and writes what it says; true: events are to follow.
func (h *handler) answer(w http.ResponseWriter, r *http.Request, body []byte) (bool, error) {
	var pinner runtime.Pinner
	defer pinner.Unpin()
	target := r.URL.EscapedPath()
	if r.URL.RawQuery != "" || r.URL.ForceQuery {
		target += "?" + r.URL.RawQuery
	}
	var request C.changeover_request
	C.changeover_request_init(&request, C.sizeof_changeover_request)
	request.method, request.method_len = pinnedChars(&pinner, r.Method)
	request.target, request.target_len = pinnedChars(&pinner, target)
	request.host, request.host_len = pinnedChars(&pinner, r.Host)
	request.origin, request.origin_len = pinnedChars(&pinner, r.Header.Get("Origin"))
	request.fetch_site, request.fetch_site_len = pinnedChars(&pinner, r.Header.Get("Sec-Fetch-Site"))
	request.authorization, request.authorization_len = pinnedChars(&pinner, r.Header.Get("Authorization"))
	request.last_event_id, request.last_event_id_len = pinnedChars(&pinner, r.Header.Get("Last-Event-ID"))
	if len(body) > 0 {
		pinner.Pin(&body[0])
		request.body, request.body_len = (*C.uint8_t)(&body[0]), C.size_t(len(body))
	}

	var response *C.changeover_response
	if err := failure(C.changeover_site_answer(h.site, &request, &response), "site", ""); err != nil {
		return false, err
	}
	defer C.changeover_response_free(response)
	// Not before here: the site goes when nobody has its handler any more.
	runtime.KeepAlive(h)
	var view C.changeover_response_view
	C.changeover_response_view_init(&view, C.sizeof_changeover_response_view)
	if err := failure(C.changeover_response_get(response, &view), "site", ""); err != nil {
		return false, err
	}
	for _, field := range unsafe.Slice(view.fields, int(view.fields_len)) {
		w.Header().Set(text(field.key, field.key_len), text(field.value, field.value_len))
	}
	if view.goes_on != 0 {
		return r.Method != http.MethodHead, nil
	}
	w.WriteHeader(int(view.status))
	// The client may be gone: nobody to tell.
	_, _ = w.Write(C.GoBytes(unsafe.Pointer(view.body), C.int(view.body_len)))
	return false, nil
}

// follow writes events as they come, until the client has gone or the service is closed: as the site would,
// but waiting in Go's netpoller, without a thread for each client.
func (h *handler) follow(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.ParseUint(r.Header.Get("Last-Event-ID"), 10, 64)
	tap, err := h.service.Tap(&TapOptions{After: after})
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer tap.Close()
	client := http.NewResponseController(w)
	send := func(text string) bool {
		// In place of the server's own limit on an answer, where it has one.
		_ = client.SetWriteDeadline(time.Now().Add(clientPatience))
		_, err := io.WriteString(w, text)
		return err == nil && client.Flush() == nil
	}
	stream := r.URL.Query().Get("stream")
	for sent := send("retry: 1000\n\n"); sent; {
		event, err := nextWithin(r.Context(), tap, beatAfter)
		switch {
		case errors.Is(err, context.DeadlineExceeded) && r.Context().Err() == nil:
			sent = send(":\n\n")
		case err != nil:
			return
		default:
			sent = send(sentEvent(event, stream))
		}
	}
}

func nextWithin(ctx context.Context, tap *Tap, patience time.Duration) (Tapped, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return tap.Next(ctx)
}

// sentEvent is an event in the form of server-sent events, unless another stream's is asked for.
func sentEvent(event Tapped, stream string) string {
	var sent string
	if event.Missed > 0 {
		sent = fmt.Sprintf("event: missed\ndata: {\"missed\":%d}\n\n", event.Missed)
	}
	if stream == "" || stream == event.Stream {
		sent += fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", event.Seq, event.Kind, event.JSON)
	}
	return sent
}
