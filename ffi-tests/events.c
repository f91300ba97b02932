/* Polled events: what they say, their order, their memory, the descriptor. */
#include "harness.h"
#include <poll.h>
#include <stdio.h>

static bool readable(int fd, int wait_ms) {
  struct pollfd pollfd = {fd, POLLIN, 0};
  return poll(&pollfd, 1, wait_ms) == 1 && (pollfd.revents & POLLIN);
}

static void a_start_says_what_was_registered(void) {
  changeover_engine *engine = patient_engine();
  const changeover_option options[] = {{S("Authorization"), S("Bearer x")},
                                       {S("empty"), NULL, 0},
                                       {NULL, 0, S("no key")},
                                       {"n\0ul", 4, "v\0", 2}};
  changeover_input_spec spec = input_spec(7, "srt://source:9000?mode=caller");
  spec.options = options;
  spec.options_len = LENGTH(options);
  uint64_t registration = 0;
  OK(changeover_register(engine, S("live/a"), S("buffer-1"), &spec, 1, NULL, &registration));
  changeover_event event = no_event();
  EQUAL(0, event.owner);
  EQUAL(-1, event.priority);
  CHECK(event.stream == NULL);
  OK(changeover_next_event(engine, DEADLINE, &event));
  EQUAL(CHANGEOVER_EVENT_START, event.kind);
  CHECK(event.owner != 0 && event.session != 0 && event.at != 0);
  EQUAL(7, event.priority);
  EQUAL(registration, event.registration);
  TEXT("live/a", event.stream, event.stream_len);
  TEXT("srt://source:9000?mode=caller", event.url, event.url_len);
  TEXT("buffer-1", event.buffer_write_id, event.buffer_write_id_len);
  TEXT("", event.detail, event.detail_len);
  EQUAL(-1, event.from);
  EQUAL(CHANGEOVER_REASON_NONE, event.reason);
  EQUAL(0, event.probe | event.switch_number | event.dropped | event.measured | event.limit);
  /* Some time after this was written. */
  CHECK(event.at_unix > INT64_C(1700000000) * (int64_t)SECOND);
  if (EQUAL(LENGTH(options), event.options_len)) {
    TEXT("Authorization", event.options[0].key, event.options[0].key_len);
    TEXT("Bearer x", event.options[0].value, event.options[0].value_len);
    TEXT("empty", event.options[1].key, event.options[1].key_len);
    TEXT("", event.options[1].value, event.options[1].value_len);
    TEXT("", event.options[2].key, event.options[2].key_len);
    TEXT("no key", event.options[2].value, event.options[2].value_len);
    CHECK(event.options[3].key_len == 4 && memcmp(event.options[3].key, "n\0ul", 5) == 0);
    CHECK(event.options[3].value_len == 2 && memcmp(event.options[3].value, "v\0", 3) == 0);
  }
  const uint64_t session = event.session;
  OK(changeover_next_event(engine, DEADLINE, &event));
  EQUAL(CHANGEOVER_EVENT_SWITCHED, event.kind);
  EQUAL(CHANGEOVER_REASON_INITIAL, event.reason);
  EQUAL(-1, event.from);
  EQUAL(7, event.priority);
  EQUAL(1, event.switch_number);
  EQUAL(0, event.options_len);
  CHECK(event.options == NULL);
  TEXT("", event.url, event.url_len);
  OK(changeover_unregister(engine, S("live/a")));
  OK(changeover_next_event(engine, DEADLINE, &event));
  EQUAL(CHANGEOVER_EVENT_STOP, event.kind);
  EQUAL(session, event.session);
  EQUAL(7, event.priority);
  OK(changeover_next_event(engine, DEADLINE, &event));
  EQUAL(CHANGEOVER_EVENT_UNREGISTERED, event.kind);
  EQUAL(registration, event.registration);
  TEXT("live/a", event.stream, event.stream_len);
  EXPECT(CHANGEOVER_ERR_TIMEOUT, changeover_next_event(engine, 0, &event));
  EQUAL(0, event.owner);
  OK(changeover_free(engine));
}

