/* Statuses: exact counters, structs and JSON that say the same, and their lifetime. */
#include "harness.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static changeover_status *get_status(changeover_engine *engine, const char *stream) {
  changeover_status *status = NULL;
  OK(changeover_runtime_status(engine, S(stream), &status));
  return status;
}

static void counters_are_exact(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 2);
  const uint64_t session = take_start(engine, 0);
  changeover_input bound = open_input(engine, "s", 0, session), following = open_input(engine, "s", 0, 0);
  uint64_t packets = 0, bytes = 0, video = 0, keys = 0, lost = 0, verdict;
  for (uint32_t i = 0; i < 10000; i++) {
    const uint32_t flags = i % 8; /* every combination of the three */
    switch (i % 3) {
      case 0: EQUAL(1, changeover_record(&bound, i, flags)); break;
      case 1: EQUAL(1, changeover_record(&following, i, flags)); break;
      default: OK(changeover_record_packet(engine, S("s"), 0, i, flags, &verdict)); EQUAL(1, verdict);
    }
    packets++;
    bytes += i;
    video += flags & CHANGEOVER_VIDEO ? 1 : 0;
    keys += flags & CHANGEOVER_KEY ? 1 : 0;
  }
  /* Batches, of none too. */
  changeover_packet batch[100];
  for (uint32_t i = 0; i < LENGTH(batch); i++)
    batch[i] = (changeover_packet){UINT32_MAX, CHANGEOVER_VIDEO | CHANGEOVER_KEY | 0xfffffff8u};
  EQUAL(1, changeover_record_batch(&bound, batch, LENGTH(batch)));
  EQUAL(1, changeover_record_batch(&bound, batch, 0));
  EQUAL(1, changeover_record_batch(&bound, NULL, 0));
  EQUAL(0, changeover_record_batch(&bound, NULL, 1));
  EQUAL(0, changeover_record_batch(&bound, batch, SIZE_MAX));
  EQUAL(0, changeover_record_batch(&bound, batch, SIZE_MAX / sizeof *batch + 1));
  packets += LENGTH(batch);
  bytes += LENGTH(batch) * (uint64_t)UINT32_MAX;
  video += LENGTH(batch);
  keys += LENGTH(batch);
  OK(changeover_record_lost(&bound, 3));
  OK(changeover_record_lost(&following, UINT64_C(1) << 40));
  lost += 3 + (UINT64_C(1) << 40);
  for (int round = 0; round < 2; round++) {
    const changeover_input_status status = input_status(engine, "s", 0);
    EQUAL(packets, status.packets);
    EQUAL(bytes, status.bytes);
    EQUAL(video, status.video_packets);
    EQUAL(keys, status.key_packets);
    EQUAL(lost, status.lost_packets);
    EQUAL(session, status.session);
    EQUAL(1, status.receiving);
    CHECK(status.last_packet_at > INT64_C(1700000000) * (int64_t)SECOND);
    /* Closed handles' counts stay. */
    OK(changeover_close_input(&bound));
    OK(changeover_close_input(&following));
    sync_engine(engine);
  }
  const changeover_input_status other = input_status(engine, "s", 1);
  EQUAL(0, other.packets + other.bytes + other.lost_packets + other.session);
  EQUAL(0, other.last_packet_at);
  EQUAL(0, other.receiving);
  OK(changeover_free(engine));
}

