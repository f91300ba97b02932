/* Delivery to callbacks: the thread, the order, and what their answers mean. */
#include "callback_host.h"

static void events_come_in_order_on_one_thread(void) {
  struct host host = host_init();
  const changeover_config config = patient_config();
  make_engine(&host, &config);
  register_stream(host.engine, "s", 2);
  sync_engine(host.engine);
  EQUAL(2, counter_get(&host.events));
  EQUAL(CHANGEOVER_EVENT_START, host.records[0].kind);
  EQUAL(CHANGEOVER_EVENT_SWITCHED, host.records[1].kind);
  uint64_t verdict = 0;
  OK(changeover_record_packet(host.engine, S("s"), 0, 100, 0, &verdict));
  EQUAL(1, verdict);
  sync_engine(host.engine);
  EQUAL(3, counter_get(&host.events));
  EQUAL(CHANGEOVER_EVENT_ACTIVE, host.records[2].kind);
  /* Returns after the last event of the registration was delivered. */
  OK(changeover_unregister(host.engine, S("s")));
  EQUAL(5, counter_get(&host.events));
  EQUAL(CHANGEOVER_EVENT_STOP, host.records[3].kind);
  EQUAL(host.records[0].session, host.records[3].session);
  EQUAL(CHANGEOVER_EVENT_UNREGISTERED, host.records[4].kind);
  CHECK(!pthread_equal(host.thread, pthread_self()));
  free_engine(&host);
}

static void freeing_delivers_the_stops_first(void) {
  struct host host = host_init();
  const changeover_config config = patient_config();
  make_engine(&host, &config);
  register_stream(host.engine, "a", 1);
  register_stream(host.engine, "b", 1);
  free_engine(&host);
  EQUAL(count(&host, CHANGEOVER_EVENT_START), count(&host, CHANGEOVER_EVENT_STOP));
  EQUAL(2, count(&host, CHANGEOVER_EVENT_UNREGISTERED));
}

static void a_negative_answer_to_start_is_a_failure(void) {
  struct host host = host_init();
  const changeover_config config = patient_config();
  make_engine(&host, &config);
  set_answers(&host, -110, 0);
  register_stream(host.engine, "s", 2);
  int64_t at = 0;
  for (int32_t i = 0; i < 2; i++) {
    const struct record degraded = next(&host, &at, CHANGEOVER_EVENT_DEGRADED);
    EQUAL(i, degraded.priority);
    EQUAL(CHANGEOVER_REASON_START_FAILED, degraded.reason);
    STRING("the host's start answered -110", degraded.detail);
  }
  next(&host, &at, CHANGEOVER_EVENT_EXHAUSTED);
  OK(changeover_unregister(host.engine, S("s")));
  EQUAL(2, count(&host, CHANGEOVER_EVENT_START));
  EQUAL(2, count(&host, CHANGEOVER_EVENT_STOP));
  free_engine(&host);
}

static void answers_that_mean_nothing_are_logged_failures(void) {
  struct host host = host_init();
  const changeover_config config = quick_config();
  make_engine(&host, &config);
  OK(changeover_set_log_callback(host.engine, CHANGEOVER_LOG_ERROR, on_line, &host, NULL));
  set_answers(&host, 7, 99);
  register_stream(host.engine, "s", 1);
  int64_t at = 0;
  const struct record degraded = next(&host, &at, CHANGEOVER_EVENT_DEGRADED);
  EQUAL(CHANGEOVER_REASON_START_FAILED, degraded.reason);
  STRING("the host's start answered 7, which means nothing", degraded.detail);
  next(&host, &at, CHANGEOVER_EVENT_PROBE);
  /* A second probe: the first one failed. */
  next(&host, &at, CHANGEOVER_EVENT_PROBE);
  WAIT_FOR(&host.lines, 4); /* start, exhausted, probe, probe */
  OK(changeover_set_log_callback(host.engine, CHANGEOVER_LOG_OFF, NULL, NULL, NULL));
  CHECK(strstr(host.last_line, "the host's probe answered 99, which means nothing") != NULL);
  free_engine(&host);
}

