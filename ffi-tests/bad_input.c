/* The bad-input matrix: every function × every way to call it wrongly. Each combination must give
 * its exact code, write no output and change nothing. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>

#define YEAR (365 * 24 * 3600 * SECOND)

/* The arguments of any function. Each test starts from good ones and spoils one. */
struct arguments {
  changeover_engine *engine;
  const char *stream;
  size_t stream_len;
  int32_t priority;
  const char *text; /* buffer_write_id or an error's text */
  size_t text_len;
  changeover_input_spec *specs;
  size_t specs_len;
  const int32_t *removed;
  size_t removed_len;
  changeover_config *config;
  uint64_t session; /* or a probe */
  int32_t number;   /* result, outcome or level */
  void *out;

  /* What these point to. */
  changeover_input_spec spec[2];
  changeover_option option[1];
  changeover_config spec_config, stream_config;
  int32_t priorities[2];
};

enum argument { STREAM = 1, PRIORITY = 2, TEXTUAL = 4, SPECS = 8, REMOVED = 16, CONFIG = 32, SESSION = 64, OUT = 128 };

/* What every output is filled with before a call, and must be after it. */
union output {
  unsigned char bytes[256];
  uint64_t align;
  changeover_event event;
};
static union output output, untouched;

static changeover_engine *engine; /* of whose stream "s" the state must not change */

#define FUNCTION(name, ...) \
  static int32_t call_##name(const struct arguments *a) { return changeover_##name(__VA_ARGS__); }

#define ID a->engine, a->stream, a->stream_len
FUNCTION(register, ID, a->text, a->text_len, a->specs, a->specs_len, a->config, a->out)
FUNCTION(unregister, ID)
FUNCTION(is_registered, ID, a->out)
FUNCTION(registered_streams, a->engine, a->out)
FUNCTION(set_config, ID, a->config)
FUNCTION(switch_input, ID, a->priority)
FUNCTION(clear_override, ID)
FUNCTION(update_buffer_write_id, ID, a->text, a->text_len)
FUNCTION(record_packet, ID, a->priority, 1, 0, a->out)
FUNCTION(open_input, ID, a->priority, a->session, a->out)
FUNCTION(report_input_error, ID, a->priority, a->text, a->text_len)
FUNCTION(start_result, ID, a->session, a->number, a->text, a->text_len)
FUNCTION(probe_result, ID, a->session, a->number, a->text, a->text_len)
FUNCTION(event_fd, a->engine, a->out)
FUNCTION(sync, a->engine, 0)
FUNCTION(now, a->engine, a->out)
FUNCTION(runtime_status, ID, a->out)
FUNCTION(set_exhausted_callback, a->engine, NULL, NULL, NULL)
FUNCTION(set_restored_callback, a->engine, NULL, NULL, NULL)
FUNCTION(set_log_callback, a->engine, a->number, NULL, NULL, NULL)
FUNCTION(free, a->engine)

/* The inputs as added, and as updated. */
static int32_t call_add(const struct arguments *a) {
  return changeover_update_inputs(ID, a->specs, a->specs_len, a->removed, a->removed_len, NULL, 0);
}
static int32_t call_update(const struct arguments *a) {
  return changeover_update_inputs(ID, NULL, 0, a->removed, a->removed_len, a->specs, a->specs_len);
}

static int32_t call_next_event(const struct arguments *a) {
  return changeover_next_event(a->engine, 0, a->out);
}

static const struct function {
  const char *name;
  int32_t (*call)(const struct arguments *arguments);
  int takes;
} functions[] = {
    {"register", call_register, STREAM | TEXTUAL | SPECS | CONFIG},
    {"unregister", call_unregister, STREAM},
    {"is_registered", call_is_registered, STREAM | OUT},
    {"registered_streams", call_registered_streams, OUT},
    {"set_config", call_set_config, STREAM | CONFIG},
    {"switch_input", call_switch_input, STREAM | PRIORITY},
    {"clear_override", call_clear_override, STREAM},
    {"update_inputs (added)", call_add, STREAM | SPECS | REMOVED},
    {"update_inputs (updated)", call_update, STREAM | SPECS | REMOVED},
    {"update_buffer_write_id", call_update_buffer_write_id, STREAM | TEXTUAL},
    {"record_packet", call_record_packet, STREAM | PRIORITY},
    {"open_input", call_open_input, STREAM | PRIORITY | SESSION | OUT},
    {"report_input_error", call_report_input_error, STREAM | PRIORITY | TEXTUAL},
    {"start_result", call_start_result, STREAM | SESSION | TEXTUAL},
    {"probe_result", call_probe_result, STREAM | SESSION | TEXTUAL},
    {"next_event", call_next_event, OUT},
    {"event_fd", call_event_fd, OUT},
    {"sync", call_sync, 0},
    {"now", call_now, OUT},
    {"runtime_status", call_runtime_status, STREAM | OUT},
    {"set_exhausted_callback", call_set_exhausted_callback, 0},
    {"set_restored_callback", call_set_restored_callback, 0},
    {"set_log_callback", call_set_log_callback, 0},
    {"free", call_free, 0},
};

