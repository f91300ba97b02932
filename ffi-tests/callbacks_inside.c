/* What host code may call from within its callbacks, and what its slowness holds up. */
#include "callback_host.h"
#include <stdio.h>
#include <stdlib.h>

/* Engines made in callbacks, where they can't be freed. */
static changeover_engine *engines_inside[64];
static struct counter made_inside = COUNTER;

static void free_engines_made_inside(void) {
  for (int64_t i = 0; i < counter_get(&made_inside); i++)
    OK(changeover_free(engines_inside[i]));
}

/* Every function, on a stream of its own so that the callback's is left alone. */
static void call_everything(struct host *host) {
  static struct counter names = COUNTER;
  changeover_engine *engine = host->engine;
  char name[32];
  counter_add(&names, 1);
  snprintf(name, sizeof name, "inside-%d", (int)counter_get(&names));
  register_stream(engine, name, 2);
  int32_t registered = 0;
  OK(changeover_is_registered(engine, S(name), &registered));
  EQUAL(1, registered);
  changeover_stream_list *list = NULL;
  OK(changeover_registered_streams(engine, &list));
  CHECK(changeover_stream_list_len(list) > 0);
  changeover_stream_list_free(list);
  const changeover_config config = patient_config();
  OK(changeover_set_config(engine, S(name), &config));
  OK(changeover_switch_input(engine, S(name), 0));
  OK(changeover_clear_override(engine, S(name)));
  const changeover_input_spec added = input_spec(2, "test://2");
  OK(changeover_update_inputs(engine, S(name), &added, 1, NULL, 0, NULL, 0));
  OK(changeover_update_buffer_write_id(engine, S(name), S("inside")));
  uint64_t verdict = 0, now = 0;
  OK(changeover_record_packet(engine, S(name), 0, 1, 0, &verdict));
  CHECK(verdict != 0);
  changeover_input input = open_input(engine, name, 0, 0);
  CHECK(changeover_record(&input, 1, 0) == verdict);
  const changeover_packet packet = {1, 0};
  CHECK(changeover_record_batch(&input, &packet, 1) == verdict);
  OK(changeover_record_lost(&input, 1));
  OK(changeover_input_report_error(&input, S("inside")));
  OK(changeover_close_input(&input));
  OK(changeover_report_input_error(engine, S(name), 1, S("inside")));
  EXPECT(CHANGEOVER_ERR_STALE_SESSION, changeover_start_result(engine, S(name), UINT64_MAX, 0, NULL, 0));
  EXPECT(CHANGEOVER_ERR_STALE_SESSION, changeover_probe_result(engine, S(name), UINT64_MAX, 0, NULL, 0));
  char *json = status_json(engine, name);
  CHECK(strstr(json, "inside") != NULL);
  free(json);
  OK(changeover_now(engine, &now));
  OK(changeover_set_restored_callback(engine, on_restored, host, NULL));
  OK(changeover_set_exhausted_callback(engine, on_exhausted, host, NULL));
  OK(changeover_set_log_callback(engine, CHANGEOVER_LOG_DEBUG, on_line, host, NULL));
  /* Polling is another mode; waiting for oneself is refused. */
  changeover_event event = no_event();
  int32_t fd = -7;
  EXPECT(CHANGEOVER_ERR_WRONG_MODE, changeover_next_event(engine, 0, &event));
  EXPECT(CHANGEOVER_ERR_WRONG_MODE, changeover_event_fd(engine, &fd));
  EQUAL(-7, fd);
  EXPECT(CHANGEOVER_ERR_IN_CALLBACK, changeover_sync(engine, DEADLINE));
  EXPECT(CHANGEOVER_ERR_IN_CALLBACK, changeover_free(engine));
  OK(changeover_unregister(engine, S(name)));
  changeover_engine *other = patient_engine();
  register_stream(other, "s", 1);
  /* Nor may it wait for another engine, which may be waiting for it. */
  EXPECT(CHANGEOVER_ERR_IN_CALLBACK, changeover_sync(other, DEADLINE));
  EXPECT(CHANGEOVER_ERR_IN_CALLBACK, changeover_free(other));
  OK(changeover_set_call_timeout(other, UINT64_MAX));
  const int64_t made = counter_get(&made_inside);
  CHECK(made < (int64_t)LENGTH(engines_inside));
  engines_inside[made] = other;
  counter_add(&made_inside, 1);
  counter_add(&host->done, 1);
}

