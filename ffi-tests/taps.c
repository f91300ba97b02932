/* What is told beside the host: taps, events as JSON, metrics, the states of all streams. */
#include "harness.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

static bool readable(int fd) {
  struct pollfd pollfd = {fd, POLLIN, 0};
  return poll(&pollfd, 1, 0) == 1 && (pollfd.revents & POLLIN);
}

static changeover_tap *open_tap(changeover_engine *engine, uint64_t keep, uint64_t after) {
  changeover_tap *tap = NULL;
  OK(changeover_tap_open(engine, keep, after, &tap));
  return tap;
}

/* The whole of it, to be freed. */
static char *json_of(const changeover_event *event) {
  size_t len = 0, again = 0;
  OK(changeover_event_json(event, NULL, 0, &len));
  char *json = malloc(len + 1);
  OK(changeover_event_json(event, json, len + 1, &again));
  EQUAL(len, again);
  EQUAL(len, strlen(json));
  return json;
}

static void two_taps_see_what_the_host_is_told(void) {
  changeover_engine *engine = patient_engine();
  changeover_tap *taps[] = {open_tap(engine, 0, UINT64_MAX), open_tap(engine, 0, UINT64_MAX)};
  register_stream(engine, "s", 2);
  changeover_event own = no_event(), seen = no_event();
  for (uint64_t seq = 1; changeover_next_event(engine, 0, &own) == CHANGEOVER_OK; seq++) {
    EQUAL(0, own.seq | own.missed);
    for (size_t i = 0; i < LENGTH(taps); i++) {
      OK(changeover_tap_next(taps[i], DEADLINE, &seen));
      EQUAL(seq, seen.seq);
      EQUAL(0, seen.missed);
      EQUAL(own.kind, seen.kind);
      EQUAL(own.at, seen.at);
      EQUAL(own.session, seen.session);
      EQUAL(own.registration, seen.registration);
      TEXT("s", seen.stream, seen.stream_len);
      TEXT(own.url, seen.url, seen.url_len);
    }
  }
  for (size_t i = 0; i < LENGTH(taps); i++) {
    EXPECT(CHANGEOVER_ERR_TIMEOUT, changeover_tap_next(taps[i], 0, &seen));
    EQUAL(0, seen.kind);
    changeover_tap_close(taps[i]);
    EXPECT(CHANGEOVER_ERR_HANDLE, changeover_tap_next(taps[i], 0, &seen));
    changeover_tap_close(taps[i]);
  }
  OK(changeover_event_clear(&own));
  OK(changeover_free(engine));
}

static void a_slow_tap_misses_and_one_that_comes_back_goes_on(void) {
  changeover_engine *engine = patient_engine();
  changeover_tap *slow = open_tap(engine, 4, UINT64_MAX);
  register_stream(engine, "s", 1); /* a start, and switched */
  for (int i = 0; i < 10; i++)     /* a stop and a start */
    OK(changeover_update_buffer_write_id(engine, S("s"), i % 2 ? "a" : "b", 1));
  changeover_event event = no_event();
  OK(changeover_tap_next(slow, 0, &event));
  EQUAL(19, event.seq);
  EQUAL(18, event.missed);
  changeover_tap *back = open_tap(engine, 4, event.seq);
  OK(changeover_tap_next(back, 0, &event));
  EQUAL(20, event.seq);
  EQUAL(0, event.missed);
  changeover_tap_close(back);
  /* What was taken is there after its tap. */
  TEXT("s", event.stream, event.stream_len);
  OK(changeover_event_clear(&event));
  changeover_tap_close(slow);
  OK(changeover_free(engine));
}

struct reader {
  changeover_tap *tap;
  struct counter waits;
};

