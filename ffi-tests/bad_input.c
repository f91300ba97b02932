/* Arguments that are wrong in what they say: every function × every wrong text, number, input and
 * setting. Each combination must give its exact code, write no output and change nothing. (matrix.c has
 * those that are wrong as pointers and lengths.) */
#include "functions.h"
#include <stdio.h>
#include <stdlib.h>

#define YEAR (365 * 24 * 3600 * SECOND)

/* Which functions a test is about: those that take this. */
enum argument { ANY, STREAM, PRIORITY, TEXTUAL, INPUTS, REMOVED, SETTING, SESSION, RESULT };

static struct objects objects; /* of the engine of whose stream "s" the state must not change */
static union output output;

/* The inputs as added, and as updated. */
static int32_t call_add(const struct arguments *a) {
  return changeover_update_inputs(a->engine, a->stream, a->stream_len, a->specs, a->specs_len, a->removed,
                                  a->removed_len, NULL, 0);
}
static int32_t call_update(const struct arguments *a) {
  return changeover_update_inputs(a->engine, a->stream, a->stream_len, NULL, 0, a->removed, a->removed_len,
                                  a->specs, a->specs_len);
}

/* Those of an engine; update_inputs as the two above. */
static struct function functions_here[64];
static size_t functions_here_len;

static void add_function(struct function function, const char *name,
                         int32_t (*call)(const struct arguments *)) {
  function.name = name;
  function.call = call;
  functions_here[functions_here_len++] = function;
}

static void choose_functions(void) {
  for (size_t i = 0; i < functions_len; i++) {
    if (!parameter_of(&functions[i], ENGINE)) continue;
    if (strcmp(functions[i].name, "changeover_update_inputs") == 0) {
      add_function(functions[i], "update_inputs (added)", call_add);
      add_function(functions[i], "update_inputs (updated)", call_update);
    } else {
      add_function(functions[i], functions[i].name + strlen("changeover_"), functions[i].call);
    }
  }
}

static bool is(const struct function *function, const char *name) {
  return strcmp(function->name, name) == 0;
}

static bool is_at(const struct parameter *parameter, size_t place) {
  return parameter && parameter->pointer == place;
}

/* Settings of streams, by themselves or within options of an engine. */
static bool takes_settings(const struct parameter *parameter) {
  return is_at(parameter, offsetof(struct arguments, config)) ||
         is_at(parameter, offsetof(struct arguments, options));
}

static bool takes(const struct function *function, enum argument argument) {
  switch (argument) {
    case STREAM: return parameter_of(function, ID);
    case PRIORITY: /* to be looked up */
      return is(function, "switch_input") || is(function, "record_packet") || is(function, "open_input") ||
             is(function, "report_input_error");
    case TEXTUAL: return is_at(parameter_of(function, TEXT_IN), offsetof(struct arguments, text));
    case INPUTS: return parameter_of(function, SPECS);
    case REMOVED: return parameter_of(function, NUMBERS);
    case SETTING:
      return takes_settings(parameter_of(function, CONFIG)) ||
             takes_settings(parameter_of(function, SETTINGS));
    case SESSION:
      return is(function, "open_input") || is(function, "start_result") || is(function, "probe_result");
    case RESULT: return parameter_of(function, OUTPUT);
    default: return true;
  }
}

static const struct function *here(const char *name) {
  for (size_t i = 0; i < functions_here_len; i++)
    if (is(&functions_here[i], name)) return &functions_here[i];
  abort();
}

/* Good ones, for the stream "s" also of those that register. */
static void good(struct arguments *a, const struct function *function) {
  fill(a, function, &objects, &output);
  a->stream = "s";
  a->stream_len = 1;
}

static int combinations;

static void expect(int32_t code, const struct function *function, const struct arguments *arguments,
                   const char *what) {
  combinations++;
  expect_answer(function, arguments, code, what);
}

static char *state(void) { return state_of_s(objects.engine); }

