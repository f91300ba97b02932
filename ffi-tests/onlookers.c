#include "onlookers.h"
#include "chance.h"
#include "functions.h"
#include "harness.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define TOKEN "correct-horse-battery"

/* Made by any thread, and ended by the next that makes one in its place. */
enum { PLACES = 2 };
static _Atomic(changeover_server *) servers[PLACES];
static _Atomic(changeover_site *) sites[PLACES];
/* Where these servers listen, or did. */
static atomic_int ports[PLACES];

static void any_options(changeover_serve_options *options) {
  static const char *const hosts[] = {"ops.example", "a,*,b", ",", "\xff", ""};
  OK(changeover_serve_options_init(options, sizeof *options));
  if (one_in(2)) {
    options->token = one_in(8) ? any_text() : TOKEN;
    options->token_len = strlen(options->token);
  }
  if (one_in(4)) {
    options->hosts = hosts[below(LENGTH(hosts))];
    options->hosts_len = strlen(options->hosts);
  }
  if (one_in(2)) options->patience = any_duration();
  if (one_in(2)) options->max_connections = one_in(9) ? UINT64_MAX : below(4);
  options->nice = one_in(9) ? any_number() : (int32_t)below(20);
  int32_t *const flags[] = {&options->reads_need_token, &options->stream_metrics, &options->input_metrics,
                            &options->open_reads};
  for (size_t i = 0; i < LENGTH(flags); i++)
    if (one_in(3)) *flags[i] = one_in(30) ? any_number() : (int32_t)below(2);
}

static void serve(changeover_engine *engine) {
  static const char *const addresses[] = {"[::1]:0", "0.0.0.0:0", "nowhere", "127.0.0.1:99999", "\xff", ""};
  const char *const address = one_in(4) ? addresses[below(LENGTH(addresses))] : "127.0.0.1:0";
  changeover_serve_options options;
  any_options(&options);
  /* Others reach that one: only to be refused. */
  if (!strcmp(address, "0.0.0.0:0")) options.token = NULL;
  changeover_server *server = NULL;
  if (CALL(changeover_serve(engine, S(address), one_in(4) ? NULL : &options, &server)) != CHANGEOVER_OK)
    return;
  const char *bound = NULL;
  OK(changeover_server_address(server, &bound, NULL));
  const size_t place = below(PLACES);
  atomic_store(&ports[place], atoi(strrchr(bound, ':') + 1));
  changeover_server_free(atomic_exchange(&servers[place], server));
}

/* Asks a server over its socket, and does not always wait for what it says. */
static void ask_a_server(void) {
  static const char *const asked[] = {
      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /api/streams?sort=id&limit=3 HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /api/streams/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " TOKEN "\r\n\r\n",
      "GET /api/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 3\r\n\r\n",
      "POST /api/streams/a/switch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " TOKEN
      "\r\nContent-Length: 11\r\n\r\n{\"input\":1}",
      "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999999\r\n\r\n",
      "\xff\x00 HTTP/3",
  };
  const struct sockaddr_in to = {.sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)atomic_load(&ports[below(PLACES)])),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const struct timeval timeout = {.tv_usec = 1000 * (1 + (int)below(20))};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0) {
    char said[4096];
    for (uint32_t i = 0, n = 1 + below(3); i < n; i++) {
      const char *const text = asked[below(LENGTH(asked))];
      const size_t len = one_in(6) ? below((uint32_t)strlen(text)) : strlen(text);
      if (send(fd, text, len, MSG_NOSIGNAL) < 0) break;
      if (one_in(2) && recv(fd, said, sizeof said, 0) <= 0) break;
    }
  }
  close(fd);
}

static void look_at_a_response(changeover_response *response) {
  changeover_response_view view;
  OK(changeover_response_view_init(&view, sizeof view));
  OK(changeover_response_get(response, &view));
  CHECK(view.status >= 200 && view.status < 600);
  size_t read = 0;
  for (size_t i = 0; i < view.fields_len; i++)
    read += strlen(view.fields[i].name) + strlen(view.fields[i].value);
  for (size_t i = 0; i < view.body_len; i++)
    read += view.body[i] != 0;
  CHECK(read > 0 && (view.goes_on != 0) == (view.fd >= 0));
  const uint8_t *piece = NULL;
  size_t len = 0;
  for (uint32_t i = 0; i < 3; i++) {
    const int32_t result = CALL(changeover_response_next(response, below(2) * MILLISECOND, &piece, &len));
    if (!view.goes_on) EQUAL(CHANGEOVER_ERR_VALUE, result);
    if (result == CHANGEOVER_OK) CHECK(len > 0 && piece[len - 1] == '\n');
  }
}