static void structs_say_what_happened(void) {
  changeover_engine *engine = patient_engine();
  const changeover_input_spec specs[] = {input_spec(3, "test://three"), input_spec(7, "")};
  uint64_t registration = 0;
  OK(changeover_register(engine, S("s"), NULL, 0, specs, 2, NULL, &registration));
  for (int i = 0; i < 7; i++) {
    char text[32];
    snprintf(text, sizeof text, "error %d", i);
    OK(changeover_report_input_error(engine, S("s"), 7, text, strlen(text)));
    OK(changeover_update_inputs(engine, S("s"), NULL, 0, NULL, 0, &specs[1], 1));
  }
  OK(changeover_report_input_error(engine, S("s"), 7, S("the last error")));
  uint64_t verdict;
  OK(changeover_record_packet(engine, S("s"), 3, 1, 0, &verdict));
  sync_engine(engine);
  changeover_status *status = get_status(engine, "s");

  changeover_stream_status stream;
  OK(changeover_stream_status_init(&stream, sizeof stream));
  OK(changeover_status_stream(status, &stream));
  EQUAL(registration, stream.registration);
  EQUAL(verdict, stream.switch_number);
  EQUAL(3, stream.active_input_priority);
  EQUAL(-1, stream.pending_input_priority);
  EQUAL(-1, stream.override_input_priority);
  EQUAL(0, stream.exhausted);
  EQUAL(2, stream.inputs_len);
  EQUAL(1, stream.switches_len);

  changeover_input_status input;
  OK(changeover_input_status_init(&input, sizeof input));
  OK(changeover_status_input(status, 0, &input));
  EQUAL(3, input.priority);
  EQUAL(CHANGEOVER_STATUS_ACTIVE, input.status);
  TEXT("test://three", input.url, input.url_len);
  EQUAL(0, input.errors_len);
  OK(changeover_status_input(status, 1, &input));
  EQUAL(7, input.priority);
  EQUAL(CHANGEOVER_STATUS_DEGRADED, input.status);
  TEXT("", input.url, input.url_len);
  EQUAL(1, input.errors_len);
  CHECK(input.state_since > 0 && !isnan(input.bitrate_kbps) && !isnan(input.fps) &&
        !isnan(input.packet_loss));

  changeover_error_entry error;
  OK(changeover_error_entry_init(&error, sizeof error));
  OK(changeover_status_error(status, 1, 0, &error));
  EQUAL(CHANGEOVER_REASON_ERROR, error.reason);
  TEXT("the last error", error.text, error.text_len);
  EQUAL(0, error.measured | error.limit);
  CHECK(error.at > 0);

  changeover_switch_entry entry;
  OK(changeover_switch_entry_init(&entry, sizeof entry));
  OK(changeover_status_switch(status, 0, &entry));
  EQUAL(-1, entry.from);
  EQUAL(3, entry.to);
  EQUAL(CHANGEOVER_REASON_INITIAL, entry.reason);
  EQUAL(1, entry.number);
  TEXT("", entry.detail, entry.detail_len);

  /* Beyond the end nothing is written. */
  const changeover_input_status input_before = input;
  const changeover_error_entry error_before = error;
  const changeover_switch_entry entry_before = entry;
  const size_t beyond[] = {2, 3, 1000, SIZE_MAX / 2, SIZE_MAX};
  for (size_t i = 0; i < LENGTH(beyond); i++) {
    EXPECT(CHANGEOVER_ERR_INDEX, changeover_status_input(status, beyond[i], &input));
    EXPECT(CHANGEOVER_ERR_INDEX, changeover_status_error(status, beyond[i], 0, &error));
    EXPECT(CHANGEOVER_ERR_INDEX, changeover_status_error(status, 1, beyond[i] - 1, &error));
    EXPECT(CHANGEOVER_ERR_INDEX, changeover_status_error(status, 0, 0, &error));
    EXPECT(CHANGEOVER_ERR_INDEX, changeover_status_switch(status, beyond[i] - 1, &entry));
  }
  CHECK(memcmp(&input, &input_before, sizeof input) == 0);
  CHECK(memcmp(&error, &error_before, sizeof error) == 0);
  CHECK(memcmp(&entry, &entry_before, sizeof entry) == 0);
  changeover_status_free(status);
  OK(changeover_free(engine));
}

