/* A host's day, end to end: record, verdict, failover, recovery, failback, manual switches. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>

/* Records on a session until it is on air (a verdict that says forward), and returns the verdict. */
static uint64_t deliver(changeover_input *input) {
  const uint64_t deadline = clock_now() + DEADLINE;
  uint64_t verdict;
  const uint32_t key_frame = CHANGEOVER_VIDEO | CHANGEOVER_KEY;
  while ((verdict = changeover_record(input, 1316, key_frame)) == 0 && clock_now() < deadline) {
  }
  return verdict;
}

static void a_silent_input_fails_over_and_comes_back(void) {
  changeover_config config = patient_config();
  config.packet_timeout = 200 * MILLISECOND;
  config.probe_cooldown = 20 * MILLISECOND;
  config.probe_timeout = 2 * SECOND; /* one may come, and be overlooked, before the loop below */
  config.switch_cooldown = config.failback_stable = 0;
  changeover_engine *engine = new_engine(&config, NULL);
  register_stream(engine, "news", 2);

  const uint64_t first = take_start(engine, 0);
  changeover_input main_input = open_input(engine, "news", 0, first);
  EQUAL(1, changeover_record(&main_input, 1316, CHANGEOVER_VIDEO | CHANGEOVER_KEY));
  changeover_event event = no_event();
  take(engine, CHANGEOVER_EVENT_ACTIVE, &event);
  EQUAL(first, event.session);

  /* It falls silent. */
  take(engine, CHANGEOVER_EVENT_DEGRADED, &event);
  EQUAL(0, event.priority);
  EQUAL(CHANGEOVER_REASON_TIMEOUT, event.reason);
  EQUAL(config.packet_timeout, event.limit);
  CHECK(event.measured >= event.limit && event.measured < event.limit + 10 * SECOND);
  CHECK(event.detail_len > 0);

  const uint64_t second = take_start(engine, 1);
  CHECK(second != first);
  take(engine, CHANGEOVER_EVENT_SWITCHED, &event);
  EQUAL(0, event.from);
  EQUAL(1, event.priority);
  EQUAL(CHANGEOVER_REASON_TIMEOUT, event.reason);
  EQUAL(2, event.switch_number);
  changeover_input backup = open_input(engine, "news", 1, second);
  EQUAL(2, deliver(&backup));
  take(engine, CHANGEOVER_EVENT_STOP, &event);
  EQUAL(first, event.session);
  /* What is left of the old session is dropped. */
  EQUAL(0, changeover_record(&main_input, 1316, 0));
  OK(changeover_close_input(&main_input));

  /* It is probed, and works again; while the backup delivers. */
  bool probed = false, recovered = false, switched = false, stopped = false;
  uint64_t third = 0;
  changeover_input again;
  memset(&again, 0, sizeof again);
  const uint64_t deadline = clock_now() + DEADLINE;
  while (!(switched && stopped) && clock_now() < deadline) {
    changeover_record(&backup, 1316, 0);
    changeover_record(&again, 1316, CHANGEOVER_VIDEO | CHANGEOVER_KEY);
    if (changeover_next_event(engine, MILLISECOND, &event) != CHANGEOVER_OK) continue;
    switch (event.kind) {
      case CHANGEOVER_EVENT_PROBE:
        EQUAL(0, event.priority);
        EQUAL(config.probe_timeout, event.limit);
        TEXT("test://0", event.url, event.url_len);
        OK(changeover_probe_result(engine, S("news"), event.probe, CHANGEOVER_PROBE_OK, NULL, 0));
        probed = true;
        break;
      case CHANGEOVER_EVENT_RECOVERED:
        EQUAL(0, event.priority);
        recovered = true;
        break;
      case CHANGEOVER_EVENT_START: /* failback, make before break */
        EQUAL(0, event.priority);
        EQUAL(1, stream_status(engine, "news").active_input_priority);
        EQUAL(0, stream_status(engine, "news").pending_input_priority);
        third = event.session;
        again = open_input(engine, "news", 0, third);
        break;
      case CHANGEOVER_EVENT_SWITCHED:
        EQUAL(CHANGEOVER_REASON_FAILBACK, event.reason);
        EQUAL(1, event.from);
        EQUAL(0, event.priority);
        switched = true;
        break;
      case CHANGEOVER_EVENT_STOP:
        EQUAL(second, event.session);
        stopped = true;
        break;
      default: break;
    }
  }
  CHECK(probed && recovered && switched && stopped && third > second);
  EQUAL(3, deliver(&again));
  EQUAL(0, changeover_record(&backup, 1316, 0));
  OK(changeover_event_clear(&event));
  OK(changeover_close_input(&backup));
  OK(changeover_close_input(&again));
  OK(changeover_free(engine));
}