static void good(struct arguments *a) {
  memset(a, 0, sizeof *a);
  a->engine = engine;
  a->stream = "s";
  a->stream_len = 1;
  a->priority = 1;
  a->text = "text";
  a->text_len = 4;
  a->spec[0] = input_spec(0, "test://0");
  a->spec[1] = input_spec(1, "test://1");
  a->option[0] = (changeover_option){"key", 3, "value", 5};
  a->spec[1].options = a->option;
  a->spec[1].options_len = 1;
  a->stream_config = patient_config();
  OK(changeover_config_init(&a->spec_config, sizeof a->spec_config));
  a->spec[1].config = &a->spec_config;
  a->specs = a->spec;
  a->specs_len = 2;
  a->priorities[0] = 0;
  a->priorities[1] = 1;
  a->config = &a->stream_config;
  a->out = &output;
}

static int combinations;

static void expect(int32_t code, const struct function *function, const struct arguments *arguments, const char *what) {
  memset(&output, 0xa5, sizeof output);
  if (function->call == call_next_event) /* an output that must be prepared */
    output.event = no_event();
  untouched = output;
  const int32_t result = function->call(arguments);
  combinations++;
  check(result == code, __FILE__, __LINE__, "%s with %s is %s, not %s", function->name, what,
        changeover_error_name(result), changeover_error_name(code));
  check(memcmp(&output, &untouched, sizeof output) == 0, __FILE__, __LINE__, "%s with %s wrote an output", function->name,
        what);
}

/* The state of the engine, as far as it can be seen. Without the times: they are the engine's clock
 * as wall clock time, which is set right after a stall of the machine. */
static char *state(void) {
  char *json = status_json(engine, "s");
  for (char *time = json; (time = strstr(time, ":\"20")) != NULL; time++)
    memset(time + 2, '#', strlen("2000-01-01T00:00:00.000Z"));
  changeover_stream_list *list = NULL;
  OK(changeover_registered_streams(engine, &list));
  EQUAL(1, changeover_stream_list_len(list));
  changeover_stream_list_free(list);
  EQUAL(0, drain(engine));
  return json;
}

/* Calls every function that takes an argument, with that spoiled. */
static void spoil(int argument, int32_t code, const char *what, void (*spoiler)(struct arguments *)) {
  char *before = state();
  for (size_t i = 0; i < LENGTH(functions); i++) {
    const struct function *function = &functions[i];
    if (argument != 0 && !(function->takes & argument))
      continue;
    struct arguments arguments;
    good(&arguments);
    if (function->call == call_register && argument != STREAM) {
      arguments.stream = "new";
      arguments.stream_len = 3;
    }
    if (function->call == call_add) { /* beside those that are there */
      arguments.spec[0].priority += 10;
      arguments.spec[1].priority += 10;
    }
    spoiler(&arguments);
    expect(code, function, &arguments, what);
  }
  char *after = state();
  TEXT(before, after, strlen(after));
  free(before);
  free(after);
}

/* Handles. */

static void *handle;

static void set_handle(struct arguments *a) {
  a->engine = handle;
}