static void an_empty_buffer_name_is_the_streams_id(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 1);
  changeover_event event = no_event();
  take(engine, CHANGEOVER_EVENT_START, &event);
  TEXT("s", event.buffer_write_id, event.buffer_write_id_len);
  OK(changeover_update_buffer_write_id(engine, S("s"), S("elsewhere")));
  take(engine, CHANGEOVER_EVENT_START, &event);
  TEXT("elsewhere", event.buffer_write_id, event.buffer_write_id_len);
  OK(changeover_update_buffer_write_id(engine, S("s"), NULL, 0));
  take(engine, CHANGEOVER_EVENT_START, &event);
  TEXT("s", event.buffer_write_id, event.buffer_write_id_len);
  OK(changeover_event_clear(&event));
  OK(changeover_free(engine));
}

static void a_degraded_event_carries_the_hosts_text(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 2);
  OK(changeover_report_input_error(engine, S("s"), 1, S("404 Not Found")));
  changeover_event event = no_event();
  take(engine, CHANGEOVER_EVENT_DEGRADED, &event);
  EQUAL(1, event.priority);
  EQUAL(CHANGEOVER_REASON_ERROR, event.reason);
  TEXT("404 Not Found", event.detail, event.detail_len);
  /* Cut at 255 bytes, on a character boundary: 127 two-byte characters. */
  char longer[301] = "", kept[255] = "";
  for (int i = 0; i < 150; i++)
    memcpy(longer + 2 * i, "\xc3\xa4", 2);
  memcpy(kept, longer, 254);
  OK(changeover_report_input_error(engine, S("s"), 0, longer, 300));
  take(engine, CHANGEOVER_EVENT_DEGRADED, &event);
  TEXT(kept, event.detail, event.detail_len);
  OK(changeover_event_clear(&event));
  OK(changeover_free(engine));
}

static void a_held_event_is_the_callers_until_cleared(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "first", 1);
  changeover_event held = no_event(), other = no_event();
  OK(changeover_next_event(engine, DEADLINE, &held));
  register_stream(engine, "second", 1);
  while (changeover_next_event(engine, 0, &other) == CHANGEOVER_OK) {
  }
  OK(changeover_unregister(engine, S("first")));
  OK(changeover_free(engine));
  TEXT("first", held.stream, held.stream_len);
  TEXT("test://0", held.url, held.url_len);
  OK(changeover_event_clear(&held));
  EQUAL(0, held.owner);
  EQUAL(0, held.kind);
  EQUAL(-1, held.priority);
  EQUAL(sizeof held, held.struct_size);
  CHECK(held.stream == NULL && held.stream_len == 0 && held.options == NULL);
  OK(changeover_event_clear(&held));
  OK(changeover_event_clear(NULL));
  EXPECT(CHANGEOVER_ERR_HANDLE, changeover_next_event(engine, 0, &held));
}

static void a_copy_of_a_cleared_event_is_noticed(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 1);
  changeover_event event = no_event();
  OK(changeover_next_event(engine, DEADLINE, &event));
  changeover_event copy = event;
  OK(changeover_event_clear(&event));
  const changeover_event before = copy;
  EXPECT(CHANGEOVER_ERR_HANDLE, changeover_event_clear(&copy));
  EXPECT(CHANGEOVER_ERR_HANDLE, changeover_next_event(engine, 0, &copy));
  CHECK(memcmp(&before, &copy, sizeof copy) == 0);
  /* No event was lost to it. */
  OK(changeover_next_event(engine, 0, &event));
  EQUAL(CHANGEOVER_EVENT_SWITCHED, event.kind);
  OK(changeover_event_clear(&event));
  OK(changeover_free(engine));
}

static void the_wait_ends_in_time(void) {
  changeover_engine *engine = patient_engine();
  changeover_event event = no_event();
  EXPECT(CHANGEOVER_ERR_TIMEOUT, changeover_next_event(engine, 0, &event));
  const uint64_t before = clock_now();
  EXPECT(CHANGEOVER_ERR_TIMEOUT, changeover_next_event(engine, 30 * MILLISECOND, &event));
  const uint64_t waited = clock_now() - before;
  CHECK(waited >= 30 * MILLISECOND && waited < DEADLINE);
  OK(changeover_free(engine));
}