/* What failed to bring an input back, and what is wrong with one that delivers; each apart from its errors. */
static void attempts_conditions_and_limits(void) {
  changeover_config config = patient_config();
  config.probe_cooldown = MILLISECOND;
  config.min_bitrate = 800;
  config.min_fps = 20;
  config.max_loss = 3;
  changeover_engine *engine = new_engine(&config, NULL);
  register_stream(engine, "s", 2);
  OK(changeover_report_input_error(engine, S("s"), 1, S("cable cut")));
  changeover_event event = no_event();
  for (int i = 0; i < 2; i++) {
    CHECK(take(engine, CHANGEOVER_EVENT_PROBE, &event));
    OK(changeover_probe_result(engine, S("s"), event.probe, CHANGEOVER_PROBE_FAILED, S("refused")));
  }
  OK(changeover_set_condition(engine, S("s"), 0, 0, CHANGEOVER_CONDITION_SILENT, 1, S("no sound")));
  OK(changeover_set_condition(engine, S("s"), 0, 0, CHANGEOVER_CONDITION_BLACK, 1,
                              S("rtmp://h/live/secret")));
  changeover_status *status = get_status(engine, "s");
  changeover_input_status input;
  OK(changeover_input_status_init(&input, sizeof input));
  OK(changeover_status_input(status, 0, &input));
  EQUAL(0, input.attempts_len);
  EQUAL(2, input.errors_len);
  EQUAL(2, input.conditions_len);
  EQUAL(CHANGEOVER_REASON_BLACK, input.condition);
  EQUAL(CHANGEOVER_SEVERITY_IMPAIRED, input.severity);
  EQUAL(800, input.min_kbps);
  EQUAL(20000, input.min_fps_milli);
  EQUAL(3, input.max_loss);
  EQUAL(0, input.baseline_kbps | input.baseline_fps_milli);
  EQUAL(0, input.held_until);
  EQUAL(0, input.switch_due_at);
  EQUAL(-1, stream_status(engine, "s").on_air_input_priority);
  changeover_condition_entry condition;
  OK(changeover_condition_entry_init(&condition, sizeof condition));
  OK(changeover_status_condition(status, 0, 1, &condition));
  EQUAL(CHANGEOVER_REASON_SILENT, condition.condition);
  TEXT("no sound", condition.text, condition.text_len);
  CHECK(condition.since > INT64_C(1700000000) * (int64_t)SECOND);
  OK(changeover_status_input(status, 1, &input));
  EQUAL(1, input.errors_len);
  EQUAL(2, input.attempts_len);
  EQUAL(2, input.probes_failed);
  EQUAL(0, input.probes_ok);
  changeover_error_entry entry;
  OK(changeover_error_entry_init(&entry, sizeof entry));
  OK(changeover_status_error(status, 1, 0, &entry));
  TEXT("cable cut", entry.text, entry.text_len);
  OK(changeover_status_attempt(status, 1, 1, &entry));
  TEXT("refused", entry.text, entry.text_len);
  EXPECT(CHANGEOVER_ERR_INDEX, changeover_status_attempt(status, 0, 0, &entry));
  EXPECT(CHANGEOVER_ERR_INDEX, changeover_status_attempt(status, 1, 2, &entry));
  EXPECT(CHANGEOVER_ERR_INDEX, changeover_status_attempt(status, 2, 0, &entry));
  EXPECT(CHANGEOVER_ERR_INDEX, changeover_status_condition(status, 0, 2, &condition));
  EXPECT(CHANGEOVER_ERR_INDEX, changeover_status_condition(status, 1, 0, &condition));

  /* The same at once: with URLs in full, and without their secrets. */
  for (int full = 0; full < 2; full++) {
    changeover_status_view view;
    OK(changeover_status_view_init(&view, sizeof view));
    OK(changeover_status_view_all(status, full, &view));
    EQUAL(0, view.stream->active_input_priority);
    CHECK(view.stream->state_since > 0);
    EQUAL(2, view.inputs_len);
    EQUAL(sizeof(changeover_input_status), view.inputs[0].struct_size);
    EQUAL(1, view.inputs[1].priority);
    EQUAL(3, view.errors_len);
    TEXT("cable cut", view.errors[2].text, view.errors[2].text_len);
    EQUAL(2, view.attempts_len);
    TEXT("refused", view.attempts[1].text, view.attempts[1].text_len);
    EQUAL(2, view.conditions_len);
    TEXT(full ? "rtmp://h/live/secret" : "rtmp://h/live/***", view.conditions[0].text,
         view.conditions[0].text_len);
    EQUAL(1, view.switches_len);
    TEXT("", view.switches[0].detail, view.switches[0].detail_len);
    CHECK(view.conditions[0].text >= view.texts && view.conditions[0].text < view.texts + view.texts_len);
    CHECK(view.texts[view.texts_len - 1] == 0);
  }
  changeover_status_view view;
  OK(changeover_status_view_init(&view, sizeof view));
  EXPECT(CHANGEOVER_ERR_VALUE, changeover_status_view_all(status, 2, &view));
  changeover_status_free(status);
  EXPECT(CHANGEOVER_ERR_HANDLE, changeover_status_view_all(status, 0, &view));
  CHECK(view.stream == NULL);
  OK(changeover_event_clear(&event));
  OK(changeover_free(engine));
}