static void handles(void) {
  char *before = state();
  changeover_engine *stale = patient_engine();
  OK(changeover_free(stale));
  changeover_status *status = NULL;
  OK(changeover_runtime_status(engine, S("s"), &status));
  changeover_stream_list *list = NULL;
  OK(changeover_registered_streams(engine, &list));
  void *memory = malloc(64);
  const uintptr_t live = (uintptr_t)engine;
  uintptr_t handles[256] = {
      (uintptr_t)stale, (uintptr_t)status, (uintptr_t)list, (uintptr_t)memory, (uintptr_t)&output, (uintptr_t)"text",
      live + 1,         live - 1,          live + 2,        live + 16 * 1000,  live ^ (UINTPTR_MAX / 2 + 1),
      live & ~(uintptr_t)15, 1, 2, 3, 5, 8, 16, 17 + ((uintptr_t)1 << 40), 4096, UINTPTR_MAX, UINTPTR_MAX - 14,
      UINTPTR_MAX / 2, UINTPTR_MAX / 2 + 1, (uintptr_t)call_free,
  };
  /* And numbers of no meaning. */
  uint64_t random = 88172645463325252u;
  for (size_t i = 25; i < LENGTH(handles); i++) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    handles[i] = (uintptr_t)(i % 2 ? random : random | 1);
  }
  for (size_t i = 0; i < LENGTH(handles); i++) {
    handle = (void *)handles[i];
    char what[64];
    snprintf(what, sizeof what, "engine %p", handle);
    for (size_t j = 0; j < LENGTH(functions); j++) {
      struct arguments arguments;
      good(&arguments);
      set_handle(&arguments);
      expect(CHANGEOVER_ERR_HANDLE, &functions[j], &arguments, what);
    }
    /* The other kinds. */
    changeover_stream_status stream;
    changeover_input_status input;
    changeover_error_entry error;
    changeover_switch_entry entry;
    OK(changeover_stream_status_init(&stream, sizeof stream));
    OK(changeover_input_status_init(&input, sizeof input));
    OK(changeover_error_entry_init(&error, sizeof error));
    OK(changeover_switch_entry_init(&entry, sizeof entry));
    const char *string = "untouched";
    size_t len = 77;
    void *other = handle == (void *)status || handle == (void *)list ? (void *)engine : handle;
    EXPECT(CHANGEOVER_ERR_HANDLE, changeover_status_stream(other, &stream));
    EXPECT(CHANGEOVER_ERR_HANDLE, changeover_status_input(other, 0, &input));
    EXPECT(CHANGEOVER_ERR_HANDLE, changeover_status_error(other, 0, 0, &error));
    EXPECT(CHANGEOVER_ERR_HANDLE, changeover_status_switch(other, 0, &entry));
    EXPECT(CHANGEOVER_ERR_HANDLE, changeover_status_json(other, &string, &len));
    EXPECT(CHANGEOVER_ERR_HANDLE, changeover_stream_list_get(other, 0, &string, &len));
    EQUAL(0, changeover_stream_list_len(other));
    changeover_status_free(other);
    changeover_stream_list_free(other);
    TEXT("untouched", string, 9);
    EQUAL(77, len);
    changeover_input fake = {.id = (uint64_t)handles[i]};
    EXPECT(CHANGEOVER_ERR_HANDLE, changeover_close_input(&fake));
    EXPECT(CHANGEOVER_ERR_HANDLE, changeover_input_report_error(&fake, S("x")));
    changeover_event event = no_event();
    event.owner = (uint64_t)handles[i];
    EXPECT(CHANGEOVER_ERR_HANDLE, changeover_event_clear(&event));
    EXPECT(CHANGEOVER_ERR_HANDLE, changeover_next_event(engine, 0, &event));
    combinations += 13;
  }
  /* NULL. */
  for (size_t j = 0; j < LENGTH(functions); j++) {
    struct arguments arguments;
    good(&arguments);
    arguments.engine = NULL;
    expect(functions[j].call == call_free ? CHANGEOVER_OK : CHANGEOVER_ERR_NULL, &functions[j], &arguments, "NULL");
  }
  changeover_stream_status stream;
  OK(changeover_stream_status_init(&stream, sizeof stream));
  EXPECT(CHANGEOVER_ERR_NULL, changeover_status_stream(NULL, &stream));
  EXPECT(CHANGEOVER_ERR_NULL, changeover_status_stream(status, NULL));
  EXPECT(CHANGEOVER_ERR_NULL, changeover_status_input(status, 0, NULL));
  EXPECT(CHANGEOVER_ERR_NULL, changeover_status_switch(status, 0, NULL));
  EXPECT(CHANGEOVER_ERR_NULL, changeover_status_json(status, NULL, NULL));
  EXPECT(CHANGEOVER_ERR_NULL, changeover_stream_list_get(list, 0, NULL, NULL));
  EXPECT(CHANGEOVER_ERR_NULL, changeover_new(NULL, NULL));
  combinations += 7;
  changeover_status_free(status);
  changeover_stream_list_free(list);
  free(memory);
  char *after = state();
  TEXT(before, after, strlen(after));
  free(before);
  free(after);
}

