/* Bugs of the library, on demand: one stream's costs that stream, one that ends the monitor is told, one
 * that makes it hang is seen. Only against a library that is built with --cfg changeover_panic_hook. */
#include "callback_host.h"
#include <sched.h>
#include <stdio.h>

extern int32_t changeover_test_plant_bug(changeover_engine *engine, const char *stream, size_t len);
extern int32_t changeover_test_end_monitor(changeover_engine *engine);
extern int32_t changeover_test_hang(changeover_engine *engine, uint64_t nanoseconds);

/* Waits until changeover_alive answers that; a failed check if it takes longer than DEADLINE. */
static void wait_for_alive(changeover_engine *engine, int32_t code, uint64_t at_least, uint64_t at_most) {
  const uint64_t deadline = clock_now() + DEADLINE;
  uint64_t late = 0;
  for (;;) {
    const int32_t answer = changeover_alive(engine, &late);
    if (answer == code && (code != CHANGEOVER_OK || (late >= at_least && late <= at_most))) return;
    if (clock_now() > deadline) {
      check(false, __FILE__, __LINE__, "alive: %d, %llu ns late", answer, (unsigned long long)late);
      return;
    }
    sched_yield();
  }
}

static void a_bug_in_a_stream_costs_that_stream_alone(void) {
  changeover_engine *engine = patient_engine();
  const char *streams[] = {"a", "b", "c"};
  changeover_input inputs[LENGTH(streams)];
  for (size_t i = 0; i < LENGTH(streams); i++) {
    register_stream(engine, streams[i], 2);
    inputs[i] = open_input(engine, streams[i], 0, 0);
    CHECK(changeover_record(&inputs[i], 1, CHANGEOVER_VIDEO) != 0);
  }
  OK(changeover_sync(engine, DEADLINE));
  drain(engine);
  OK(changeover_test_plant_bug(engine, S("b")));
  EXPECT(CHANGEOVER_ERR_PANIC, changeover_switch_input(engine, S("b"), 1));
  changeover_event event = no_event();
  const int32_t kinds[] = {CHANGEOVER_EVENT_BUG, CHANGEOVER_EVENT_STOP, CHANGEOVER_EVENT_UNREGISTERED};
  for (size_t i = 0; i < LENGTH(kinds); i++) {
    OK(changeover_next_event(engine, 0, &event));
    EQUAL(kinds[i], event.kind);
    TEXT("b", event.stream, event.stream_len);
    if (event.kind == CHANGEOVER_EVENT_BUG) TEXT("planted by a test", event.detail, event.detail_len);
  }
  EXPECT(CHANGEOVER_ERR_TIMEOUT, changeover_next_event(engine, 0, &event));
  EXPECT(CHANGEOVER_ERR_UNKNOWN_STREAM, changeover_switch_input(engine, S("b"), 1));
  for (size_t i = 0; i < LENGTH(streams); i++) {
    CHECK((changeover_record(&inputs[i], 1, CHANGEOVER_VIDEO) != 0) == (i != 1));
    if (i != 1) OK(changeover_switch_input(engine, S(streams[i]), 1));
    OK(changeover_close_input(&inputs[i]));
  }
  wait_for_alive(engine, CHANGEOVER_OK, 0, UINT64_MAX);
  OK(changeover_free(engine));
}

static void a_monitor_that_ends_is_told_to_who_polls(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 1);
  changeover_input input = open_input(engine, "s", 0, 0);
  const uint64_t verdict = changeover_record(&input, 1, 0);
  CHECK(verdict != 0);
  OK(changeover_test_end_monitor(engine));
  changeover_event event = no_event();
  CHECK(take(engine, CHANGEOVER_EVENT_BUG, &event));
  EQUAL(0, event.stream_len);
  TEXT("planted", event.detail, event.detail_len);
  EXPECT(CHANGEOVER_ERR_MONITOR_DIED, changeover_next_event(engine, UINT64_MAX, &event));
  wait_for_alive(engine, CHANGEOVER_ERR_MONITOR_DIED, 0, 0);
  EXPECT(CHANGEOVER_ERR_MONITOR_DIED, changeover_switch_input(engine, S("s"), 0));
  EXPECT(CHANGEOVER_ERR_MONITOR_DIED, changeover_sync(engine, DEADLINE));
  EQUAL(verdict, changeover_record(&input, 1, 0));
  OK(changeover_free(engine));
  EQUAL(0, changeover_record(&input, 1, 0));
  OK(changeover_close_input(&input));
}

static void a_monitor_that_ends_is_told_to_callbacks(void) {
  struct host host = host_init();
  const changeover_config config = patient_config();
  make_engine(&host, &config);
  OK(changeover_set_log_callback(host.engine, CHANGEOVER_LOG_ERROR, on_line, &host, NULL));
  register_stream(host.engine, "s", 2);
  OK(changeover_test_end_monitor(host.engine));
  int64_t at = 0;
  const struct record bug = next(&host, &at, CHANGEOVER_EVENT_BUG);
  STRING("", bug.stream);
  STRING("planted", bug.detail);
  WAIT_FOR(&host.lines, 1);
  wait_for_alive(host.engine, CHANGEOVER_ERR_MONITOR_DIED, 0, 0);
  EXPECT(CHANGEOVER_ERR_MONITOR_DIED, changeover_unregister(host.engine, S("s")));
  EQUAL(0, counter_get(&host.destroyed));
  /* Once, and before it returns. */
  free_engine(&host);
}

static void a_monitor_that_hangs_is_late(void) {
  changeover_engine *engine = patient_engine();
  wait_for_alive(engine, CHANGEOVER_OK, 0, 0);
  /* Idle, and with ticks to be late for. */
  for (int running = 0; running < 2; running++) {
    if (running) register_stream(engine, "s", 1);
    OK(changeover_test_hang(engine, 500 * MILLISECOND));
    wait_for_alive(engine, CHANGEOVER_OK, 100 * MILLISECOND, UINT64_MAX);
    wait_for_alive(engine, CHANGEOVER_OK, 0, 100 * MILLISECOND);
  }
  OK(changeover_unregister(engine, S("s")));
  wait_for_alive(engine, CHANGEOVER_OK, 0, 0);
  OK(changeover_free(engine));
}

int main(void) {
  RUN(a_bug_in_a_stream_costs_that_stream_alone);
  RUN(a_monitor_that_ends_is_told_to_who_polls);
  RUN(a_monitor_that_ends_is_told_to_callbacks);
  RUN(a_monitor_that_hangs_is_late);
  return finish();
}
