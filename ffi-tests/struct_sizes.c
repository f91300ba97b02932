/* Structs of other versions: what an older and a newer caller may pass, and that nothing is written
 * beyond a caller's struct. The sizes of 0.1 are written out: programs compiled with it have them. */
#include "harness.h"
#include <stdlib.h>

#if UINTPTR_MAX == UINT64_MAX

static changeover_engine *engine;
static changeover_status *status;

/* Every use of a struct that reads or fills it; `at` is prepared, its size may have been changed. */
typedef int32_t use_fn(void *at);

static int32_t use_config(void *at) { return changeover_set_config(engine, S("s"), at); }

static int32_t use_spec(void *at) {
  const int32_t result = changeover_register(engine, S("new"), NULL, 0, at, 1, NULL, NULL);
  if (result == CHANGEOVER_OK) OK(changeover_unregister(engine, S("new")));
  return result;
}

static int32_t use_options(void *at) {
  changeover_engine *other = NULL;
  const int32_t result = changeover_new(at, &other);
  if (result == CHANGEOVER_OK) OK(changeover_free(other));
  return result;
}

static int32_t start(void *data, const changeover_event *event) {
  (void)data, (void)event;
  return 0;
}

static void stop(void *data, const changeover_event *event) { (void)data, (void)event; }

static int32_t use_callbacks(void *at) {
  changeover_callbacks *callbacks = at;
  callbacks->start = start;
  callbacks->stop = stop;
  changeover_options options;
  OK(changeover_options_init(&options, sizeof options));
  options.callbacks = callbacks;
  return use_options(&options);
}

static int32_t use_event(void *at) {
  register_stream(engine, "new", 1);
  const int32_t result = changeover_next_event(engine, 0, at);
  OK(changeover_unregister(engine, S("new")));
  drain(engine);
  return result == CHANGEOVER_OK ? changeover_event_clear(at) : result;
}

static int32_t use_stream_status(void *at) { return changeover_status_stream(status, at); }

static int32_t use_input_status(void *at) { return changeover_status_input(status, 1, at); }

static int32_t use_error(void *at) { return changeover_status_error(status, 1, 0, at); }

static int32_t use_condition(void *at) { return changeover_status_condition(status, 0, 0, at); }

static int32_t use_view(void *at) { return changeover_status_view_all(status, 0, at); }

static int32_t use_switch(void *at) { return changeover_status_switch(status, 0, at); }

static int32_t use_rtp_loss(void *at) {
  static const uint8_t packet[12] = {0x80};
  uint64_t lost;
  return changeover_rtp_lost(at, packet, sizeof packet, &lost);
}

static int32_t use_ts_loss(void *at) {
  static const uint8_t packet[188] = {0x47, 1, 0, 0x10};
  uint64_t lost;
  return changeover_ts_lost(at, packet, sizeof packet, &lost);
}

static int32_t use_serve_options(void *at) {
  changeover_site *site = NULL;
  const int32_t result = changeover_site_new(engine, at, &site);
  changeover_site_free(site);
  return result;
}

static int32_t use_request(void *at) {
  changeover_site *site = NULL;
  changeover_response *response = NULL;
  OK(changeover_site_new(engine, NULL, &site));
  const int32_t result = changeover_site_answer(site, at, &response);
  changeover_response_free(response);
  changeover_site_free(site);
  return result;
}

static int32_t use_response_view(void *at) {
  changeover_site *site = NULL;
  changeover_request request;
  changeover_response *response = NULL;
  OK(changeover_site_new(engine, NULL, &site));
  OK(changeover_request_init(&request, sizeof request));
  OK(changeover_site_answer(site, &request, &response));
  const int32_t result = changeover_response_get(response, at);
  changeover_response_free(response);
  changeover_site_free(site);
  return result;
}

static int32_t use_trace_options(void *at) {
  changeover_engine *engine = new_engine(NULL, NULL);
  const int32_t result = changeover_trace_to(engine, S("/dev/null"), at);
  OK(changeover_free(engine));
  return result;
}

#define INIT(type) \
  static int32_t init_##type(void *at, size_t size) { return changeover_##type##_init(at, size); }
INIT(config)
INIT(input_spec)
INIT(options)
INIT(callbacks)
INIT(event)
INIT(stream_status)
INIT(input_status)
INIT(error_entry)
INIT(condition_entry)
INIT(status_view)
INIT(switch_entry)
INIT(rtp_loss)
INIT(ts_loss)
INIT(serve_options)
INIT(request)
INIT(response_view)
INIT(trace_options)