/* Stream ids, texts. */

static const char *bad_text;
static size_t bad_len;

static void set_stream(struct arguments *a) {
  a->stream = bad_text;
  a->stream_len = bad_len;
}

static void set_text(struct arguments *a) {
  a->text = bad_text;
  a->text_len = bad_len;
}

static void set_url(struct arguments *a) {
  a->spec[1].url = bad_text;
  a->spec[1].url_len = bad_len;
}

static void set_key(struct arguments *a) {
  a->option[0].key = bad_text;
  a->option[0].key_len = bad_len;
}

static void set_value(struct arguments *a) {
  a->option[0].value = bad_text;
  a->option[0].value_len = bad_len;
}

static void spoil_text(int32_t code, const char *what, const char *text, size_t len) {
  bad_text = text;
  bad_len = len;
  spoil(STREAM, code, what, set_stream);
  spoil(TEXTUAL, code, what, set_text);
  spoil(SPECS, code, what, set_url);
  spoil(SPECS, code, what, set_key);
  spoil(SPECS, code, what, set_value);
}

static void strings(void) {
  spoil_text(CHANGEOVER_ERR_NULL, "NULL and 1", NULL, 1);
  spoil_text(CHANGEOVER_ERR_NULL, "NULL and a page", NULL, 4096);
  spoil_text(CHANGEOVER_ERR_LENGTH, "SIZE_MAX", "x", SIZE_MAX);
  spoil_text(CHANGEOVER_ERR_LENGTH, "half of SIZE_MAX", "x", SIZE_MAX / 2 + 1);
  static const char *const texts[] = {"\xff", "\x80", "\xc0\x80", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "ok\xfe", "\xc3"};
  for (size_t i = 0; i < LENGTH(texts); i++)
    spoil_text(CHANGEOVER_ERR_UTF8, "bad UTF-8", texts[i], strlen(texts[i]));
  /* Ids only. Whoever takes (NULL, 0) for the engine's settings has a test of its own. */
  bad_text = "x";
  bad_len = 0;
  spoil(STREAM, CHANGEOVER_ERR_STREAM_ID, "an empty id", set_stream);
  char longer[65536];
  memset(longer, 'x', sizeof longer);
  bad_text = longer;
  bad_len = 256;
  spoil(STREAM, CHANGEOVER_ERR_STREAM_ID, "an id of 256 bytes", set_stream);
  bad_len = sizeof longer;
  spoil(STREAM, CHANGEOVER_ERR_STREAM_ID, "an id of 64 KiB", set_stream);
}

static void unknown_streams(void) {
  char *before = state();
  static const char *const ids[] = {"unknown", "S", "s ", "ss"};
  for (size_t i = 0; i < LENGTH(ids); i++)
    for (size_t j = 0; j < LENGTH(functions); j++) {
      if (!(functions[j].takes & STREAM) || functions[j].call == call_register || functions[j].call == call_is_registered)
        continue;
      struct arguments arguments;
      good(&arguments);
      arguments.stream = ids[i];
      arguments.stream_len = strlen(ids[i]);
      expect(CHANGEOVER_ERR_UNKNOWN_STREAM, &functions[j], &arguments, ids[i]);
    }
  struct arguments arguments;
  good(&arguments);
  expect(CHANGEOVER_ERR_STREAM_EXISTS, &functions[0], &arguments, "a stream that is registered");
  char *after = state();
  TEXT(before, after, strlen(after));
  free(before);
  free(after);
}

/* Numbers. */

static int32_t bad_number;
static uint64_t bad_session;

static void set_priority(struct arguments *a) {
  a->priority = bad_number;
}

static void set_session(struct arguments *a) {
  a->session = bad_session;
}