static void the_descriptor_is_readable_while_events_wait(void) {
  changeover_engine *engine = patient_engine();
  int32_t fd = -1;
  OK(changeover_event_fd(engine, &fd));
  changeover_event event = no_event();
  for (int round = 0; round < 50; round++) {
    CHECK(!readable(fd, 0));
    register_stream(engine, "s", 1);
    CHECK(readable(fd, 0));
    CHECK(readable(fd, 0));
    OK(changeover_next_event(engine, 0, &event));
    CHECK(readable(fd, 0)); /* switched */
    EQUAL(1, drain(engine));
    CHECK(!readable(fd, 0));
    OK(changeover_unregister(engine, S("s")));
    CHECK(readable(fd, 0)); /* stop, unregistered */
    EQUAL(2, drain(engine));
    /* A start nobody took vanishes with its stop. */
    register_stream(engine, "s", 1);
    OK(changeover_unregister(engine, S("s")));
    EQUAL(2, drain(engine)); /* switched, unregistered */
  }
  OK(changeover_event_clear(&event));
  OK(changeover_free(engine));
}

static void *register_later(void *engine) {
  register_stream(engine, "s", 1);
  return NULL;
}

static void poll_is_woken_by_another_thread(void) {
  changeover_engine *engine = patient_engine();
  int32_t fd = -1;
  OK(changeover_event_fd(engine, &fd));
  pthread_t other;
  pthread_create(&other, NULL, register_later, engine);
  CHECK(readable(fd, (int)(DEADLINE / MILLISECOND)));
  pthread_join(other, NULL);
  OK(changeover_free(engine));
}

static void beyond_the_limit_the_oldest_information_becomes_a_gap(void) {
  changeover_options options;
  OK(changeover_options_init(&options, sizeof options));
  const changeover_config config = patient_config();
  options.defaults = &config;
  options.event_limit = 4;
  changeover_engine *engine = NULL;
  OK(changeover_new(&options, &engine));
  register_stream(engine, "kept", 1);
  drain(engine);
  for (int i = 0; i < 10; i++) {
    register_stream(engine, "s", 0);
    OK(changeover_unregister(engine, S("s")));
  }
  changeover_event event = no_event();
  OK(changeover_next_event(engine, 0, &event));
  EQUAL(CHANGEOVER_EVENT_GAP, event.kind);
  EQUAL(6, event.dropped);
  TEXT("", event.stream, event.stream_len);
  EQUAL(4, drain(engine));
  OK(changeover_event_clear(&event));
  OK(changeover_free(engine));
}

static void a_mass_failure_is_told_once_and_of_no_stream(void) {
  enum { STREAMS = 12 };
  changeover_engine *engine = patient_engine();
  changeover_input inputs[STREAMS];
  char id[16];
  for (int i = 0; i < STREAMS; i++) {
    snprintf(id, sizeof id, "%d", i);
    register_stream(engine, id, 1);
    inputs[i] = open_input(engine, id, 0, 0);
    EQUAL(1, changeover_record(&inputs[i], 1, 0));
  }
  sync_engine(engine);
  for (int i = 0; i < STREAMS; i++) {
    OK(changeover_input_report_error(&inputs[i], S("gone")));
    OK(changeover_close_input(&inputs[i]));
  }
  changeover_event event = no_event();
  CHECK(take(engine, CHANGEOVER_EVENT_MASS_FAILURE, &event));
  EQUAL(STREAMS, event.measured);
  EQUAL(3, event.limit);
  EQUAL(0, event.registration);
  EQUAL(-1, event.priority);
  TEXT("", event.stream, event.stream_len);
  TEXT("12 of 12 streams on air failed within a second", event.detail, event.detail_len);
  STRING("mass_failure", changeover_event_name(event.kind));
  OK(changeover_event_clear(&event));
  drain(engine);
  /* Its share is the engine's alone. */
  changeover_config config = patient_config();
  config.mass_share = 50;
  OK(changeover_set_config(engine, NULL, 0, &config));
  EXPECT(CHANGEOVER_ERR_CONFIG, changeover_set_config(engine, S("0"), &config));
  config.mass_share = 101;
  EXPECT(CHANGEOVER_ERR_CONFIG, changeover_set_config(engine, NULL, 0, &config));
  OK(changeover_free(engine));
}