static const struct type {
  const char *name;
  size_t v0_1, now;
  int32_t (*init)(void *at, size_t size);
  use_fn *use;
} types[] = {
    {"config", CONFIG_IN_0_1, sizeof(changeover_config), init_config, use_config},
    {"input_spec", INPUT_SPEC_IN_0_1, sizeof(changeover_input_spec), init_input_spec, use_spec},
    {"options", 32, sizeof(changeover_options), init_options, use_options},
    {"trace_options", 24, sizeof(changeover_trace_options), init_trace_options, use_trace_options},
    {"callbacks", 56, sizeof(changeover_callbacks), init_callbacks, use_callbacks},
    {"event", 184, sizeof(changeover_event), init_event, use_event},
    {"stream_status", 56, sizeof(changeover_stream_status), init_stream_status, use_stream_status},
    {"input_status", 144, sizeof(changeover_input_status), init_input_status, use_input_status},
    {"error_entry", 56, sizeof(changeover_error_entry), init_error_entry, use_error},
    {"condition_entry", 40, sizeof(changeover_condition_entry), init_condition_entry, use_condition},
    {"status_view", 112, sizeof(changeover_status_view), init_status_view, use_view},
    {"switch_entry", 56, sizeof(changeover_switch_entry), init_switch_entry, use_switch},
    {"rtp_loss", 72, sizeof(changeover_rtp_loss), init_rtp_loss, use_rtp_loss},
    {"ts_loss", 8200, sizeof(changeover_ts_loss), init_ts_loss, use_ts_loss},
    {"serve_options", 72, sizeof(changeover_serve_options), init_serve_options, use_serve_options},
    {"request", 136, sizeof(changeover_request), init_request, use_request},
    {"response_view", 48, sizeof(changeover_response_view), init_response_view, use_response_view},
};

enum { CANARY = 0xc7, ROOM = 16384 };
static int combinations;

/* All of `room` from `size` on is as it was. */
static bool untouched(const unsigned char *room, size_t size) {
  for (size_t i = size; i < ROOM; i++)
    if (room[i] != CANARY) return false;
  return true;
}

static void expect(const struct type *type, size_t size, int32_t expected, int32_t result, const char *what) {
  combinations++;
  check(result == expected, __FILE__, __LINE__, "%s of %zu bytes, %s: %s, not %s", type->name, size, what,
        changeover_error_name(result), changeover_error_name(expected));
}

static void accepted(const struct type *type, size_t size) {
  unsigned char *room = malloc(ROOM);
  memset(room, CANARY, ROOM);
  expect(type, size, CHANGEOVER_OK, type->init(room, size), "init");
  CHECK(untouched(room, size));
  size_t stored;
  memcpy(&stored, room, sizeof stored);
  EQUAL(size, stored);
  for (size_t i = type->now; i < size; i++)
    EQUAL(0, room[i]);
  expect(type, size, CHANGEOVER_OK, type->use(room), "use");
  CHECK(untouched(room, size));
  memcpy(&stored, room, sizeof stored);
  EQUAL(size, stored);
  /* A newer caller that sets what this library does not know. */
  for (size_t i = type->now; i<size; i += size - type->now> 64 ? 61 : 1) {
    room[i] = 1;
    unsigned char *copy = malloc(ROOM);
    memcpy(copy, room, ROOM);
    const int32_t result = type->use(room);
    expect(type, size, CHANGEOVER_ERR_STRUCT_SIZE, result, "use with an unknown field");
    if (type->init != init_callbacks) /* which `use` itself fills in */
      CHECK(memcmp(room, copy, ROOM) == 0);
    free(copy);
    room[i] = 0;
  }
  free(room);
}

static void refused(const struct type *type, size_t size) {
  unsigned char *room = malloc(ROOM);
  memset(room, CANARY, ROOM);
  expect(type, size, CHANGEOVER_ERR_STRUCT_SIZE, type->init(room, size), "init");
  CHECK(untouched(room, 0));
  OK(type->init(room, type->now));
  memcpy(room, &size, sizeof size);
  unsigned char *copy = malloc(ROOM);
  memcpy(copy, room, ROOM);
  expect(type, size, CHANGEOVER_ERR_STRUCT_SIZE, type->use(room), "use");
  if (type->init != init_callbacks) CHECK(memcmp(room, copy, ROOM) == 0);
  free(copy);
  free(room);
}