static void numbers(void) {
  static const int32_t negative[] = {-1, -2, INT32_MIN};
  for (size_t i = 0; i < LENGTH(negative); i++) {
    bad_number = negative[i];
    spoil(PRIORITY, CHANGEOVER_ERR_PRIORITY, "a negative priority", set_priority);
  }
  static const int32_t unknown[] = {2, 99, INT32_MAX};
  for (size_t i = 0; i < LENGTH(unknown); i++) {
    bad_number = unknown[i];
    spoil(PRIORITY, CHANGEOVER_ERR_UNKNOWN_INPUT, "an unknown input", set_priority);
  }
  static const uint64_t sessions[] = {99, UINT64_MAX, UINT64_MAX / 2};
  for (size_t i = 0; i < LENGTH(sessions); i++) {
    bad_session = sessions[i];
    spoil(SESSION, CHANGEOVER_ERR_STALE_SESSION, "a session never given", set_session);
  }
  char *before = state();
  struct arguments a;
  good(&a);
  const struct {
    const char *name;
    int32_t (*call)(const struct arguments *);
    int32_t numbers[6];
  } calls[] = {
      {"start_result", call_start_result, {1, 2, 7, 100, INT32_MAX, INT32_MAX - 1}},
      {"probe_result", call_probe_result, {CHANGEOVER_PROBE_LATER, 4, -1, 100, INT32_MAX, INT32_MIN}},
      {"set_log_callback", call_set_log_callback, {5, 6, -1, 100, INT32_MAX, INT32_MIN}},
  };
  for (size_t i = 0; i < LENGTH(calls); i++)
    for (size_t j = 0; j < LENGTH(calls[i].numbers); j++) {
      const struct function function = {calls[i].name, calls[i].call, 0};
      a.number = calls[i].numbers[j];
      expect(CHANGEOVER_ERR_VALUE, &function, &a, "a number that is no constant");
    }
  char *after = state();
  TEXT(before, after, strlen(after));
  free(before);
  free(after);
}

/* Outputs. */

static void no_output(struct arguments *a) {
  a->out = NULL;
}

static void outputs(void) {
  spoil(OUT, CHANGEOVER_ERR_NULL, "no output", no_output);
  /* Structs that hold what they must not, or have no size. */
  changeover_event event;
  memset(&event, 0xff, sizeof event);
  EXPECT(CHANGEOVER_ERR_STRUCT_SIZE, changeover_next_event(engine, 0, &event));
  EXPECT(CHANGEOVER_ERR_STRUCT_SIZE, changeover_event_clear(&event));
  memset(&event, 0, sizeof event);
  EXPECT(CHANGEOVER_ERR_STRUCT_SIZE, changeover_next_event(engine, 0, &event));
  EXPECT(CHANGEOVER_ERR_STRUCT_SIZE, changeover_event_clear(&event));
  combinations += 4;
}

/* Inputs. */

#define SPOILER(name, statement) \
  static void name(struct arguments *a) { statement; }

SPOILER(specs_null, a->specs = NULL)
SPOILER(specs_too_many, a->specs_len = SIZE_MAX)
SPOILER(specs_overflow, a->specs_len = SIZE_MAX / sizeof(changeover_input_spec) + 2)
SPOILER(spec_no_size, a->spec[0].struct_size = 0)
SPOILER(spec_small, a->spec[0].struct_size = sizeof(changeover_input_spec) - 1)
SPOILER(spec_absurd, a->spec[0].struct_size = SIZE_MAX)
SPOILER(spec_beyond, a->spec[0].struct_size = 4097)
SPOILER(spec_newer, a->spec[0].struct_size = sizeof(changeover_input_spec) + 8) /* its tail is the next one's size */
SPOILER(spec_second_size, a->spec[1].struct_size = sizeof(changeover_input_spec) + 8)
SPOILER(spec_second_no_size, a->spec[1].struct_size = 0)
SPOILER(spec_reserved, a->spec[1].reserved = 1)
SPOILER(spec_reserved_negative, a->spec[1].reserved = -1)
SPOILER(spec_negative, a->spec[1].priority = -1)
SPOILER(spec_most_negative, a->spec[1].priority = INT32_MIN)
SPOILER(spec_duplicate, a->spec[1].priority = a->spec[0].priority)
SPOILER(options_null, a->spec[1].options = NULL)
SPOILER(options_too_many, a->spec[1].options_len = SIZE_MAX)
SPOILER(options_overflow, a->spec[1].options_len = SIZE_MAX / sizeof(changeover_option) + 1)
SPOILER(spec_config_no_size, a->spec_config.struct_size = 0)
SPOILER(spec_config_small, a->spec_config.struct_size -= 1)
SPOILER(spec_config_reserved, a->spec_config.reserved = 1)
SPOILER(spec_config_standby, a->spec_config.standby = 2)
SPOILER(spec_config_zero, a->spec_config.packet_timeout = 0)
SPOILER(spec_config_failback, a->spec_config.failback = CHANGEOVER_FAILBACK_AUTO)
SPOILER(spec_config_overlap, a->spec_config.overlap = CHANGEOVER_OVERLAP_ON)
SPOILER(spec_config_cooldown, a->spec_config.switch_cooldown = SECOND)
SPOILER(spec_config_stable, a->spec_config.failback_stable = SECOND)