/* Calls every function that takes an argument, with that spoiled. */
static void spoil(enum argument argument, int32_t code, const char *what,
                  void (*spoiler)(struct arguments *)) {
  char *before = state();
  for (size_t i = 0; i < functions_here_len; i++) {
    const struct function *function = &functions_here[i];
    if (!takes(function, argument)) continue;
    struct arguments arguments;
    good(&arguments, function);
    if (registers(function) && argument != STREAM) {
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
  spoil(INPUTS, code, what, set_url);
  spoil(INPUTS, code, what, set_key);
  spoil(INPUTS, code, what, set_value);
}

static void strings(void) {
  spoil_text(CHANGEOVER_ERR_NULL, "NULL and 1", NULL, 1);
  spoil_text(CHANGEOVER_ERR_NULL, "NULL and a page", NULL, 4096);
  spoil_text(CHANGEOVER_ERR_LENGTH, "SIZE_MAX", "x", SIZE_MAX);
  spoil_text(CHANGEOVER_ERR_LENGTH, "half of SIZE_MAX", "x", SIZE_MAX / 2 + 1);
  static const char *const texts[] = {
      "\xff", "\x80", "\xc0\x80", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "ok\xfe", "\xc3"};
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
    for (size_t j = 0; j < functions_here_len; j++) {
      const struct function *function = &functions_here[j];
      if (!takes(function, STREAM) || registers(function) || is(function, "is_registered")) continue;
      /* It waits for the stream to be registered. */
      if (is(function, "shadow")) continue;
      struct arguments arguments;
      good(&arguments, function);
      arguments.stream = ids[i];
      arguments.stream_len = strlen(ids[i]);
      expect(CHANGEOVER_ERR_UNKNOWN_STREAM, function, &arguments, ids[i]);
    }
  struct arguments arguments;
  good(&arguments, here("register"));
  expect(CHANGEOVER_ERR_STREAM_EXISTS, here("register"), &arguments, "a stream that is registered");
  char *after = state();
  TEXT(before, after, strlen(after));
  free(before);
  free(after);
}

/* Numbers. */

static int32_t bad_number;
static uint64_t bad_session;

static void set_priority(struct arguments *a) { a->priority = bad_number; }

static void set_session(struct arguments *a) { a->session = bad_session; }

static void numbers(void) {
  static const int32_t negative[] = {-1, -2, INT32_MIN};
  for (size_t i = 0; i < LENGTH(negative); i++) {
    bad_number = negative[i];
    spoil(PRIORITY, CHANGEOVER_ERR_PRIORITY, "a negative priority", set_priority);
  }
  static const int32_t unknown[] = {3, 99, INT32_MAX};
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
  static const struct {
    const char *name;
    int32_t numbers[6];
  } calls[] = {
      {"start_result", {1, 2, 7, 100, INT32_MAX, INT32_MAX - 1}},
      {"probe_result", {CHANGEOVER_PROBE_LATER, 4, -1, 100, INT32_MAX, INT32_MIN}},
      {"set_log_callback", {5, 6, -1, 100, INT32_MAX, INT32_MIN}},
  };
  for (size_t i = 0; i < LENGTH(calls); i++)
    for (size_t j = 0; j < LENGTH(calls[i].numbers); j++) {
      struct arguments a;
      good(&a, here(calls[i].name));
      a.number = calls[i].numbers[j];
      expect(CHANGEOVER_ERR_VALUE, here(calls[i].name), &a, "a number that is no constant");
    }
  char *after = state();
  TEXT(before, after, strlen(after));
  free(before);
  free(after);
}

/* Events that hold what they must not. */

static void events(void) {
  changeover_event event;
  memset(&event, 0xff, sizeof event);
  EXPECT(CHANGEOVER_ERR_STRUCT_SIZE, changeover_next_event(objects.engine, 0, &event));
  EXPECT(CHANGEOVER_ERR_STRUCT_SIZE, changeover_event_clear(&event));
  memset(&event, 0, sizeof event);
  EXPECT(CHANGEOVER_ERR_STRUCT_SIZE, changeover_next_event(objects.engine, 0, &event));
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
SPOILER(spec_small, a->spec[0].struct_size = INPUT_SPEC_IN_0_1 - 1)
SPOILER(spec_absurd, a->spec[0].struct_size = SIZE_MAX)
SPOILER(spec_beyond, a->spec[0].struct_size = 16385)
SPOILER(spec_newer,
        a->spec[0].struct_size = sizeof(changeover_input_spec) + 8) /* its tail is the next one's size */
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
SPOILER(spec_config_small, a->spec_config.struct_size = CONFIG_IN_0_1 - 1)
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
    spoil(INPUTS, all[i].code, all[i].what, all[i].spoiler);
}

SPOILER(removed_null, a->removed = NULL; a->removed_len = 1)
SPOILER(removed_too_many, a->removed = a->priorities; a->removed_len = SIZE_MAX)
SPOILER(removed_overflow, a->removed = a->priorities; a->removed_len = SIZE_MAX / 4 + 1)
SPOILER(removed_negative, a->removed = a->priorities; a->removed_len = 2; a->priorities[1] = -1;
        a->specs_len = 0)
SPOILER(removed_unknown, a->removed = a->priorities; a->removed_len = 2; a->priorities[1] = 9;
        a->specs_len = 0)
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
  const struct function *add = here("update_inputs (added)"), *update = here("update_inputs (updated)");
  struct arguments a;
  good(&a, add);
  expect(CHANGEOVER_ERR_DUPLICATE_PRIORITY, add, &a, "an input that is there");
  a.removed = a.priorities;
  a.removed_len = 1;
  expect(CHANGEOVER_ERR_UNKNOWN_INPUT, update, &a, "an input that goes");
  a.removed_len = 0;
  a.spec[1].priority = 9;
  expect(CHANGEOVER_ERR_UNKNOWN_INPUT, update, &a, "an unknown input");
  char *after = state();
  TEXT(before, after, strlen(after));
  free(before);
  free(after);
}

/* Settings, of a stream, of the engine, and as an engine's defaults. */

static void spoil_config(int32_t code, const char *what, void (*spoiler)(struct arguments *)) {
  spoil(SETTING, code, what, spoiler);
  char *before = state();
  const struct function *set_config = here("set_config"), *new = function_named("new");
  struct arguments a;
  good(&a, set_config);
  spoiler(&a);
  a.stream = NULL;
  a.stream_len = 0;
  expect(code, set_config, &a, what);
  good(&a, new);
  spoiler(&a);
  a.engine_options.defaults = a.config;
  expect(code, new, &a, what);
  char *after = state();
  TEXT(before, after, strlen(after));
  free(before);
  free(after);
}

SPOILER(config_no_size, a->config->struct_size = 0)
SPOILER(config_small, a->config->struct_size = CONFIG_IN_0_1 - 1)
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
  good(&a, here("set_config"));
  /* Hot where two sessions can't overlap: of a stream, and of the engine whose stream is hot. */
  a.config->overlap = CHANGEOVER_OVERLAP_OFF;
  a.config->standby = CHANGEOVER_STANDBY_HOT;
  expect(CHANGEOVER_ERR_HOT_WITHOUT_OVERLAP, here("set_config"), &a, "hot without overlap");
  a.stream = NULL;
  a.stream_len = 0;
  expect(CHANGEOVER_ERR_HOT_WITHOUT_OVERLAP, here("set_config"), &a, "hot without overlap");
  a.stream = "new";
  a.stream_len = 3;
  expect(CHANGEOVER_ERR_HOT_WITHOUT_OVERLAP, here("register"), &a, "hot without overlap");
}

int main(void) {
  changeover_engine *engine = patient_engine();
  register_s(engine);
  drain(engine);
  objects.engine = engine;
  choose_functions();
  RUN(strings);
  RUN(unknown_streams);
  RUN(numbers);
  RUN(events);
  RUN(inputs);
  RUN(removals);
  RUN(settings);
  OK(changeover_free(engine));
  note("%d combinations", combinations);
  return finish();
}
