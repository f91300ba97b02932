/* The trace: it is written, ended, and refused; and the shadow. What they say is tested in Rust. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static size_t length_of(const char *path) {
  FILE *file = fopen(path, "rb");
  CHECK(file != NULL);
  CHECK(fseek(file, 0, SEEK_END) == 0);
  const long length = ftell(file);
  fclose(file);
  return (size_t)length;
}

static void a_trace_is_written_and_ended(void) {
  char directory[] = "/tmp/changeover-trace-XXXXXX", path[64], before[64], nowhere[64];
  CHECK(mkdtemp(directory) != NULL);
  snprintf(path, sizeof path, "%s/trace", directory);
  snprintf(before, sizeof before, "%s/trace.1", directory);
  snprintf(nowhere, sizeof nowhere, "%s/nowhere/trace", directory);

  changeover_engine *engine = new_engine(NULL, NULL);
  changeover_trace_options options;
  OK(changeover_trace_options_init(&options, sizeof options));
  OK(changeover_trace_to(engine, path, strlen(path), &options));
  changeover_input_spec spec = input_spec(0, "test://a");
  OK(changeover_register(engine, S("news"), NULL, 0, &spec, 1, NULL, NULL));
  OK(changeover_trace_to(engine, path, strlen(path), NULL));
  OK(changeover_end_trace(engine));
  OK(changeover_end_trace(engine));
  CHECK(length_of(path) > 100 && length_of(before) > 100);

  EXPECT(CHANGEOVER_ERR_SYSTEM, changeover_trace_to(engine, nowhere, strlen(nowhere), NULL));
  options.urls = 2;
  EXPECT(CHANGEOVER_ERR_VALUE, changeover_trace_to(engine, path, strlen(path), &options));
  OK(changeover_free(engine));

  unlink(path);
  unlink(before);
  rmdir(directory);
}

static void a_shadow_tells_what_it_decides_otherwise(void) {
  changeover_engine *engine = patient_engine();
  changeover_config settings;
  OK(changeover_config_init(&settings, sizeof settings));
  settings.packet_timeout = 200 * MILLISECOND;
  OK(changeover_shadow(engine, NULL, 0, &settings));
  OK(changeover_shadow(engine, S("news"), &settings));
  register_stream(engine, "news", 2);
  changeover_input input = open_input(engine, "news", 0, take_start(engine, 0));
  EQUAL(1, changeover_record(&input, 1316, CHANGEOVER_VIDEO | CHANGEOVER_KEY));
  changeover_event event = no_event();
  take(engine, CHANGEOVER_EVENT_ACTIVE, &event);
  /* Nothing comes for so long that the shadow gives it up, and the engine does not. */
  const uint64_t silent_until = clock_now() + 800 * MILLISECOND;
  while (clock_now() < silent_until)
    changeover_next_event(engine, MILLISECOND, &event);
  EQUAL(1, changeover_record(&input, 1316, 0));
  OK(changeover_end_shadow(engine));
  OK(changeover_end_shadow(engine));
  take(engine, CHANGEOVER_EVENT_SHADOW_DIFFERS, &event);
  EQUAL(0, event.priority);
  EQUAL(CHANGEOVER_REASON_TIMEOUT, event.reason);
  EQUAL(0, event.measured);
  CHECK(event.limit > 0);
  TEXT("news", event.stream, event.stream_len);
  TEXT("degraded by the shadow alone", event.detail, event.detail_len);
  take(engine, CHANGEOVER_EVENT_SHADOW_DIFFERS, &event);
  EQUAL(0, event.from);
  EQUAL(1, event.priority);
  EQUAL(0, stream_status(engine, "news").active_input_priority);

  settings.mass_share = 50; /* the engine's alone */
  EXPECT(CHANGEOVER_ERR_CONFIG, changeover_shadow(engine, NULL, 0, &settings));
  OK(changeover_event_clear(&event));
  OK(changeover_close_input(&input));
  OK(changeover_free(engine));
}

int main(void) {
  RUN(a_trace_is_written_and_ended);
  RUN(a_shadow_tells_what_it_decides_otherwise);
  return finish();
}