static void inputs(void) {
  static const struct {
    const char *what;
    int32_t code;
    void (*spoiler)(struct arguments *);
  } all[] = {
      {"no inputs but a length", CHANGEOVER_ERR_NULL, specs_null},
      {"SIZE_MAX inputs", CHANGEOVER_ERR_LENGTH, specs_too_many},
      {"inputs that overflow", CHANGEOVER_ERR_LENGTH, specs_overflow},
      {"an input without size", CHANGEOVER_ERR_STRUCT_SIZE, spec_no_size},
      {"an input too small", CHANGEOVER_ERR_STRUCT_SIZE, spec_small},
      {"an absurd input", CHANGEOVER_ERR_STRUCT_SIZE, spec_absurd},
      {"an input too large", CHANGEOVER_ERR_STRUCT_SIZE, spec_beyond},
      {"a newer input that sets what we don't know", CHANGEOVER_ERR_STRUCT_SIZE, spec_newer},
      {"inputs of two sizes", CHANGEOVER_ERR_STRUCT_SIZE, spec_second_size},
      {"a second input without size", CHANGEOVER_ERR_STRUCT_SIZE, spec_second_no_size},
      {"reserved 1", CHANGEOVER_ERR_VALUE, spec_reserved},
      {"reserved -1", CHANGEOVER_ERR_VALUE, spec_reserved_negative},
      {"priority -1", CHANGEOVER_ERR_PRIORITY, spec_negative},
      {"priority INT32_MIN", CHANGEOVER_ERR_PRIORITY, spec_most_negative},
      {"a priority twice", CHANGEOVER_ERR_DUPLICATE_PRIORITY, spec_duplicate},
      {"no options but a length", CHANGEOVER_ERR_NULL, options_null},
      {"SIZE_MAX options", CHANGEOVER_ERR_LENGTH, options_too_many},
      {"options that overflow", CHANGEOVER_ERR_LENGTH, options_overflow},
      {"an input's config without size", CHANGEOVER_ERR_STRUCT_SIZE, spec_config_no_size},
      {"an input's config too small", CHANGEOVER_ERR_STRUCT_SIZE, spec_config_small},
      {"an input's config's reserved", CHANGEOVER_ERR_VALUE, spec_config_reserved},
      {"an input's standby 2", CHANGEOVER_ERR_VALUE, spec_config_standby},
      {"an input's timeout of zero", CHANGEOVER_ERR_CONFIG, spec_config_zero},
      {"an input's failback", CHANGEOVER_ERR_CONFIG, spec_config_failback},
      {"an input's overlap", CHANGEOVER_ERR_CONFIG, spec_config_overlap},
      {"an input's switch_cooldown", CHANGEOVER_ERR_CONFIG, spec_config_cooldown},
      {"an input's failback_stable", CHANGEOVER_ERR_CONFIG, spec_config_stable},
  };
  for (size_t i = 0; i < LENGTH(all); i++)
    spoil(SPECS, all[i].code, all[i].what, all[i].spoiler);
}

SPOILER(removed_null, a->removed = NULL; a->removed_len = 1)
SPOILER(removed_too_many, a->removed = a->priorities; a->removed_len = SIZE_MAX)
SPOILER(removed_overflow, a->removed = a->priorities; a->removed_len = SIZE_MAX / 4 + 1)
SPOILER(removed_negative, a->removed = a->priorities; a->removed_len = 2; a->priorities[1] = -1; a->specs_len = 0)
SPOILER(removed_unknown, a->removed = a->priorities; a->removed_len = 2; a->priorities[1] = 9; a->specs_len = 0)
SPOILER(removed_twice, a->removed = a->priorities; a->removed_len = 2; a->priorities[1] = 0; a->specs_len = 0)