static void every_call_works_inside(int32_t what) {
  struct host host = host_init();
  const changeover_config config = quick_config();
  make_engine(&host, &config);
  set_answers(&host, 0, CHANGEOVER_PROBE_OK);
  OK(changeover_set_exhausted_callback(host.engine, on_exhausted, &host, NULL));
  OK(changeover_set_restored_callback(host.engine, on_restored, &host, NULL));
  OK(changeover_set_log_callback(host.engine, CHANGEOVER_LOG_DEBUG, on_line, &host, NULL));
  set_inside(&host, what, call_everything);
  /* Something of everything happens. */
  uint64_t verdict;
  register_stream(host.engine, "s", 1);
  OK(changeover_record_packet(host.engine, S("s"), 0, 1, 0, &verdict));
  sync_engine(host.engine);
  OK(changeover_report_input_error(host.engine, S("s"), 0, S("down")));
  int64_t at = 0;
  next(&host, &at, CHANGEOVER_EVENT_PROBE);
  OK(changeover_record_packet(host.engine, S("s"), 0, 1, 0, &verdict));
  next(&host, &at, CHANGEOVER_EVENT_RESTORED);
  OK(changeover_unregister(host.engine, S("s")));
  WAIT_FOR(&host.done, 1);
  free_engine(&host);
}

static void every_call_works_inside_every_callback(void) {
  for (int32_t kind = CHANGEOVER_EVENT_START; kind <= CHANGEOVER_EVENT_UNREGISTERED; kind++)
    if (kind != CHANGEOVER_EVENT_RECOVERED) /* on air again, it is restored instead */
      every_call_works_inside(kind);
  for (int32_t what = IN_EXHAUSTED; what <= IN_LOG; what++)
    every_call_works_inside(what);
  free_engines_made_inside();
}

static void unregister_inside(struct host *host) {
  OK(changeover_unregister(host->engine, S("s")));
  counter_add(&host->done, 1);
}

static void a_stream_may_be_unregistered_in_its_own_start(void) {
  struct host host = host_init();
  const changeover_config config = patient_config();
  make_engine(&host, &config);
  set_inside(&host, CHANGEOVER_EVENT_START, unregister_inside);
  register_stream(host.engine, "s", 1);
  WAIT_FOR(&host.done, 1);
  int64_t at = 0;
  const uint64_t session = next(&host, &at, CHANGEOVER_EVENT_START).session;
  EQUAL(session, next(&host, &at, CHANGEOVER_EVENT_STOP).session);
  next(&host, &at, CHANGEOVER_EVENT_UNREGISTERED);
  free_engine(&host);
}

static struct counter release = COUNTER;

static void block(struct host *host) {
  counter_add(&host->done, 1);
  WAIT_FOR(&release, 1);
}

static void a_slow_callback_holds_up_events_and_nothing_else(void) {
  struct host host = host_init();
  const changeover_config config = patient_config();
  make_engine(&host, &config);
  register_stream(host.engine, "s", 2);
  uint64_t verdict = 0;
  OK(changeover_record_packet(host.engine, S("s"), 0, 1, 0, &verdict));
  EQUAL(1, verdict);
  sync_engine(host.engine);
  set_inside(&host, CHANGEOVER_EVENT_START, block);
  register_stream(host.engine, "slow", 1);
  WAIT_FOR(&host.done, 1);
  /* The event thread is inside the host's code now. */
  OK(changeover_report_input_error(host.engine, S("s"), 0, S("down")));
  OK(changeover_record_packet(host.engine, S("s"), 1, 1, 0, &verdict));
  EQUAL(2, verdict);
  EQUAL(1, stream_status(host.engine, "s").active_input_priority);
  EXPECT(CHANGEOVER_ERR_TIMEOUT, changeover_sync(host.engine, MILLISECOND));
  counter_add(&release, 1);
  sync_engine(host.engine);
  free_engine(&host);
}

int main(void) {
  RUN(every_call_works_inside_every_callback);
  RUN(a_stream_may_be_unregistered_in_its_own_start);
  RUN(a_slow_callback_holds_up_events_and_nothing_else);
  return finish();
}
