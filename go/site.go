package changeover

// A page, an API, metrics and an event stream over HTTP, for a server of the host's own.

// #include <changeover.h>
import "C"

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
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
	// then the server around it checks that, or another site could have its name lead here and read. What
	// goes by a name is asked by others than this machine: reading needs the token then, see OpenReads.
	Hosts []string
	// OpenReads: reading needs no token though there are Hosts: the server in front asks who it is.
	// ReadsNeedToken comes before it.
	OpenReads bool
	// Metrics: what /metrics tells of each stream and each input.
	Metrics MetricsOptions
	// Nice is how nice the site's own thread is: from 0, as its process, to 19, only when nobody else wants
	// the processor.
	Nice int
	// Patience is how long a client may take to send its body, or to take the next 64 KiB of an answer;
	// 0: 10 seconds. Of a server's own limits it replaces those on the body and on the answer.
	Patience time.Duration
}

const (
	// Unless the host says.
	patience = 10 * time.Second
	// So many follow events at once. Each is work for the engine's monitor when something happens.
	followersMax = 256
	// An answer that goes on is a comment when it has nothing else to say for so long.
	beatAfter = 15 * time.Second
	// Who follows events gets them together with those of so long after.
	pace = 20 * time.Millisecond
	// More than this the site reads of no request's body.
	bodyMax = 4096
	// So much of an answer is sent within a client's patience.
	pieceMax = 64 << 10
)

// Handler returns what an operator wants to see of a service, to be mounted in a server of the host's: / (a
// page), /api/streams, /api/events (server-sent events), /metrics (OpenMetrics) and /healthz;
// docs/operations.md in the repository describes them. Without a token it is read-only. It works below a path,
// behind [http.StripPrefix]. An [http.ServeMux] redirects paths that it can clean, so a stream whose id has "//"
// or "/../" in it can be asked for only where the handler has a server to itself.
//
// At most 256 clients follow events at once; more are answered by 503.
//
// options may be nil. The error is [ErrToken] for a token that is too short, or missing where reads need it,
// and [ErrValue] for a Nice or Patience out of range. After [Service.Close] everything is answered by 503.
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
	made.open_reads = flag(options.OpenReads)
	made.nice = C.int32_t(min(max(options.Nice, -1), 20))
	made.stream_metrics = flag(options.Metrics.Streams)
	made.input_metrics = flag(options.Metrics.Inputs)
	if options.Patience < 0 {
		return nil, failure(C.CHANGEOVER_ERR_VALUE, "site", "")
	}
	h := &handler{patience: cmp.Or(options.Patience, patience)}
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
	site      *C.changeover_site
	patience  time.Duration
	followers atomic.Int32
}

// ServeHTTP answers a request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	client := client{w, http.NewResponseController(w), h.patience}
	body, err := client.read(r)
	if err != nil {
		client.refuse(http.StatusRequestTimeout, "body", "the body did not come")
		return
	}
	response, err := h.ask(r, body)
	switch {
	case errors.Is(err, ErrUTF8):
		client.refuse(http.StatusBadRequest, "header", "a header field is broken")
		return
	case err != nil:
		client.refuse(http.StatusInternalServerError, "internal", err.Error())
		return
	}
	defer C.changeover_response_free(response)
	var view C.changeover_response_view
	C.changeover_response_view_init(&view, C.sizeof_changeover_response_view)
	if err := failure(C.changeover_response_get(response, &view), "site", ""); err != nil {
		client.refuse(http.StatusInternalServerError, "internal", err.Error())
		return
	}
	for _, field := range unsafe.Slice(view.fields, int(view.fields_len)) {
		w.Header().Set(text(field.name, field.name_len), text(field.value, field.value_len))
	}
	if view.goes_on != 0 {
		h.follow(r.Context(), client, response, int(view.fd))
		return
	}
	client.send(int(view.status), unsafe.Slice((*byte)(view.body), int(view.body_len)))
}

// ask asks the site.
func (h *handler) ask(r *http.Request, body []byte) (*C.changeover_response, error) {
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
	err := failure(C.changeover_site_answer(h.site, &request, &response), "site", "")
	// Not before here: the site goes when nobody has its handler any more.
	runtime.KeepAlive(h)
	return response, err
}

// follow sends a body that goes on, piece by piece as they come, until the client has gone or the service is
// closed.
func (h *handler) follow(ctx context.Context, client client, response *C.changeover_response, fd int) {
	defer h.followers.Add(-1)
	if h.followers.Add(1) > followersMax {
		client.refuse(http.StatusServiceUnavailable, "busy", "too many follow events")
		return
	}
	descriptor, err := pollable(fd)
	if err != nil {
		client.refuse(http.StatusServiceUnavailable, "system", err.Error())
		return
	}
	defer descriptor.Close()
	// A server's own limit on requests would end the answer.
	_ = client.SetReadDeadline(time.Time{})
	for {
		piece, err := nextPiece(ctx, response, descriptor)
		if err != nil || client.write(piece) != nil || client.Flush() != nil {
			return
		}
		select {
		case <-time.After(pace):
		case <-ctx.Done():
			return
		}
	}
}

// nextPiece waits for the next piece, for as long as nothing need be said.
func nextPiece(ctx context.Context, response *C.changeover_response, descriptor *os.File) ([]byte, error) {
	waiting, cancel := context.WithTimeout(ctx, beatAfter)
	defer cancel()
	var (
		piece  *C.uint8_t
		length C.size_t
		result C.int32_t
	)
	err := waitReadable(waiting, descriptor, func() bool {
		result = C.changeover_response_next(response, 0, &piece, &length)
		return result != C.CHANGEOVER_ERR_TIMEOUT
	})
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return []byte(":\n\n"), nil
	case err != nil:
		return nil, err
	}
	// Borrowed until the next one.
	return unsafe.Slice((*byte)(piece), int(length)), failure(result, "site", "")
}

// client is who has asked, and is given so much time.
type client struct {
	http.ResponseWriter
	*http.ResponseController
	patience time.Duration
}

// read reads a request's body: one byte more than enough, so that what is too long is seen to be.
func (c client) read(r *http.Request) ([]byte, error) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	// Where it can't be set, the body is as slow as the server allows.
	_ = c.SetReadDeadline(time.Now().Add(c.patience))
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyMax+1))
	if err != nil || len(body) > bodyMax {
		// The rest is not waited for.
		c.Header().Set("Connection", "close")
		return body, err
	}
	// Or the server would take a client that says nothing more for one that has gone.
	_ = c.SetReadDeadline(time.Time{})
	return body, nil
}

// write writes so much as the client takes in time.
func (c client) write(bytes []byte) error {
	for len(bytes) > 0 {
		piece := bytes[:min(len(bytes), pieceMax)]
		// Where it can't be set, the client is as slow as the server allows.
		_ = c.SetWriteDeadline(time.Now().Add(c.patience))
		if _, err := c.ResponseWriter.Write(piece); err != nil {
			return err
		}
		bytes = bytes[len(piece):]
	}
	return nil
}

// send sends a whole answer. If the client is gone there is nobody to tell.
func (c client) send(status int, body []byte) {
	c.Header().Set("Content-Length", strconv.Itoa(len(body)))
	c.WriteHeader(status)
	if c.write(body) == nil && c.Flush() == nil {
		// What comes next on this connection has its own time.
		_ = c.SetWriteDeadline(time.Time{})
	}
}

// refuse says why not, as the site does.
func (c client) refuse(status int, name, message string) {
	text, _ := json.Marshal(map[string]string{"error": name, "message": message})
	c.Header().Set("Content-Type", "application/json")
	c.send(status, text)
}