static void removals(void) {
  spoil(REMOVED, CHANGEOVER_ERR_NULL, "no removals but a length", removed_null);
  spoil(REMOVED, CHANGEOVER_ERR_LENGTH, "SIZE_MAX removals", removed_too_many);
  spoil(REMOVED, CHANGEOVER_ERR_LENGTH, "removals that overflow", removed_overflow);
  spoil(REMOVED, CHANGEOVER_ERR_PRIORITY, "a negative removal", removed_negative);
  spoil(REMOVED, CHANGEOVER_ERR_UNKNOWN_INPUT, "an unknown removal", removed_unknown);
  spoil(REMOVED, CHANGEOVER_ERR_DUPLICATE_PRIORITY, "a removal twice", removed_twice);
  /* What is there can't be added; what is not, or goes, can't be updated. */
  char *before = state();
  struct arguments a;
  good(&a);
  const struct function add = {"update_inputs (added)", call_add, 0}, update = {"update_inputs (updated)", call_update, 0};
  expect(CHANGEOVER_ERR_DUPLICATE_PRIORITY, &add, &a, "an input that is there");
  a.removed = a.priorities;
  a.removed_len = 1;
  expect(CHANGEOVER_ERR_UNKNOWN_INPUT, &update, &a, "an input that goes");
  a.removed_len = 0;
  a.spec[1].priority = 9;
  expect(CHANGEOVER_ERR_UNKNOWN_INPUT, &update, &a, "an unknown input");
  char *after = state();
  TEXT(before, after, strlen(after));
  free(before);
  free(after);
}

/* Settings, of a stream, of the engine, and as an engine's defaults. */

static void spoil_config(int32_t code, const char *what, void (*spoiler)(struct arguments *)) {
  spoil(CONFIG, code, what, spoiler);
  char *before = state();
  struct arguments a;
  good(&a);
  spoiler(&a);
  a.stream = NULL;
  a.stream_len = 0;
  const struct function of_engine = {"set_config of the engine", call_set_config, 0};
  expect(code, &of_engine, &a, what);
  changeover_options options;
  OK(changeover_options_init(&options, sizeof options));
  options.defaults = a.config;
  changeover_engine *none = engine;
  if (a.config) {
    check_code(code, changeover_new(&options, &none), __FILE__, __LINE__, what);
    CHECK(none == engine);
    combinations++;
  }
  char *after = state();
  TEXT(before, after, strlen(after));
  free(before);
  free(after);
}

SPOILER(config_no_size, a->config->struct_size = 0)
SPOILER(config_small, a->config->struct_size -= 1)
SPOILER(config_absurd, a->config->struct_size = SIZE_MAX)
SPOILER(config_reserved, a->config->reserved = INT32_MIN)
SPOILER(packet_timeout_0, a->config->packet_timeout = 0)
SPOILER(connect_timeout_0, a->config->connect_timeout = 0)
SPOILER(probe_cooldown_0, a->config->probe_cooldown = 0)
SPOILER(probe_timeout_0, a->config->probe_timeout = 0)
SPOILER(packet_timeout_long, a->config->packet_timeout = YEAR + 1)
SPOILER(connect_timeout_long, a->config->connect_timeout = YEAR + 1)
SPOILER(probe_cooldown_long, a->config->probe_cooldown = UINT64_MAX - 1)
SPOILER(probe_timeout_long, a->config->probe_timeout = UINT64_MAX / 2)
SPOILER(switch_cooldown_long, a->config->switch_cooldown = YEAR + 1)
SPOILER(failback_stable_long, a->config->failback_stable = UINT64_MAX - 1)

static int32_t bad_choice;
SPOILER(failback_bad, a->config->failback = bad_choice)
SPOILER(standby_bad, a->config->standby = bad_choice)
SPOILER(overlap_bad, a->config->overlap = bad_choice)