static void a_status_is_a_picture_that_outlives_everything(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 2);
  OK(changeover_report_input_error(engine, S("s"), 1, S("down")));
  changeover_status *early = get_status(engine, "s"), *late;
  OK(changeover_report_input_error(engine, S("s"), 0, S("down")));
  late = get_status(engine, "s");
  CHECK(early != late);
  OK(changeover_unregister(engine, S("s")));
  OK(changeover_free(engine));
  changeover_stream_status stream;
  OK(changeover_stream_status_init(&stream, sizeof stream));
  OK(changeover_status_stream(early, &stream));
  EQUAL(0, stream.exhausted);
  OK(changeover_status_stream(late, &stream));
  EQUAL(1, stream.exhausted);
  changeover_error_entry error;
  OK(changeover_error_entry_init(&error, sizeof error));
  OK(changeover_status_error(early, 1, 0, &error));
  changeover_status_free(late);
  TEXT("down", error.text, error.text_len);
  changeover_status_free(early);
  EXPECT(CHANGEOVER_ERR_HANDLE, changeover_status_stream(early, &stream));
  EXPECT(CHANGEOVER_ERR_HANDLE, changeover_status_stream(late, &stream));
  changeover_status_free(early);
  changeover_status_free(NULL);
}

static void the_json_is_one_text_and_stays_put(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 2);
  OK(changeover_report_input_error(engine, S("s"), 1,
                                   S("quote \" backslash \\ newline \n nul \xe2\x82\xac")));
  changeover_status *status = get_status(engine, "s");
  const char *json = NULL, *again = NULL;
  size_t len = 0;
  OK(changeover_status_json(status, &json, &len));
  OK(changeover_status_json(status, &again, NULL));
  CHECK(json == again);
  EQUAL(len, strlen(json));
  CHECK(json[0] == '{' && json[len - 1] == '}');
  CHECK(strstr(json, "\"active_input_priority\":0") && strstr(json, "\"exhausted\":false"));
  CHECK(strstr(json, "\"status\":\"degraded\"") && strstr(json, "\"status\":\"idle\""));
  CHECK(strstr(json, "quote \\\" backslash \\\\ newline \\n nul \xe2\x82\xac") != NULL);
  CHECK(strstr(json, "pending_input_priority") == NULL && strstr(json, "last_packet_at") == NULL);
  changeover_status_free(status);
  OK(changeover_free(engine));
}

/* Of an input that a setting has measured, and no other. */
static void what_is_measured(void) {
  changeover_config config = patient_config();
  config.measure_window = 100 * MILLISECOND;
  config.video_timeout = config.audio_timeout = 600 * SECOND;
  changeover_engine *engine = new_engine(&config, NULL);
  register_stream(engine, "s", 2);
  changeover_input_status input;
  uint64_t verdict;
  const uint64_t deadline = clock_now() + DEADLINE;
  do {
    const uint32_t flags[] = {CHANGEOVER_VIDEO | CHANGEOVER_KEY, CHANGEOVER_AUDIO};
    for (size_t i = 0; i < LENGTH(flags); i++)
      OK(changeover_record_packet(engine, S("s"), 0, 100, flags[i], &verdict));
    input = input_status(engine, "s", 0);
  } while (input.key_interval == 0 && clock_now() < deadline);
  CHECK(input.key_interval > 0 && input.key_interval < DEADLINE);
  CHECK(input.last_video_at > INT64_C(1700000000) * (int64_t)SECOND);
  CHECK(input.last_audio_at > INT64_C(1700000000) * (int64_t)SECOND);
  input = input_status(engine, "s", 1);
  EQUAL(0, input.key_interval);
  EQUAL(0, input.last_video_at | input.last_audio_at);
  OK(changeover_free(engine));
}

static void *read_often(void *data) {
  changeover_status *status = data;
  changeover_input_status input;
  OK(changeover_input_status_init(&input, sizeof input));
  for (int i = 0; i < 500; i++) {
    const char *json = NULL;
    OK(changeover_status_json(status, &json, NULL));
    CHECK(json[0] == '{');
    OK(changeover_status_input(status, (size_t)i % 2, &input));
    EQUAL(i % 2, input.priority);
  }
  return NULL;
}

static void several_threads_may_read_one(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 2);
  changeover_status *status = get_status(engine, "s");
  pthread_t threads[4];
  for (size_t i = 0; i < LENGTH(threads); i++)
    pthread_create(&threads[i], NULL, read_often, status);
  for (size_t i = 0; i < LENGTH(threads); i++)
    pthread_join(threads[i], NULL);
  changeover_status_free(status);
  OK(changeover_free(engine));
}

int main(void) {
  RUN(counters_are_exact);
  RUN(structs_say_what_happened);
  RUN(attempts_conditions_and_limits);
  RUN(what_is_measured);
  RUN(a_status_is_a_picture_that_outlives_everything);
  RUN(the_json_is_one_text_and_stays_put);
  RUN(several_threads_may_read_one);
  return finish();
}
