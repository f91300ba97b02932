#include "harness.h"
#include <dirent.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static atomic_int checks, failures, tests, failed_tests;
static char notes[256];

static void complain(const char *file, int line, const char *format, va_list arguments) {
  char text[512];
  vsnprintf(text, sizeof text, format, arguments);
  fprintf(stderr, "%s:%d: failed: %s\n", file, line, text);
}

bool check(bool ok, const char *file, int line, const char *format, ...) {
  atomic_fetch_add(&checks, 1);
  if (!ok) {
    atomic_fetch_add(&failures, 1);
    va_list arguments;
    va_start(arguments, format);
    complain(file, line, format, arguments);
    va_end(arguments);
  }
  return ok;
}

bool check_code(int32_t expected, int32_t actual, const char *file, int line, const char *call) {
  return check(expected == actual, file, line, "%s is %s, not %s", call, changeover_error_name(actual),
               changeover_error_name(expected));
}

bool check_equal(int64_t expected, int64_t actual, const char *file, int line, const char *what) {
  return check(expected == actual, file, line, "%s is %lld, not %lld", what, (long long)actual,
               (long long)expected);
}

bool check_text(const char *expected, const char *text, size_t len, const char *file, int line,
                const char *what) {
  if (!text) return check(false, file, line, "%s is NULL, not \"%s\"", what, expected);
  return check(len == strlen(expected) && memcmp(text, expected, len) == 0 && text[len] == 0, file, line,
               "%s is \"%.*s\" (%zu bytes, then %d), not \"%s\"", what, (int)len, text, len, text[len],
               expected);
}

void run_test(const char *name, void (*test)(void)) {
  const int before = atomic_load(&failures);
  test();
  atomic_fetch_add(&tests, 1);
  if (atomic_load(&failures) != before) {
    atomic_fetch_add(&failed_tests, 1);
    fprintf(stderr, "failed test: %s\n", name);
  }
}

int finish(void) {
  printf("%d of %d tests ok, %d checks%s\n", tests - failed_tests, tests, checks, notes);
  return failures ? 1 : 0;
}

void note(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const size_t used = strlen(notes);
  snprintf(notes + used, sizeof notes - used, ", ");
  vsnprintf(notes + used + 2, sizeof notes - used - 2, format, arguments);
  va_end(arguments);
}

int scaled(int repetitions) {
  const char *scale = getenv("TEST_SCALE");
  const int by = scale ? atoi(scale) : 1;
  return by > 1 && repetitions > by ? repetitions / by : by > 1 ? 1 : repetitions;
}

uint64_t clock_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

int thread_count(void) {
  DIR *tasks = opendir("/proc/self/task");
  int count = 0;
  while (tasks && readdir(tasks))
    count++;
  if (tasks) closedir(tasks);
  return count - 2; /* "." and ".." */
}

void counter_add(struct counter *counter, int64_t by) {
  pthread_mutex_lock(&counter->lock);
  counter->value += by;
  pthread_cond_broadcast(&counter->changed);
  pthread_mutex_unlock(&counter->lock);
}

int64_t counter_get(struct counter *counter) {
  pthread_mutex_lock(&counter->lock);
  const int64_t value = counter->value;
  pthread_mutex_unlock(&counter->lock);
  return value;
}

bool counter_wait(struct counter *counter, int64_t value) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += DEADLINE / SECOND;
  pthread_mutex_lock(&counter->lock);
  while (counter->value < value)
    if (pthread_cond_timedwait(&counter->changed, &counter->lock, &until) != 0) break;
  const bool reached = counter->value >= value;
  pthread_mutex_unlock(&counter->lock);
  return reached;
}

changeover_config patient_config(void) {
  changeover_config config;
  OK(changeover_config_init(&config, sizeof config));
  config.packet_timeout = config.connect_timeout = FOR_EVER;
  config.probe_cooldown = config.probe_timeout = FOR_EVER;
  config.switch_cooldown = config.failback_stable = FOR_EVER;
  return config;
}