static void a_silent_input_that_delivers_before_its_successor_is_back(void) {
  changeover_config config = patient_config();
  config.packet_timeout = 250 * MILLISECOND; /* a busy machine stands still for less */
  changeover_engine *engine = new_engine(&config, NULL);
  register_stream(engine, "s", 2);
  const uint64_t first = take_start(engine, 0);
  changeover_input input = open_input(engine, "s", 0, first);
  EQUAL(1, deliver(&input));
  const uint64_t second = take_start(engine, 1);
  EQUAL(0, changeover_record(&input, 1, 0));
  EQUAL(3, deliver(&input));
  changeover_event event = no_event();
  take(engine, CHANGEOVER_EVENT_STOP, &event);
  EQUAL(second, event.session);
  OK(changeover_event_clear(&event));
  OK(changeover_close_input(&input));
  OK(changeover_free(engine));
}

/* Through an input bound to the session, and through one that follows. */
static void a_start_that_fails_on_its_ingest_thread(void) {
  for (int follows = 0; follows < 2; follows++) {
    changeover_engine *engine = patient_engine();
    register_stream(engine, "s", 2);
    const uint64_t first = take_start(engine, 0);
    changeover_input input = open_input(engine, "s", 0, follows ? 0 : first);
    for (int i = 0; i < 3; i++)
      OK(changeover_input_start_failed(&input, S("no such host")));
    changeover_event event = no_event();
    take(engine, CHANGEOVER_EVENT_DEGRADED, &event);
    EQUAL(0, event.priority);
    EQUAL(CHANGEOVER_REASON_START_FAILED, event.reason);
    TEXT("no such host", event.detail, event.detail_len);
    take(engine, CHANGEOVER_EVENT_STOP, &event);
    EQUAL(first, event.session);
    take(engine, CHANGEOVER_EVENT_START, &event);
    EQUAL(1, event.priority);
    EQUAL(CHANGEOVER_START_FAILOVER, event.start_reason);
    sync_engine(engine);
    EQUAL(1, input_status(engine, "s", 0).errors_len);
    /* With its session over, it says nothing more, nor of others. */
    OK(changeover_input_start_failed(&input, S("too late")));
    sync_engine(engine);
    EQUAL(1, input_status(engine, "s", 0).errors_len);
    EQUAL(0, stream_status(engine, "s").exhausted);
    OK(changeover_event_clear(&event));
    OK(changeover_close_input(&input));
    OK(changeover_free(engine));
  }
}

static void a_reported_error_fails_over_at_once(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 3);
  changeover_input inputs[3];
  for (int32_t i = 0; i < 3; i++) {
    const uint64_t session = take_start(engine, i);
    inputs[i] = open_input(engine, "s", i, session);
    EQUAL(i + 1, deliver(&inputs[i]));
    if (i == 0) /* of the input */
      OK(changeover_report_input_error(engine, S("s"), 0, S("reset by peer")));
    if (i == 1) { /* of the session, through its handle; and once more, which changes nothing */
      OK(changeover_input_report_error(&inputs[1], S("reset by peer")));
      OK(changeover_input_report_error(&inputs[1], S("reset by peer")));
    }
  }
  sync_engine(engine);
  /* An old session's error is nobody's business any more. */
  OK(changeover_input_report_error(&inputs[0], S("too late")));
  sync_engine(engine);
  EQUAL(2, stream_status(engine, "s").active_input_priority);
  /* All gone: exhausted; the last one recovers by its own packets. */
  OK(changeover_report_input_error(engine, S("s"), 2, S("reset by peer")));
  changeover_event event = no_event();
  take(engine, CHANGEOVER_EVENT_EXHAUSTED, &event);
  EQUAL(CHANGEOVER_REASON_ERROR, event.reason);
  EQUAL(1, stream_status(engine, "s").exhausted);
  CHECK(deliver(&inputs[2]) > 0);
  take(engine, CHANGEOVER_EVENT_RESTORED, &event);
  EQUAL(2, event.priority);
  EQUAL(0, stream_status(engine, "s").exhausted);
  OK(changeover_event_clear(&event));
  for (int32_t i = 0; i < 3; i++)
    OK(changeover_close_input(&inputs[i]));
  OK(changeover_free(engine));
}

