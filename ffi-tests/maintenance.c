/* Maintenance: inputs out of use, choices that end, returns by request, all streams at once. */
#include "harness.h"
#include <stdio.h>

/* "s" with two inputs, 0 on air. */
static changeover_engine *on_air(changeover_input *input) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 2);
  *input = open_input(engine, "s", 0, take_start(engine, 0));
  EQUAL(1, changeover_record(input, 1, 0));
  sync_engine(engine);
  return engine;
}

static void an_input_on_air_is_drained_and_stopped(void) {
  changeover_input old;
  changeover_engine *engine = on_air(&old);
  OK(changeover_set_input_enabled(engine, S("s"), 0, 0));
  changeover_input_status status = input_status(engine, "s", 0);
  EQUAL(1, status.disabled);
  EQUAL(CHANGEOVER_STATUS_ACTIVE, status.status);
  EQUAL(0, input_status(engine, "s", 1).disabled);
  changeover_input new = open_input(engine, "s", 1, take_start(engine, 1));
  EQUAL(1, changeover_record(&old, 1, 0));
  EQUAL(0, changeover_record(&new, 1, 0));
  sync_engine(engine);
  EQUAL(2, changeover_record(&new, 1, 0));
  EQUAL(0, changeover_record(&old, 1, 0));
  changeover_event event = no_event();
  CHECK(take(engine, CHANGEOVER_EVENT_SWITCHED, &event));
  EQUAL(CHANGEOVER_REASON_DISABLED, event.reason);
  status = input_status(engine, "s", 0);
  EQUAL(CHANGEOVER_STATUS_STOPPED, status.status);
  EQUAL(0, status.session);
  EXPECT(CHANGEOVER_ERR_INPUT_DISABLED, changeover_switch_input(engine, S("s"), 0));
  EXPECT(CHANGEOVER_ERR_INPUT_DISABLED, changeover_force_input(engine, S("s"), 0));
  OK(changeover_set_input_enabled(engine, S("s"), 0, 1));
  EQUAL(0, input_status(engine, "s", 0).disabled);
  EQUAL(0, stream_status(engine, "s").pending_input_priority);
  OK(changeover_event_clear(&event));
  OK(changeover_close_input(&old));
  OK(changeover_close_input(&new));
  OK(changeover_free(engine));
}

static void what_is_neither_1_nor_0_is_refused(void) {
  changeover_input input;
  changeover_engine *engine = on_air(&input);
  const int32_t neither[] = {-1, 2, INT32_MIN, INT32_MAX};
  for (size_t i = 0; i < LENGTH(neither); i++)
    EXPECT(CHANGEOVER_ERR_VALUE, changeover_set_input_enabled(engine, S("s"), 0, neither[i]));
  EXPECT(CHANGEOVER_ERR_UNKNOWN_INPUT, changeover_set_input_enabled(engine, S("s"), 7, 0));
  EXPECT(CHANGEOVER_ERR_PRIORITY, changeover_set_input_enabled(engine, S("s"), -1, 0));
  EXPECT(CHANGEOVER_ERR_UNKNOWN_STREAM, changeover_set_input_enabled(engine, S("t"), 0, 0));
  EQUAL(0, input_status(engine, "s", 0).disabled);
  OK(changeover_close_input(&input));
  OK(changeover_free(engine));
}

static void a_choice_ends_by_itself(void) {
  changeover_input input;
  changeover_engine *engine = on_air(&input);
  EQUAL(0, stream_status(engine, "s").override_left);
  OK(changeover_switch_input_for(engine, S("s"), 0, FOR_EVER));
  const uint64_t left = stream_status(engine, "s").override_left;
  CHECK(left > FOR_EVER / 2 && left <= FOR_EVER);
  OK(changeover_switch_input_for(engine, S("s"), 0, 50 * MILLISECOND));
  EQUAL(0, stream_status(engine, "s").override_input_priority);
  const uint64_t deadline = clock_now() + DEADLINE;
  while (stream_status(engine, "s").override_input_priority == 0 && clock_now() < deadline)
    sync_engine(engine);
  EQUAL(-1, stream_status(engine, "s").override_input_priority);
  const uint64_t wrong[] = {0, 1, MILLISECOND - 1, CHANGEOVER_NEVER + 1, CHANGEOVER_INHERIT, UINT64_MAX};
  for (size_t i = 0; i < LENGTH(wrong); i++)
    EXPECT(CHANGEOVER_ERR_CONFIG, changeover_switch_input_for(engine, S("s"), 0, wrong[i]));
  EXPECT(CHANGEOVER_ERR_UNKNOWN_INPUT, changeover_switch_input_for(engine, S("s"), 7, SECOND));
  EXPECT(CHANGEOVER_ERR_PRIORITY, changeover_switch_input_for(engine, S("s"), -7, SECOND));
  EQUAL(-1, stream_status(engine, "s").override_input_priority);
  OK(changeover_close_input(&input));
  OK(changeover_free(engine));
}

static void a_return_is_asked_for(void) {
  changeover_input input;
  changeover_engine *engine = on_air(&input);
  EXPECT(CHANGEOVER_ERR_NO_BETTER_INPUT, changeover_fail_back(engine, S("s")));
  OK(changeover_switch_input(engine, S("s"), 1));
  changeover_input other = open_input(engine, "s", 1, take_start(engine, 1));
  (void)changeover_record(&other, 1, 0);
  sync_engine(engine);
  EQUAL(1, stream_status(engine, "s").active_input_priority);
  OK(changeover_fail_back(engine, S("s")));
  const changeover_stream_status status = stream_status(engine, "s");
  EQUAL(0, status.pending_input_priority);
  EQUAL(-1, status.override_input_priority);
  EXPECT(CHANGEOVER_ERR_UNKNOWN_STREAM, changeover_fail_back(engine, S("t")));
  OK(changeover_close_input(&input));
  OK(changeover_close_input(&other));
  OK(changeover_free(engine));
}

static void all_streams_end_at_once(void) {
  changeover_engine *engine = patient_engine();
  const int streams = scaled(1000);
  char id[16];
  for (int i = 0; i < streams; i++) {
    snprintf(id, sizeof id, "%d", i);
    register_stream(engine, id, 1);
  }
  changeover_input input = open_input(engine, "0", 0, 0);
  EQUAL(1, changeover_record(&input, 1, 0));
  OK(changeover_unregister_all(engine));
  EQUAL(0, changeover_record(&input, 1, 0));
  changeover_stream_list *list = NULL;
  OK(changeover_registered_streams(engine, &list));
  EQUAL(0, changeover_stream_list_len(list));
  changeover_stream_list_free(list);
  changeover_event event = no_event();
  int ended = 0;
  while (changeover_next_event(engine, 0, &event) == CHANGEOVER_OK)
    ended += event.kind == CHANGEOVER_EVENT_UNREGISTERED;
  EQUAL(streams, ended);
  OK(changeover_unregister_all(engine));
  OK(changeover_event_clear(&event));
  OK(changeover_close_input(&input));
  OK(changeover_free(engine));
  EXPECT(CHANGEOVER_ERR_HANDLE, changeover_unregister_all(engine));
}

int main(void) {
  RUN(an_input_on_air_is_drained_and_stopped);
  RUN(what_is_neither_1_nor_0_is_refused);
  RUN(a_choice_ends_by_itself);
  RUN(a_return_is_asked_for);
  RUN(all_streams_end_at_once);
  return finish();
}