changeover_engine *new_engine(const changeover_config *defaults, const changeover_callbacks *callbacks) {
  changeover_options options;
  OK(changeover_options_init(&options, sizeof options));
  options.defaults = defaults;
  options.callbacks = callbacks;
  changeover_engine *engine = NULL;
  if (!OK(changeover_new(&options, &engine))) abort();
  return engine;
}

changeover_engine *patient_engine(void) {
  const changeover_config config = patient_config();
  return new_engine(&config, NULL);
}

changeover_input_spec input_spec(int32_t priority, const char *url) {
  changeover_input_spec spec;
  OK(changeover_input_spec_init(&spec, sizeof spec));
  spec.priority = priority;
  spec.url = url;
  spec.url_len = strlen(url);
  return spec;
}

void register_stream(changeover_engine *engine, const char *stream, int32_t inputs) {
  static const char *const urls[] = {"test://0", "test://1", "test://2", "test://3"};
  changeover_input_spec specs[LENGTH(urls)];
  for (int32_t i = 0; i < inputs; i++)
    specs[i] = input_spec(i, urls[i]);
  OK(changeover_register(engine, S(stream), NULL, 0, specs, (size_t)inputs, NULL, NULL));
}

changeover_event no_event(void) {
  changeover_event event;
  OK(changeover_event_init(&event, sizeof event));
  return event;
}

bool take(changeover_engine *engine, int32_t kind, changeover_event *event) {
  const uint64_t deadline = clock_now() + DEADLINE;
  int32_t result;
  while ((result = changeover_next_event(engine, 100 * MILLISECOND, event)) != CHANGEOVER_OK ||
         event->kind != kind)
    if ((result != CHANGEOVER_OK && result != CHANGEOVER_ERR_TIMEOUT) || clock_now() > deadline)
      return check(false, __FILE__, __LINE__, "no event %s (%s)", changeover_event_name(kind),
                   changeover_error_name(result));
  return true;
}

int drain(changeover_engine *engine) {
  changeover_event event = no_event();
  int count = 0;
  while (changeover_next_event(engine, 0, &event) == CHANGEOVER_OK)
    count++;
  return count;
}

uint64_t take_start(changeover_engine *engine, int32_t priority) {
  changeover_event event = no_event();
  if (!take(engine, CHANGEOVER_EVENT_START, &event)) return 0;
  EQUAL(priority, event.priority);
  const uint64_t session = event.session;
  OK(changeover_event_clear(&event));
  return session;
}

changeover_input open_input(changeover_engine *engine, const char *stream, int32_t priority,
                            uint64_t session) {
  changeover_input input;
  memset(&input, 0, sizeof input);
  OK(changeover_open_input(engine, S(stream), priority, session, &input));
  return input;
}

static changeover_status *status_of(changeover_engine *engine, const char *stream) {
  changeover_status *status = NULL;
  OK(changeover_runtime_status(engine, S(stream), &status));
  return status;
}

char *status_json(changeover_engine *engine, const char *stream) {
  changeover_status *status = status_of(engine, stream);
  const char *json = "";
  size_t len = 0;
  OK(changeover_status_json(status, &json, &len));
  char *copy = strdup(json);
  EQUAL(len, strlen(copy));
  changeover_status_free(status);
  return copy;
}

changeover_stream_status stream_status(changeover_engine *engine, const char *stream) {
  changeover_status *status = status_of(engine, stream);
  changeover_stream_status out;
  OK(changeover_stream_status_init(&out, sizeof out));
  OK(changeover_status_stream(status, &out));
  changeover_status_free(status);
  return out;
}

changeover_input_status input_status(changeover_engine *engine, const char *stream, size_t index) {
  changeover_status *status = status_of(engine, stream);
  changeover_input_status out;
  OK(changeover_input_status_init(&out, sizeof out));
  OK(changeover_status_input(status, index, &out));
  out.url = NULL;
  changeover_status_free(status);
  return out;
}

void sync_engine(changeover_engine *engine) { OK(changeover_sync(engine, DEADLINE)); }