static void a_start_that_fails_is_not_tried_twice(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 2);
  const uint64_t first = take_start(engine, 0);
  OK(changeover_start_result(engine, S("s"), first, CHANGEOVER_OK, NULL, 0));
  OK(changeover_start_result(engine, S("s"), first, -5, S("no route to host")));
  changeover_event event = no_event();
  take(engine, CHANGEOVER_EVENT_DEGRADED, &event);
  EQUAL(CHANGEOVER_REASON_START_FAILED, event.reason);
  TEXT("no route to host", event.detail, event.detail_len);
  const uint64_t second = take_start(engine, 1);
  OK(changeover_start_result(engine, S("s"), second, -5, NULL, 0));
  take(engine, CHANGEOVER_EVENT_DEGRADED, &event);
  TEXT("the start failed with -5", event.detail, event.detail_len);
  OK(changeover_event_clear(&event));
  OK(changeover_free(engine));
}

static void an_operator_switches_by_hand(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 2);
  changeover_input old = open_input(engine, "s", 0, take_start(engine, 0));
  EQUAL(1, deliver(&old));
  sync_engine(engine);
  OK(changeover_switch_input(engine, S("s"), 1));
  changeover_stream_status status = stream_status(engine, "s");
  EQUAL(0, status.active_input_priority);
  EQUAL(1, status.pending_input_priority);
  EQUAL(1, status.override_input_priority);
  changeover_input new = open_input(engine, "s", 1, take_start(engine, 1));
  /* The old one stays on air until the new one delivers. */
  EQUAL(1, changeover_record(&old, 1, 0));
  EQUAL(2, deliver(&new));
  EQUAL(0, changeover_record(&old, 1, 0));
  changeover_event event = no_event();
  take(engine, CHANGEOVER_EVENT_SWITCHED, &event);
  EQUAL(CHANGEOVER_REASON_MANUAL, event.reason);
  sync_engine(engine);
  status = stream_status(engine, "s");
  EQUAL(1, status.active_input_priority);
  EQUAL(-1, status.pending_input_priority);
  EQUAL(2, status.switch_number);
  OK(changeover_clear_override(engine, S("s")));
  EQUAL(-1, stream_status(engine, "s").override_input_priority);
  /* A degraded input can't be chosen, and nothing changes. */
  OK(changeover_report_input_error(engine, S("s"), 0, S("down")));
  EXPECT(CHANGEOVER_ERR_INPUT_DEGRADED, changeover_switch_input(engine, S("s"), 0));
  EQUAL(-1, stream_status(engine, "s").override_input_priority);
  OK(changeover_event_clear(&event));
  OK(changeover_close_input(&old));
  OK(changeover_close_input(&new));
  OK(changeover_free(engine));
}

static void a_switch_says_what_it_passed_over_and_how_long_it_took(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 3);
  changeover_input first = open_input(engine, "s", 0, take_start(engine, 0));
  EQUAL(1, deliver(&first));
  OK(changeover_report_input_error(engine, S("s"), 1, S("404")));
  OK(changeover_report_input_error(engine, S("s"), 0, S("down")));
  changeover_event event = no_event();
  take(engine, CHANGEOVER_EVENT_DEGRADED, &event);
  EQUAL(1, event.priority);
  EQUAL(CHANGEOVER_UNKNOWN, event.detection);
  take(engine, CHANGEOVER_EVENT_SWITCHED, &event);
  EQUAL(2, event.priority);
  EQUAL(CHANGEOVER_UNKNOWN, event.detection);
  EQUAL(0, event.decision);
  EQUAL(0, event.commit);
  EQUAL(1, event.passed_over_len);
  EQUAL(0, event.passed_over_more);
  const changeover_passed_over *one = event.passed_over;
  EQUAL(1, one->priority);
  EQUAL(CHANGEOVER_OBSTACLE_FAILED, one->obstacle);
  EQUAL(CHANGEOVER_REASON_ERROR, one->reason);
  EQUAL(0, one->wait);
  TEXT("1 failed: error (404)", event.passed_over_text, event.passed_over_text_len);
  char line[200];
  size_t length = 0;
  OK(changeover_event_text(&event, line, sizeof line, &length));
  TEXT("s: switched input 0 -> 2 #2 reason error (down); passed over: 1 failed: error (404)", line, length);
  OK(changeover_event_clear(&event));
  OK(changeover_close_input(&first));
  OK(changeover_free(engine));
}