static void *read_to_the_end(void *data) {
  struct reader *reader = data;
  changeover_event event = no_event();
  int32_t result = changeover_tap_next(reader->tap, 0, &event);
  counter_add(&reader->waits, 1);
  while (result == CHANGEOVER_OK || result == CHANGEOVER_ERR_TIMEOUT)
    result = changeover_tap_next(reader->tap, UINT64_MAX, &event);
  EXPECT(CHANGEOVER_ERR_SHUT_DOWN, result);
  return NULL;
}

static void the_end_of_the_engine_wakes_a_reader(void) {
  changeover_engine *engine = patient_engine();
  struct reader reader = {open_tap(engine, 0, UINT64_MAX), COUNTER};
  int32_t fd = -1;
  OK(changeover_tap_fd(reader.tap, &fd));
  pthread_t thread;
  pthread_create(&thread, NULL, read_to_the_end, &reader);
  WAIT_FOR(&reader.waits, 1);
  register_stream(engine, "s", 3);
  OK(changeover_free(engine));
  pthread_join(thread, NULL);
  CHECK(readable(fd));
  changeover_tap_close(reader.tap);
}

static void its_descriptor_tells_what_is_there(void) {
  changeover_engine *engine = patient_engine();
  changeover_tap *tap = open_tap(engine, 0, UINT64_MAX);
  changeover_event event = no_event();
  int32_t fd = -1;
  OK(changeover_tap_fd(tap, &fd));
  EXPECT(CHANGEOVER_ERR_TIMEOUT, changeover_tap_next(tap, 0, &event));
  CHECK(!readable(fd));
  register_stream(engine, "s", 1);
  CHECK(readable(fd));
  for (int i = 0; i < 2; i++)
    OK(changeover_tap_next(tap, 0, &event));
  EXPECT(CHANGEOVER_ERR_TIMEOUT, changeover_tap_next(tap, 0, &event));
  CHECK(!readable(fd));
  changeover_tap_close(tap);
  OK(changeover_free(engine));
}

static void events_as_json(void) {
  changeover_engine *engine = patient_engine();
  changeover_tap *tap = open_tap(engine, 0, UINT64_MAX);
  changeover_input_spec spec = input_spec(0, "rtmp://user:secret@h/live/secret");
  const changeover_option option = {S("password"), S("secret")};
  spec.options = &option;
  spec.options_len = 1;
  OK(changeover_register(engine, S("a\"\n"), S(""), &spec, 1, NULL, NULL));
  OK(changeover_report_input_error(engine, S("a\"\n"), 0, S("rtmp://h/live/secret: refused")));
  changeover_event event = no_event();
  bool started = false, degraded = false;
  while (changeover_tap_next(tap, 0, &event) == CHANGEOVER_OK) {
    char *json = json_of(&event), begin[80];
    snprintf(begin, sizeof begin, "{\"seq\":%d,\"event\":\"%s\",\"unix_ns\":%lld,", (int)event.seq,
             changeover_event_name(event.kind), (long long)event.at_unix);
    check(strncmp(json, begin, strlen(begin)) == 0, __FILE__, __LINE__, "%s begins with %s", json, begin);
    CHECK(strstr(json, "\"stream\":\"a\\\"\\n\"") != NULL);
    CHECK(strstr(json, "secret") == NULL && strchr(json, '\n') == NULL);
    started |= strstr(json, "\"url\":\"rtmp://***@h/live/***\"") != NULL;
    degraded |= strstr(json, "\"detail\":\"rtmp://h/live/***: refused\"") != NULL;
    free(json);
  }
  CHECK(started && degraded);
  /* Polled ones have no number. */
  OK(changeover_next_event(engine, 0, &event));
  char *json = json_of(&event);
  CHECK(strncmp(json, "{\"event\":\"", strlen("{\"event\":\"")) == 0);
  free(json);
  char cut[12];
  size_t len = 0;
  OK(changeover_event_json(&event, cut, sizeof cut, &len));
  STRING("{\"event\":\"s", cut);
  CHECK(len > sizeof cut);
  OK(changeover_event_clear(&event));
  EXPECT(CHANGEOVER_ERR_VALUE, changeover_event_json(&event, cut, sizeof cut, &len));
  changeover_tap_close(tap);
  OK(changeover_free(engine));
}