struct takers {
  changeover_engine *engine;
  struct counter starts, stops;
};

static void *take_all(void *data) {
  struct takers *takers = data;
  changeover_event event = no_event();
  int32_t result;
  while ((result = changeover_next_event(takers->engine, UINT64_MAX, &event)) == CHANGEOVER_OK) {
    if (event.kind == CHANGEOVER_EVENT_START) counter_add(&takers->starts, 1);
    if (event.kind == CHANGEOVER_EVENT_STOP) counter_add(&takers->stops, 1);
  }
  CHECK(result == CHANGEOVER_ERR_SHUT_DOWN || result == CHANGEOVER_ERR_HANDLE);
  return NULL;
}

static void several_threads_may_take_events(void) {
  struct takers takers = {patient_engine(), COUNTER, COUNTER};
  pthread_t threads[3];
  for (size_t i = 0; i < LENGTH(threads); i++)
    pthread_create(&threads[i], NULL, take_all, &takers);
  for (int i = 1; i <= 50; i++) {
    register_stream(takers.engine, "s", 1);
    WAIT_FOR(&takers.starts, i);
    OK(changeover_unregister(takers.engine, S("s")));
    WAIT_FOR(&takers.stops, i);
  }
  OK(changeover_free(takers.engine));
  for (size_t i = 0; i < LENGTH(threads); i++)
    pthread_join(threads[i], NULL);
  EQUAL(50, counter_get(&takers.starts));
  EQUAL(50, counter_get(&takers.stops));
}

static changeover_event recovery_of(changeover_engine *engine, int32_t priority) {
  uint64_t verdict;
  OK(changeover_record_packet(engine, S("s"), priority, 1, 0, &verdict));
  sync_engine(engine);
  changeover_event event = no_event();
  do
    OK(changeover_next_event(engine, 0, &event));
  while (event.kind != CHANGEOVER_EVENT_RECOVERED && event.kind != CHANGEOVER_EVENT_NONE);
  EQUAL(priority, event.priority);
  return event;
}

static void a_recovery_says_whether_the_stream_was_exhausted(void) {
  changeover_engine *engine = patient_engine();
  changeover_config hot;
  OK(changeover_config_init(&hot, sizeof hot));
  hot.standby = CHANGEOVER_STANDBY_HOT;
  changeover_input_spec specs[] = {input_spec(0, ""), input_spec(1, "")};
  specs[0].config = specs[1].config = &hot;
  OK(changeover_register(engine, S("s"), NULL, 0, specs, LENGTH(specs), NULL, NULL));
  OK(changeover_report_input_error(engine, S("s"), 1, S("gone")));
  drain(engine);
  changeover_event event = recovery_of(engine, 1);
  EQUAL(0, event.exhausted);
  OK(changeover_event_clear(&event));
  for (int32_t priority = 0; priority <= 1; priority++)
    OK(changeover_report_input_error(engine, S("s"), priority, S("gone")));
  event = recovery_of(engine, 1);
  EQUAL(1, event.exhausted);
  OK(changeover_event_clear(&event));
  OK(changeover_free(engine));
}

int main(void) {
  RUN(a_recovery_says_whether_the_stream_was_exhausted);
  RUN(a_start_says_what_was_registered);
  RUN(an_empty_buffer_name_is_the_streams_id);
  RUN(a_degraded_event_carries_the_hosts_text);
  RUN(a_held_event_is_the_callers_until_cleared);
  RUN(a_copy_of_a_cleared_event_is_noticed);
  RUN(the_wait_ends_in_time);
  RUN(the_descriptor_is_readable_while_events_wait);
  RUN(poll_is_woken_by_another_thread);
  RUN(beyond_the_limit_the_oldest_information_becomes_a_gap);
  RUN(a_mass_failure_is_told_once_and_of_no_stream);
  RUN(several_threads_may_take_events);
  return finish();
}
