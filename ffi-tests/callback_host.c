#include "callback_host.h"
#include <stdio.h>

struct host host_init(void) {
  const struct host host = {.lock = PTHREAD_MUTEX_INITIALIZER,
                            .events = COUNTER,
                            .exhausted = COUNTER,
                            .restored = COUNTER,
                            .lines = COUNTER,
                            .destroyed = COUNTER,
                            .done = COUNTER};
  return host;
}

/* Runs, once, what the test wants done inside a callback. */
static void do_inside(struct host *host, int32_t what) {
  pthread_mutex_lock(&host->lock);
  void (*inside)(struct host *) = host->inside;
  if (host->inside_what != ANY && host->inside_what != what) inside = NULL;
  if (inside) host->inside = NULL;
  pthread_mutex_unlock(&host->lock);
  if (inside) inside(host);
}

static void check_thread(struct host *host) {
  pthread_mutex_lock(&host->lock);
  if (!host->has_thread) {
    host->thread = pthread_self();
    host->has_thread = true;
  }
  CHECK(pthread_equal(host->thread, pthread_self()));
  pthread_mutex_unlock(&host->lock);
}

static void record(struct host *host, const changeover_event *event) {
  check_thread(host);
  EQUAL(sizeof *event, event->struct_size);
  EQUAL(0, event->owner);
  pthread_mutex_lock(&host->lock);
  const int64_t at = counter_get(&host->events);
  if (at < (int64_t)LENGTH(host->records)) {
    struct record *record = &host->records[at];
    *record = (struct record){.kind = event->kind,
                              .priority = event->priority,
                              .reason = event->reason,
                              .session = event->session,
                              .probe = event->probe,
                              .registration = event->registration};
    snprintf(record->stream, sizeof record->stream, "%s", event->stream);
    snprintf(record->detail, sizeof record->detail, "%s", event->detail);
    EQUAL(event->stream_len, strlen(event->stream));
    EQUAL(event->url_len, strlen(event->url));
    EQUAL(event->detail_len, strlen(event->detail));
  }
  pthread_mutex_unlock(&host->lock);
  counter_add(&host->events, 1);
  do_inside(host, event->kind);
}

static int32_t on_start(void *data, const changeover_event *event) {
  struct host *host = data;
  EQUAL(CHANGEOVER_EVENT_START, event->kind);
  pthread_mutex_lock(&host->lock);
  const int32_t answer = host->start_answer;
  pthread_mutex_unlock(&host->lock);
  record(host, event);
  return answer;
}

static void on_stop(void *data, const changeover_event *event) {
  EQUAL(CHANGEOVER_EVENT_STOP, event->kind);
  record(data, event);
}

static int32_t on_probe(void *data, const changeover_event *event) {
  struct host *host = data;
  EQUAL(CHANGEOVER_EVENT_PROBE, event->kind);
  CHECK(event->probe != 0 && event->limit != 0);
  pthread_mutex_lock(&host->lock);
  const int32_t answer = host->probe_answer;
  pthread_mutex_unlock(&host->lock);
  record(host, event);
  return answer;
}

static void on_notify(void *data, const changeover_event *event) {
  /* Not a command, and one the library has a name for. */
  CHECK(event->kind > CHANGEOVER_EVENT_PROBE);
  CHECK(strcmp(changeover_event_name(event->kind), "unknown") != 0);
  record(data, event);
}

void on_exhausted(void *data, const char *stream, size_t len) {
  struct host *host = data;
  check_thread(host);
  EQUAL(len, strlen(stream));
  do_inside(host, IN_EXHAUSTED);
  counter_add(&host->exhausted, 1);
}

void on_restored(void *data, const char *stream, size_t len) {
  struct host *host = data;
  check_thread(host);
  EQUAL(len, strlen(stream));
  do_inside(host, IN_RESTORED);
  counter_add(&host->restored, 1);
}

void on_line(void *data, int32_t level, const char *message, size_t len) {
  struct host *host = data;
  CHECK(level >= CHANGEOVER_LOG_ERROR && level <= CHANGEOVER_LOG_DEBUG);
  EQUAL(len, strlen(message));
  if (strstr(message, "stalled")) /* the machine's doing, on a busy one */
    return;
  pthread_mutex_lock(&host->lock);
  CHECK(!host->has_thread || !pthread_equal(host->thread, pthread_self()));
  snprintf(host->last_line, sizeof host->last_line, "%s", message);
  pthread_mutex_unlock(&host->lock);
  do_inside(host, IN_LOG);
  counter_add(&host->lines, 1);
}

void on_destroy(void *data) {
  struct host *host = data;
  counter_add(&host->destroyed, 1);
}

changeover_callbacks callbacks_of(struct host *host) {
  changeover_callbacks callbacks;
  OK(changeover_callbacks_init(&callbacks, sizeof callbacks));
  callbacks.user_data = host;
  callbacks.destroy = on_destroy;
  callbacks.start = on_start;
  callbacks.stop = on_stop;
  callbacks.probe = on_probe;
  callbacks.notify = on_notify;
  return callbacks;
}

void make_engine(struct host *host, const changeover_config *config) {
  const changeover_callbacks callbacks = callbacks_of(host);
  changeover_engine *engine = new_engine(config, &callbacks);
  pthread_mutex_lock(&host->lock);
  host->engine = engine;
  pthread_mutex_unlock(&host->lock);
}

void see_the_end(struct host *host) {
  counter_get(&host->events);
  counter_get(&host->exhausted);
  counter_get(&host->restored);
  counter_get(&host->lines);
  counter_get(&host->done);
}

void free_engine(struct host *host) {
  OK(changeover_free(host->engine));
  see_the_end(host);
  EQUAL(1, counter_get(&host->destroyed));
}

void set_inside(struct host *host, int32_t what, void (*inside)(struct host *)) {
  pthread_mutex_lock(&host->lock);
  host->inside_what = what;
  host->inside = inside;
  pthread_mutex_unlock(&host->lock);
}

void set_answers(struct host *host, int32_t start, int32_t probe) {
  pthread_mutex_lock(&host->lock);
  host->start_answer = start;
  host->probe_answer = probe;
  pthread_mutex_unlock(&host->lock);
}

struct record next(struct host *host, int64_t *from, int32_t kind) {
  while (counter_wait(&host->events, *from + 1) && *from < (int64_t)LENGTH(host->records)) {
    pthread_mutex_lock(&host->lock);
    const struct record record = host->records[(*from)++];
    pthread_mutex_unlock(&host->lock);
    if (record.kind == kind) return record;
  }
  CHECK(!"the event came");
  return (struct record){0};
}

int count(struct host *host, int32_t kind) {
  int found = 0;
  pthread_mutex_lock(&host->lock);
  for (int64_t i = 0; i < counter_get(&host->events); i++)
    found += host->records[i].kind == kind;
  pthread_mutex_unlock(&host->lock);
  return found;
}

changeover_config quick_config(void) {
  changeover_config config = patient_config();
  config.probe_cooldown = 10 * MILLISECOND;
  config.failback = CHANGEOVER_FAILBACK_MANUAL;
  return config;
}