static const char *string_of(const changeover_text *text) {
  const char *string = NULL;
  size_t len = 0;
  OK(changeover_text_get(text, &string, &len));
  EQUAL(len, strlen(string));
  return string;
}

static void metrics_of_more_and_less(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 2);
  static const struct {
    uint32_t each;
    const char *has, *has_not;
  } cases[] = {
      {0, "\nchangeover_streams{state=\"dark\"} 1\n", "{stream="},
      {CHANGEOVER_METRICS_STREAMS, "\nchangeover_stream_active_input{stream=\"s\"} 0\n", "changeover_input_"},
      {CHANGEOVER_METRICS_INPUTS, "\nchangeover_input_usable{stream=\"s\",input=\"1\"} 1\n",
       "changeover_stream_"},
      {3, "\nchangeover_switches_total{reason=\"initial\"} 1\n", "test://"},
  };
  for (size_t i = 0; i < LENGTH(cases); i++) {
    changeover_text *text = NULL;
    OK(changeover_metrics(engine, cases[i].each, &text));
    const char *string = string_of(text);
    CHECK(strstr(string, cases[i].has) != NULL);
    CHECK(strstr(string, cases[i].has_not) == NULL);
    STRING("\n# EOF\n", string + strlen(string) - strlen("\n# EOF\n"));
    changeover_text_free(text);
    EXPECT(CHANGEOVER_ERR_HANDLE, changeover_text_get(text, &string, NULL));
  }
  changeover_text *none = NULL;
  EXPECT(CHANGEOVER_ERR_VALUE, changeover_metrics(engine, 4, &none));
  CHECK(none == NULL);
  OK(changeover_free(engine));
}

static void states_in_pages(void) {
  changeover_engine *engine = patient_engine();
  static const char *const ids[] = {"c", "a", "d", "b"};
  for (size_t i = 0; i < LENGTH(ids); i++)
    register_stream(engine, ids[i], 1);
  static const struct {
    const char *after;
    size_t limit;
    const char *first, *end;
  } pages[] = {
      {"", 2, "{\"streams\":[{\"stream\":\"a\",", "],\"next\":\"b\"}"},
      {"b", 2, "{\"streams\":[{\"stream\":\"c\",", "],\"next\":null}"},
      {"bb", SIZE_MAX, "{\"streams\":[{\"stream\":\"c\",", "],\"next\":null}"},
      {"d", 2, "{\"streams\":[", "],\"next\":null}"},
  };
  changeover_text *kept = NULL;
  for (size_t i = 0; i < LENGTH(pages); i++) {
    changeover_text_free(kept);
    OK(changeover_statuses_json(engine, S(pages[i].after), pages[i].limit, &kept));
    const char *json = string_of(kept), *end = pages[i].end;
    CHECK(strncmp(json, pages[i].first, strlen(pages[i].first)) == 0);
    STRING(end, json + strlen(json) - strlen(end));
  }
  changeover_text_free(kept);
  OK(changeover_statuses_json(engine, NULL, 0, 1, &kept));
  OK(changeover_free(engine));
  /* A text outlives its engine. */
  CHECK(strstr(string_of(kept), "\"stream\":\"a\"") != NULL);
  changeover_text_free(kept);
}

int main(void) {
  RUN(two_taps_see_what_the_host_is_told);
  RUN(a_slow_tap_misses_and_one_that_comes_back_goes_on);
  RUN(the_end_of_the_engine_wakes_a_reader);
  RUN(its_descriptor_tells_what_is_there);
  RUN(events_as_json);
  RUN(metrics_of_more_and_less);
  RUN(states_in_pages);
  return finish();
}