static void callers_of_0_1_keep_working(void) {
  for (size_t i = 0; i < LENGTH(types); i++) {
    CHECK(types[i].v0_1 <= types[i].now);
    for (size_t size = types[i].v0_1; size <= types[i].now; size++)
      accepted(&types[i], size);
  }
}

static void newer_callers_work_until_they_use_what_is_new(void) {
  static const size_t more[] = {1, 7, 8, 16, 64, 1024};
  for (size_t i = 0; i < LENGTH(types); i++) {
    for (size_t j = 0; j < LENGTH(more); j++)
      accepted(&types[i], types[i].now + more[j]);
    accepted(&types[i], ROOM);
  }
}

static void other_sizes_are_refused(void) {
  for (size_t i = 0; i < LENGTH(types); i++) {
    for (size_t size = 0; size < types[i].v0_1; size++)
      refused(&types[i], size);
    static const size_t absurd[] = {16385,        20000,   65536, UINT32_MAX, SIZE_MAX / 2, SIZE_MAX / 2 + 1,
                                    SIZE_MAX - 1, SIZE_MAX};
    for (size_t j = 0; j < LENGTH(absurd); j++)
      refused(&types[i], absurd[j]);
  }
}

static void nothing_is_prepared_at_NULL(void) {
  for (size_t i = 0; i < LENGTH(types); i++) {
    EXPECT(CHANGEOVER_ERR_NULL, types[i].init(NULL, types[i].now));
    EXPECT(CHANGEOVER_ERR_NULL, types[i].init(NULL, 0));
  }
}

/* An array of a newer caller's inputs, which are wider than ours. */
struct newer_spec {
  changeover_input_spec known;
  uint64_t unknown[3];
};

static void a_newer_callers_array_has_its_own_stride(void) {
  struct newer_spec specs[3];
  static const char *const urls[] = {"test://a", "test://b", "test://c"};
  for (int32_t i = 0; i < 3; i++) {
    OK(changeover_input_spec_init(&specs[i].known, sizeof specs[i]));
    specs[i].known.priority = i;
    specs[i].known.url = urls[i];
    specs[i].known.url_len = strlen(urls[i]);
  }
  OK(changeover_register(engine, S("new"), NULL, 0, &specs[0].known, 3, NULL, NULL));
  changeover_status *of_new = NULL;
  OK(changeover_runtime_status(engine, S("new"), &of_new));
  changeover_input_status input;
  OK(changeover_input_status_init(&input, sizeof input));
  for (size_t i = 0; i < 3; i++) {
    OK(changeover_status_input(of_new, i, &input));
    TEXT(urls[i], input.url, input.url_len);
  }
  changeover_status_free(of_new);
  OK(changeover_unregister(engine, S("new")));
  specs[2].unknown[2] = 1;
  EXPECT(CHANGEOVER_ERR_STRUCT_SIZE,
         changeover_register(engine, S("new"), NULL, 0, &specs[0].known, 3, NULL, NULL));
  drain(engine);
}

/* Structs where none should be: the library must not care about alignment. */
static void misaligned_structs_do_no_harm(void) {
  unsigned char *room = malloc(ROOM);
  for (size_t i = 0; i < LENGTH(types); i++)
    for (size_t shift = 1; shift < 8; shift++) {
      if (types[i].init == init_callbacks) /* which this test fills in, aligned */
        continue;
      memset(room, CANARY, ROOM);
      OK(types[i].init(room + shift, types[i].now));
      expect(&types[i], types[i].now, CHANGEOVER_OK, types[i].use(room + shift), "use, misaligned");
      EQUAL(CANARY, room[shift - 1]);
      EQUAL(CANARY, room[shift + types[i].now]);
    }
  free(room);
}

int main(void) {
  engine = patient_engine();
  register_stream(engine, "s", 2);
  OK(changeover_report_input_error(engine, S("s"), 1, S("down")));
  OK(changeover_set_condition(engine, S("s"), 0, 0, CHANGEOVER_CONDITION_HOST, 1, S("odd")));
  OK(changeover_runtime_status(engine, S("s"), &status));
  drain(engine);
  RUN(callers_of_0_1_keep_working);
  RUN(newer_callers_work_until_they_use_what_is_new);
  RUN(other_sizes_are_refused);
  RUN(nothing_is_prepared_at_NULL);
  RUN(a_newer_callers_array_has_its_own_stride);
  RUN(misaligned_structs_do_no_harm);
  changeover_status_free(status);
  OK(changeover_free(engine));
  note("%d combinations", combinations);
  return finish();
}

#else
int main(void) { return finish(); }
#endif