static void probes_are_answered_by_what_the_callback_returns(void) {
  struct host host = host_init();
  const changeover_config config = quick_config();
  make_engine(&host, &config);
  set_answers(&host, 0, CHANGEOVER_PROBE_FAILED);
  register_stream(host.engine, "s", 2);
  OK(changeover_report_input_error(host.engine, S("s"), 1, S("down")));
  int64_t at = 0;
  next(&host, &at, CHANGEOVER_EVENT_PROBE);
  set_answers(&host, 0, CHANGEOVER_PROBE_OK);
  EQUAL(1, next(&host, &at, CHANGEOVER_EVENT_PROBE).priority);
  EQUAL(1, next(&host, &at, CHANGEOVER_EVENT_RECOVERED).priority);
  /* The answer may come later, from anywhere. */
  set_answers(&host, 0, CHANGEOVER_PROBE_LATER);
  OK(changeover_report_input_error(host.engine, S("s"), 1, S("down again")));
  const uint64_t probe = next(&host, &at, CHANGEOVER_EVENT_PROBE).probe;
  EXPECT(CHANGEOVER_ERR_STALE_SESSION,
         changeover_probe_result(host.engine, S("s"), probe + 1000, CHANGEOVER_PROBE_OK, NULL, 0));
  OK(changeover_probe_result(host.engine, S("s"), probe, CHANGEOVER_PROBE_OK, NULL, 0));
  next(&host, &at, CHANGEOVER_EVENT_RECOVERED);
  EXPECT(CHANGEOVER_ERR_STALE_SESSION,
         changeover_probe_result(host.engine, S("s"), probe, CHANGEOVER_PROBE_OK, NULL, 0));
  /* Without a usable probe, a session is tried. */
  set_answers(&host, 0, CHANGEOVER_PROBE_UNSUPPORTED);
  OK(changeover_report_input_error(host.engine, S("s"), 0, S("down")));
  next(&host, &at, CHANGEOVER_EVENT_PROBE);
  EQUAL(0, next(&host, &at, CHANGEOVER_EVENT_START).priority);
  free_engine(&host);
}

static void probe_and_notify_may_be_left_out(void) {
  struct host host = host_init();
  const changeover_config config = quick_config();
  changeover_callbacks callbacks = callbacks_of(&host);
  callbacks.probe = NULL;
  callbacks.notify = NULL;
  host.engine = new_engine(&config, &callbacks);
  register_stream(host.engine, "s", 2);
  OK(changeover_report_input_error(host.engine, S("s"), 0, S("down")));
  int64_t at = 0;
  EQUAL(0, next(&host, &at, CHANGEOVER_EVENT_START).priority);
  EQUAL(1, next(&host, &at, CHANGEOVER_EVENT_START).priority);
  uint64_t verdict;
  OK(changeover_record_packet(host.engine, S("s"), 1, 1, 0, &verdict));
  /* The trial that stands in for a probe. */
  EQUAL(0, next(&host, &at, CHANGEOVER_EVENT_START).priority);
  free_engine(&host);
}

static void exhausted_and_restored_have_callbacks_of_their_own(void) {
  struct host host = host_init();
  const changeover_config config = patient_config();
  make_engine(&host, &config);
  OK(changeover_set_exhausted_callback(host.engine, on_exhausted, &host, NULL));
  OK(changeover_set_restored_callback(host.engine, on_restored, &host, NULL));
  register_stream(host.engine, "s", 1);
  uint64_t verdict;
  for (int i = 1; i <= 3; i++) {
    OK(changeover_record_packet(host.engine, S("s"), 0, 1, 0, &verdict));
    sync_engine(host.engine);
    OK(changeover_report_input_error(host.engine, S("s"), 0, S("down")));
    sync_engine(host.engine);
    EQUAL(i, counter_get(&host.exhausted));
    OK(changeover_record_packet(host.engine, S("s"), 0, 1, 0, &verdict));
    sync_engine(host.engine);
    EQUAL(i, counter_get(&host.restored));
  }
  /* And as events. */
  EQUAL(3, count(&host, CHANGEOVER_EVENT_EXHAUSTED));
  EQUAL(3, count(&host, CHANGEOVER_EVENT_RESTORED));
  OK(changeover_set_exhausted_callback(host.engine, NULL, NULL, NULL));
  OK(changeover_report_input_error(host.engine, S("s"), 0, S("down")));
  sync_engine(host.engine);
  EQUAL(3, counter_get(&host.exhausted));
  free_engine(&host);
}

int main(void) {
  RUN(events_come_in_order_on_one_thread);
  RUN(freeing_delivers_the_stops_first);
  RUN(a_negative_answer_to_start_is_a_failure);
  RUN(answers_that_mean_nothing_are_logged_failures);
  RUN(probes_are_answered_by_what_the_callback_returns);
  RUN(probe_and_notify_may_be_left_out);
  RUN(exhausted_and_restored_have_callbacks_of_their_own);
  return finish();
}