/* What each is for, in the order in which they come. */
static void a_start_says_why(void) {
  changeover_engine *engine = patient_engine();
  changeover_config hot;
  OK(changeover_config_init(&hot, sizeof hot));
  hot.standby = CHANGEOVER_STANDBY_HOT;
  changeover_input_spec specs[] = {input_spec(0, "test://0"), input_spec(1, "test://1"),
                                   input_spec(2, "test://2")};
  specs[2].config = &hot;
  OK(changeover_register(engine, S("s"), NULL, 0, specs, LENGTH(specs), NULL, NULL));
  changeover_event event = no_event();
  const struct {
    int32_t priority, reason;
  } initial[] = {{0, CHANGEOVER_START_INITIAL}, {2, CHANGEOVER_START_HOT}};
  for (size_t i = 0; i < LENGTH(initial); i++) {
    take(engine, CHANGEOVER_EVENT_START, &event);
    EQUAL(initial[i].priority, event.priority);
    EQUAL(initial[i].reason, event.start_reason);
    if (i == 0) {
      changeover_input input = open_input(engine, "s", 0, event.session);
      EQUAL(1, deliver(&input));
      OK(changeover_close_input(&input));
      sync_engine(engine);
    }
  }
  OK(changeover_switch_input(engine, S("s"), 1));
  take(engine, CHANGEOVER_EVENT_START, &event);
  EQUAL(CHANGEOVER_START_PLANNED, event.start_reason);
  OK(changeover_report_input_error(engine, S("s"), 1, S("down")));
  OK(changeover_update_inputs(engine, S("s"), NULL, 0, NULL, 0, &specs[2], 1));
  take(engine, CHANGEOVER_EVENT_START, &event);
  EQUAL(2, event.priority);
  EQUAL(CHANGEOVER_START_RESTART, event.start_reason);
  /* By hand, what has failed. */
  EXPECT(CHANGEOVER_ERR_INPUT_DEGRADED, changeover_switch_input(engine, S("s"), 1));
  OK(changeover_force_input(engine, S("s"), 1));
  EQUAL(1, stream_status(engine, "s").override_input_priority);
  take(engine, CHANGEOVER_EVENT_START, &event);
  EQUAL(1, event.priority);
  EQUAL(CHANGEOVER_START_FORCED, event.start_reason);
  changeover_input forced = open_input(engine, "s", 1, event.session);
  CHECK(deliver(&forced) > 1);
  do
    take(engine, CHANGEOVER_EVENT_SWITCHED, &event);
  while (event.priority != 1);
  EQUAL(CHANGEOVER_REASON_MANUAL, event.reason);
  sync_engine(engine);
  EQUAL(1, stream_status(engine, "s").active_input_priority);
  EQUAL(CHANGEOVER_STATUS_ACTIVE, input_status(engine, "s", 1).status);
  OK(changeover_close_input(&forced));
  OK(changeover_event_clear(&event));
  OK(changeover_free(engine));
}

static void a_soft_error_counts_only_while_another_input_is_usable(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 2);
  changeover_input input = open_input(engine, "s", 0, take_start(engine, 0));
  EQUAL(1, deliver(&input));
  OK(changeover_report_input_error(engine, S("s"), 1, S("down")));
  EXPECT(CHANGEOVER_ERR_NO_OTHER_INPUT, changeover_report_soft_error(engine, S("s"), 0, S("blocky")));
  EQUAL(0, input_status(engine, "s", 0).errors_len);
  EQUAL(1, changeover_record(&input, 1, 0));
  const changeover_input_spec mended = input_spec(1, "test://1");
  OK(changeover_update_inputs(engine, S("s"), NULL, 0, NULL, 0, &mended, 1));
  OK(changeover_report_soft_error(engine, S("s"), 0, S("blocky")));
  changeover_event event = no_event();
  take(engine, CHANGEOVER_EVENT_DEGRADED, &event);
  EQUAL(1, event.priority);
  take(engine, CHANGEOVER_EVENT_DEGRADED, &event);
  EQUAL(0, event.priority);
  TEXT("blocky", event.detail, event.detail_len);
  take_start(engine, 1);
  OK(changeover_close_input(&input));
  OK(changeover_event_clear(&event));
  OK(changeover_free(engine));
}