static void settings(void) {
  spoil_config(CHANGEOVER_ERR_STRUCT_SIZE, "no size", config_no_size);
  spoil_config(CHANGEOVER_ERR_STRUCT_SIZE, "too small", config_small);
  spoil_config(CHANGEOVER_ERR_STRUCT_SIZE, "absurd", config_absurd);
  spoil_config(CHANGEOVER_ERR_VALUE, "reserved", config_reserved);
  spoil_config(CHANGEOVER_ERR_CONFIG, "packet_timeout 0", packet_timeout_0);
  spoil_config(CHANGEOVER_ERR_CONFIG, "connect_timeout 0", connect_timeout_0);
  spoil_config(CHANGEOVER_ERR_CONFIG, "probe_cooldown 0", probe_cooldown_0);
  spoil_config(CHANGEOVER_ERR_CONFIG, "probe_timeout 0", probe_timeout_0);
  spoil_config(CHANGEOVER_ERR_CONFIG, "packet_timeout long", packet_timeout_long);
  spoil_config(CHANGEOVER_ERR_CONFIG, "connect_timeout long", connect_timeout_long);
  spoil_config(CHANGEOVER_ERR_CONFIG, "probe_cooldown long", probe_cooldown_long);
  spoil_config(CHANGEOVER_ERR_CONFIG, "probe_timeout long", probe_timeout_long);
  spoil_config(CHANGEOVER_ERR_CONFIG, "switch_cooldown long", switch_cooldown_long);
  spoil_config(CHANGEOVER_ERR_CONFIG, "failback_stable long", failback_stable_long);
  static const int32_t choices[] = {2, 3, -2, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < LENGTH(choices); i++) {
    bad_choice = choices[i];
    spoil_config(CHANGEOVER_ERR_VALUE, "failback", failback_bad);
    spoil_config(CHANGEOVER_ERR_VALUE, "standby", standby_bad);
    spoil_config(CHANGEOVER_ERR_VALUE, "overlap", overlap_bad);
  }
  struct arguments a;
  good(&a);
  a.config = NULL;
  const struct function set_config = {"set_config", call_set_config, 0};
  expect(CHANGEOVER_ERR_NULL, &set_config, &a, "no config");
  /* Hot where two sessions can't overlap: of a stream, and of the engine whose stream is hot. */
  good(&a);
  a.config->overlap = CHANGEOVER_OVERLAP_OFF;
  a.config->standby = CHANGEOVER_STANDBY_HOT;
  expect(CHANGEOVER_ERR_HOT_WITHOUT_OVERLAP, &set_config, &a, "hot without overlap");
  a.stream = NULL;
  a.stream_len = 0;
  expect(CHANGEOVER_ERR_HOT_WITHOUT_OVERLAP, &set_config, &a, "hot without overlap");
  const struct function reg = {"register", call_register, 0};
  a.stream = "new";
  a.stream_len = 3;
  expect(CHANGEOVER_ERR_HOT_WITHOUT_OVERLAP, &reg, &a, "hot without overlap");
}

/* After all that, the engine works. */
static void the_good_arguments_are_good(void) {
  struct arguments a;
  good(&a);
  int ok = 0;
  a.stream = "new";
  a.stream_len = 3;
  for (size_t i = 0; i < LENGTH(functions); i++) {
    const struct function *function = &functions[i];
    if (function->call == call_add || function->call == call_free || function->call == call_unregister ||
        function->call == call_set_exhausted_callback || function->call == call_set_restored_callback ||
        function->call == call_probe_result || function->call == call_next_event || function->call == call_sync)
      continue;
    if (function->call == call_start_result)
      a.session = input_status(engine, "new", 0).session | input_status(engine, "new", 1).session;
    const int32_t result = function->call(&a);
    ok += check(result == CHANGEOVER_OK, __FILE__, __LINE__, "%s is %s", function->name, changeover_error_name(result));
    if (function->call == call_registered_streams)
      changeover_stream_list_free(*(changeover_stream_list **)a.out);
    if (function->call == call_runtime_status)
      changeover_status_free(*(changeover_status **)a.out);
    if (function->call == call_open_input)
      OK(changeover_close_input(a.out));
  }
  CHECK(ok >= 12);
  OK(changeover_unregister(engine, S("new")));
}

int main(void) {
  engine = patient_engine();
  register_stream(engine, "s", 2);
  drain(engine);
  RUN(handles);
  RUN(strings);
  RUN(unknown_streams);
  RUN(numbers);
  RUN(outputs);
  RUN(inputs);
  RUN(removals);
  RUN(settings);
  drain(engine);
  RUN(the_good_arguments_are_good);
  OK(changeover_free(engine));
  note("%d combinations", combinations);
  return finish();
}