static void ask_a_site(void) {
  static const char *const methods[] = {"GET", "HEAD", "POST", "", "\xff"};
  static const char *const targets[] = {"/",
                                        "/healthz",
                                        "/metrics",
                                        "/api/streams?sort=trouble&search=a&offset=1&limit=2",
                                        "/api/streams?limit=-1",
                                        "/api/streams/b",
                                        "/api/streams/%ff",
                                        "/api/events",
                                        "/api/events?stream=a",
                                        "/api/streams/a/switch",
                                        "/api/streams/b/clear",
                                        "/api/streams/c/failback",
                                        "/api/streams/a/enable",
                                        "/api/streams/b/disable",
                                        "//..%2f",
                                        ""};
  static const char *const bodies[] = {"{\"input\":1}", "{\"input\":0,\"seconds\":1}", "{}", "[", "\xff"};
  static const char *const numbers[] = {"0", "7", "18446744073709551615", "-1", "x"};
  changeover_request request = request_for(targets[below(LENGTH(targets))]);
  if (one_in(3))
    request.method = methods[below(LENGTH(methods))], request.method_len = strlen(request.method);
  if (one_in(20)) request.host = any_text(), request.host_len = strlen(request.host);
  if (one_in(20)) request.origin = any_text(), request.origin_len = strlen(request.origin);
  if (one_in(20)) request.fetch_site = any_text(), request.fetch_site_len = strlen(request.fetch_site);
  if (one_in(2)) request.authorization = "Bearer " TOKEN, request.authorization_len = strlen("Bearer " TOKEN);
  if (one_in(3)) {
    request.last_event_id = numbers[below(LENGTH(numbers))];
    request.last_event_id_len = strlen(request.last_event_id);
  }
  const char *const body = bodies[below(LENGTH(bodies))];
  if (one_in(2)) request.body = (const uint8_t *)body, request.body_len = strlen(body);
  changeover_response *response = NULL;
  changeover_site *const site = atomic_load(&sites[below(PLACES)]);
  if (CALL(changeover_site_answer(site, &request, &response)) != CHANGEOVER_OK) return;
  look_at_a_response(response);
  changeover_response_free(response);
  changeover_response_view view;
  OK(changeover_response_view_init(&view, sizeof view));
  EXPECT(CHANGEOVER_ERR_HANDLE, changeover_response_get(response, &view));
  if (one_in(9)) changeover_response_free(response);
}

static void make_a_site(changeover_engine *engine) {
  changeover_serve_options options;
  any_options(&options);
  changeover_site *site = NULL;
  if (CALL(changeover_site_new(engine, one_in(4) ? NULL : &options, &site)) != CHANGEOVER_OK) return;
  changeover_site_free(atomic_exchange(&sites[below(PLACES)], site));
}

static void trace(changeover_engine *engine, const char *directory) {
  if (one_in(3)) {
    CALL(changeover_end_trace(engine));
    return;
  }
  static const char *const names[] = {"trace", "other", "no/where", "", "\xff"};
  char path[200];
  snprintf(path, sizeof path, "%s/%s", directory, names[one_in(4) ? below(LENGTH(names)) : below(2)]);
  changeover_trace_options options;
  OK(changeover_trace_options_init(&options, sizeof options));
  options.file_bytes = one_in(9) ? UINT64_MAX : below(2) * 65536;
  options.files = one_in(9) ? UINT32_MAX : below(3);
  options.urls = one_in(20) ? any_number() : (int32_t)below(2);
  CALL(changeover_trace_to(engine, S(path), one_in(4) ? NULL : &options));
}

static void read_texts(changeover_engine *engine) {
  changeover_text *text = NULL;
  const char *string = NULL;
  const char *const after = any_stream();
  if (one_in(2))
    CALL(changeover_metrics(engine, below(5), &text));
  else
    CALL(changeover_statuses_json(engine, S(after), one_in(9) ? SIZE_MAX : below(4), &text));
  if (text) OK(changeover_text_get(text, &string, NULL));
  changeover_text_free(text);
}

static void shadow(changeover_engine *engine) {
  if (one_in(3)) {
    CALL(changeover_end_shadow(engine));
    return;
  }
  changeover_config settings;
  OK(changeover_config_init(&settings, sizeof settings));
  settings.packet_timeout = any_duration();
  const char *const stream = any_stream();
  if (one_in(2))
    CALL(changeover_shadow(engine, NULL, 0, &settings));
  else
    CALL(changeover_shadow(engine, S(stream), &settings));
}

void look_on(changeover_engine *engine, const char *directory) {
  switch (below(11)) {
    case 0:
      if (one_in(10)) serve(engine);
      break;
    case 1: ask_a_server(); break;
    case 2:
      if (one_in(4)) make_a_site(engine);
      break;
    case 3:
      if (one_in(4)) trace(engine, directory);
      break;
    case 4: read_texts(engine); break;
    case 5:
      if (one_in(4)) shadow(engine);
      break;
    default: ask_a_site();
  }
}

void follow(struct follower *follower, changeover_engine *engine) {
  if (!follower->tap) {
    const uint64_t keep = one_in(9) ? UINT64_MAX : below(40), after = one_in(2) ? UINT64_MAX : below(2000);
    CALL(changeover_tap_open(engine, keep, one_in(3) ? follower->last : after, &follower->tap));
    follower->last = 0;
    return;
  }
  changeover_event *const event = &follower->event;
  if (CALL(changeover_tap_next(follower->tap, below(2) * MILLISECOND, event)) == CHANGEOVER_OK) {
    CHECK(event->seq > follower->last + event->missed || follower->last == 0);
    CHECK(event->user_data == NULL && event->kind != CHANGEOVER_EVENT_GAP);
    follower->last = event->seq;
    char json[200];
    OK(changeover_event_json(event, json, below(sizeof json + 1), NULL));
  }
  if (!one_in(40)) return;
  changeover_tap *const closed = follower->tap;
  changeover_tap_close(closed);
  EXPECT(CHANGEOVER_ERR_HANDLE, changeover_tap_next(closed, 0, event));
  follower->tap = NULL;
}

void stop_following(struct follower *follower) {
  OK(changeover_event_clear(&follower->event));
  changeover_tap_close(follower->tap);
}

void end_onlookers(void) {
  for (size_t i = 0; i < PLACES; i++) {
    changeover_server_free(atomic_exchange(&servers[i], NULL));
    changeover_site_free(atomic_exchange(&sites[i], NULL));
  }
}