static void inputs_are_updated_as_one_change(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 2);
  take_start(engine, 0);
  changeover_input_spec added = input_spec(5, "test://5"), updated = input_spec(1, "test://1/new");
  const int32_t removed[] = {0};
  OK(changeover_update_inputs(engine, S("s"), &added, 1, removed, 1, &updated, 1));
  changeover_event event = no_event();
  take(engine, CHANGEOVER_EVENT_START, &event);
  EQUAL(1, event.priority);
  TEXT("test://1/new", event.url, event.url_len);
  EQUAL(2, stream_status(engine, "s").inputs_len);
  EQUAL(1, input_status(engine, "s", 0).priority);
  EQUAL(5, input_status(engine, "s", 1).priority);
  /* The last ones leave: nothing is on air. */
  const int32_t rest[] = {1, 5};
  OK(changeover_update_inputs(engine, S("s"), NULL, 0, rest, 2, NULL, 0));
  take(engine, CHANGEOVER_EVENT_EXHAUSTED, &event);
  EQUAL(-1, stream_status(engine, "s").active_input_priority);
  OK(changeover_event_clear(&event));
  OK(changeover_free(engine));
}

static void settings_change_while_running(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 2);
  changeover_input input = open_input(engine, "s", 0, take_start(engine, 0));
  EQUAL(1, deliver(&input));
  sync_engine(engine);
  /* An hour of patience becomes a moment's, for a stream that is silent already. */
  changeover_config config = patient_config();
  config.packet_timeout = 30 * MILLISECOND;
  OK(changeover_set_config(engine, S("s"), &config));
  changeover_event event = no_event();
  take(engine, CHANGEOVER_EVENT_DEGRADED, &event);
  EQUAL(config.packet_timeout, event.limit);
  /* The engine's, for a stream that inherits. */
  register_stream(engine, "t", 1);
  take(engine, CHANGEOVER_EVENT_START, &event);
  config = patient_config();
  config.connect_timeout = 30 * MILLISECOND;
  OK(changeover_set_config(engine, NULL, 0, &config));
  do
    take(engine, CHANGEOVER_EVENT_DEGRADED, &event);
  while (event.stream_len == 1 && event.stream[0] != 't');
  EQUAL(config.connect_timeout, event.limit);
  OK(changeover_event_clear(&event));
  OK(changeover_close_input(&input));
  OK(changeover_free(engine));
}

static void hot_inputs_run_from_the_start(void) {
  changeover_engine *engine = patient_engine();
  changeover_config hot;
  OK(changeover_config_init(&hot, sizeof hot));
  hot.standby = CHANGEOVER_STANDBY_HOT;
  changeover_input_spec specs[] = {input_spec(0, "test://0"), input_spec(1, "test://1")};
  specs[0].config = specs[1].config = &hot;
  OK(changeover_register(engine, S("s"), NULL, 0, specs, 2, NULL, NULL));
  changeover_input inputs[2];
  for (int32_t i = 0; i < 2; i++)
    inputs[i] = open_input(engine, "s", i, take_start(engine, i));
  EQUAL(1, deliver(&inputs[0]));
  EQUAL(0, changeover_record(&inputs[1], 1, 0));
  sync_engine(engine);
  EQUAL(1, input_status(engine, "s", 1).receiving);
  OK(changeover_report_input_error(engine, S("s"), 0, S("down")));
  /* No start, no wait: the gate moved. */
  EQUAL(2, changeover_record(&inputs[1], 1, 0));
  EQUAL(0, changeover_record(&inputs[0], 1, 0));
  for (int32_t i = 0; i < 2; i++)
    OK(changeover_close_input(&inputs[i]));
  OK(changeover_free(engine));
}

int main(void) {
  RUN(a_silent_input_fails_over_and_comes_back);
  RUN(a_silent_input_that_delivers_before_its_successor_is_back);
  RUN(a_start_that_fails_on_its_ingest_thread);
  RUN(a_reported_error_fails_over_at_once);
  RUN(a_start_that_fails_is_not_tried_twice);
  RUN(an_operator_switches_by_hand);
  RUN(a_switch_says_what_it_passed_over_and_how_long_it_took);
  RUN(a_start_says_why);
  RUN(a_soft_error_counts_only_while_another_input_is_usable);
  RUN(inputs_are_updated_as_one_change);
  RUN(settings_change_while_running);
  RUN(hot_inputs_run_from_the_start);
  return finish();
}
