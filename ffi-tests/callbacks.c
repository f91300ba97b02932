/* Delivery to callbacks: threads, order, answers, and every call from within every callback. */
#include "harness.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

struct record {
  int32_t kind, priority, reason;
  uint64_t session, probe, registration;
  char stream[64], detail[256];
};

/* The host's side. What callbacks and the test share is under the lock. */
struct host {
  changeover_engine *engine;
  pthread_mutex_t lock;
  struct record records[1000];
  pthread_t thread;
  bool has_thread;
  int32_t start_answer, probe_answer;
  void (*inside)(struct host *host);
  int32_t inside_what;
  struct counter events, exhausted, restored, lines, destroyed, done;
  char last_line[256];
};

static struct host host_init(void) {
  const struct host host = {.lock = PTHREAD_MUTEX_INITIALIZER,
                            .events = COUNTER,
                            .exhausted = COUNTER,
                            .restored = COUNTER,
                            .lines = COUNTER,
                            .destroyed = COUNTER,
                            .done = COUNTER};
  return host;
}

/* Which callback: an event's kind, or one of these. */
enum { ANY = 0, IN_EXHAUSTED = 101, IN_RESTORED, IN_LOG };

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
  CHECK(event->kind >= CHANGEOVER_EVENT_SWITCHED && event->kind <= CHANGEOVER_EVENT_GAP);
  record(data, event);
}

static void on_exhausted(void *data, const char *stream, size_t len) {
  struct host *host = data;
  check_thread(host);
  EQUAL(len, strlen(stream));
  do_inside(host, IN_EXHAUSTED);
  counter_add(&host->exhausted, 1);
}

static void on_restored(void *data, const char *stream, size_t len) {
  struct host *host = data;
  check_thread(host);
  EQUAL(len, strlen(stream));
  do_inside(host, IN_RESTORED);
  counter_add(&host->restored, 1);
}

static void on_line(void *data, int32_t level, const char *message, size_t len) {
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

static void on_destroy(void *data) {
  struct host *host = data;
  counter_add(&host->destroyed, 1);
}

static changeover_callbacks callbacks_of(struct host *host) {
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

static void make_engine(struct host *host, const changeover_config *config) {
  const changeover_callbacks callbacks = callbacks_of(host);
  changeover_engine *engine = new_engine(config, &callbacks);
  pthread_mutex_lock(&host->lock);
  host->engine = engine;
  pthread_mutex_unlock(&host->lock);
}

/* Takes the locks that callbacks took last, for ThreadSanitizer, which does not see the library wait
 * for its threads: what they did is over before the host's memory serves another test. */
static void see_the_end(struct host *host) {
  counter_get(&host->events);
  counter_get(&host->exhausted);
  counter_get(&host->restored);
  counter_get(&host->lines);
  counter_get(&host->done);
}

/* Free, and: the destructor was called, once, and no thread is left that could call anything. */
static void free_engine(struct host *host) {
  OK(changeover_free(host->engine));
  see_the_end(host);
  EQUAL(1, counter_get(&host->destroyed));
}

static void set_inside(struct host *host, int32_t what, void (*inside)(struct host *)) {
  pthread_mutex_lock(&host->lock);
  host->inside_what = what;
  host->inside = inside;
  pthread_mutex_unlock(&host->lock);
}

static void set_answers(struct host *host, int32_t start, int32_t probe) {
  pthread_mutex_lock(&host->lock);
  host->start_answer = start;
  host->probe_answer = probe;
  pthread_mutex_unlock(&host->lock);
}

/* The first event of a kind at or after *from, which is moved behind it. Waits for it. */
static struct record next(struct host *host, int64_t *from, int32_t kind) {
  while (counter_wait(&host->events, *from + 1) && *from < (int64_t)LENGTH(host->records)) {
    pthread_mutex_lock(&host->lock);
    const struct record record = host->records[(*from)++];
    pthread_mutex_unlock(&host->lock);
    if (record.kind == kind) return record;
  }
  CHECK(!"the event came");
  return (struct record){0};
}

static int count(struct host *host, int32_t kind) {
  int found = 0;
  pthread_mutex_lock(&host->lock);
  for (int64_t i = 0; i < counter_get(&host->events); i++)
    found += host->records[i].kind == kind;
  pthread_mutex_unlock(&host->lock);
  return found;
}

static changeover_config quick_config(void) {
  changeover_config config = patient_config();
  config.probe_cooldown = 10 * MILLISECOND;
  config.failback = CHANGEOVER_FAILBACK_MANUAL;
  return config;
}

static void events_come_in_order_on_one_thread(void) {
  struct host host = host_init();
  const changeover_config config = patient_config();
  make_engine(&host, &config);
  register_stream(host.engine, "s", 2);
  sync_engine(host.engine);
  EQUAL(2, counter_get(&host.events));
  EQUAL(CHANGEOVER_EVENT_START, host.records[0].kind);
  EQUAL(CHANGEOVER_EVENT_SWITCHED, host.records[1].kind);
  uint64_t verdict = 0;
  OK(changeover_record_packet(host.engine, S("s"), 0, 100, 0, &verdict));
  EQUAL(1, verdict);
  sync_engine(host.engine);
  EQUAL(3, counter_get(&host.events));
  EQUAL(CHANGEOVER_EVENT_ACTIVE, host.records[2].kind);
  /* Returns after the last event of the registration was delivered. */
  OK(changeover_unregister(host.engine, S("s")));
  EQUAL(5, counter_get(&host.events));
  EQUAL(CHANGEOVER_EVENT_STOP, host.records[3].kind);
  EQUAL(host.records[0].session, host.records[3].session);
  EQUAL(CHANGEOVER_EVENT_UNREGISTERED, host.records[4].kind);
  CHECK(!pthread_equal(host.thread, pthread_self()));
  free_engine(&host);
}

static void freeing_delivers_the_stops_first(void) {
  struct host host = host_init();
  const changeover_config config = patient_config();
  make_engine(&host, &config);
  register_stream(host.engine, "a", 1);
  register_stream(host.engine, "b", 1);
  free_engine(&host);
  EQUAL(count(&host, CHANGEOVER_EVENT_START), count(&host, CHANGEOVER_EVENT_STOP));
  EQUAL(2, count(&host, CHANGEOVER_EVENT_UNREGISTERED));
}

static void a_negative_answer_to_start_is_a_failure(void) {
  struct host host = host_init();
  const changeover_config config = patient_config();
  make_engine(&host, &config);
  set_answers(&host, -110, 0);
  register_stream(host.engine, "s", 2);
  int64_t at = 0;
  for (int32_t i = 0; i < 2; i++) {
    const struct record degraded = next(&host, &at, CHANGEOVER_EVENT_DEGRADED);
    EQUAL(i, degraded.priority);
    EQUAL(CHANGEOVER_REASON_START_FAILED, degraded.reason);
    STRING("the host's start answered -110", degraded.detail);
  }
  next(&host, &at, CHANGEOVER_EVENT_EXHAUSTED);
  OK(changeover_unregister(host.engine, S("s")));
  EQUAL(2, count(&host, CHANGEOVER_EVENT_START));
  EQUAL(2, count(&host, CHANGEOVER_EVENT_STOP));
  free_engine(&host);
}

static void answers_that_mean_nothing_are_logged_failures(void) {
  struct host host = host_init();
  const changeover_config config = quick_config();
  make_engine(&host, &config);
  OK(changeover_set_log_callback(host.engine, CHANGEOVER_LOG_ERROR, on_line, &host, NULL));
  set_answers(&host, 7, 99);
  register_stream(host.engine, "s", 1);
  int64_t at = 0;
  const struct record degraded = next(&host, &at, CHANGEOVER_EVENT_DEGRADED);
  EQUAL(CHANGEOVER_REASON_START_FAILED, degraded.reason);
  STRING("the host's start answered 7, which means nothing", degraded.detail);
  next(&host, &at, CHANGEOVER_EVENT_PROBE);
  /* A second probe: the first one failed. */
  next(&host, &at, CHANGEOVER_EVENT_PROBE);
  WAIT_FOR(&host.lines, 4); /* start, exhausted, probe, probe */
  OK(changeover_set_log_callback(host.engine, CHANGEOVER_LOG_OFF, NULL, NULL, NULL));
  CHECK(strstr(host.last_line, "the host's probe answered 99, which means nothing") != NULL);
  free_engine(&host);
}

static void probes_are_answered_by_what_the_callback_returns(void) {
  struct host host = host_init();
  const changeover_config config = quick_config();
  make_engine(&host, &config);
  set_answers(&host, 0, CHANGEOVER_PROBE_FAILED);
  register_stream(host.engine, "s", 2);
  OK(changeover_report_input_error(host.engine, S("s"), 1, S("down")));
  int64_t at = 0;
  next(&host, &at, CHANGEOVER_EVENT_PROBE);
  set_answers(&host, 0, CHANGEOVER_PROBE_OK);
  EQUAL(1, next(&host, &at, CHANGEOVER_EVENT_PROBE).priority);
  EQUAL(1, next(&host, &at, CHANGEOVER_EVENT_RECOVERED).priority);
  /* The answer may come later, from anywhere. */
  set_answers(&host, 0, CHANGEOVER_PROBE_LATER);
  OK(changeover_report_input_error(host.engine, S("s"), 1, S("down again")));
  const uint64_t probe = next(&host, &at, CHANGEOVER_EVENT_PROBE).probe;
  EXPECT(CHANGEOVER_ERR_STALE_SESSION,
         changeover_probe_result(host.engine, S("s"), probe + 1000, CHANGEOVER_PROBE_OK, NULL, 0));
  OK(changeover_probe_result(host.engine, S("s"), probe, CHANGEOVER_PROBE_OK, NULL, 0));
  next(&host, &at, CHANGEOVER_EVENT_RECOVERED);
  EXPECT(CHANGEOVER_ERR_STALE_SESSION,
         changeover_probe_result(host.engine, S("s"), probe, CHANGEOVER_PROBE_OK, NULL, 0));
  /* Without a usable probe, a session is tried. */
  set_answers(&host, 0, CHANGEOVER_PROBE_UNSUPPORTED);
  OK(changeover_report_input_error(host.engine, S("s"), 0, S("down")));
  next(&host, &at, CHANGEOVER_EVENT_PROBE);
  EQUAL(0, next(&host, &at, CHANGEOVER_EVENT_START).priority);
  free_engine(&host);
}

static void probe_and_notify_may_be_left_out(void) {
  struct host host = host_init();
  const changeover_config config = quick_config();
  changeover_callbacks callbacks = callbacks_of(&host);
  callbacks.probe = NULL;
  callbacks.notify = NULL;
  host.engine = new_engine(&config, &callbacks);
  register_stream(host.engine, "s", 2);
  OK(changeover_report_input_error(host.engine, S("s"), 0, S("down")));
  int64_t at = 0;
  EQUAL(0, next(&host, &at, CHANGEOVER_EVENT_START).priority);
  EQUAL(1, next(&host, &at, CHANGEOVER_EVENT_START).priority);
  uint64_t verdict;
  OK(changeover_record_packet(host.engine, S("s"), 1, 1, 0, &verdict));
  /* The trial that stands in for a probe. */
  EQUAL(0, next(&host, &at, CHANGEOVER_EVENT_START).priority);
  free_engine(&host);
}

static void exhausted_and_restored_have_callbacks_of_their_own(void) {
  struct host host = host_init();
  const changeover_config config = patient_config();
  make_engine(&host, &config);
  OK(changeover_set_exhausted_callback(host.engine, on_exhausted, &host, NULL));
  OK(changeover_set_restored_callback(host.engine, on_restored, &host, NULL));
  register_stream(host.engine, "s", 1);
  uint64_t verdict;
  for (int i = 1; i <= 3; i++) {
    OK(changeover_record_packet(host.engine, S("s"), 0, 1, 0, &verdict));
    sync_engine(host.engine);
    OK(changeover_report_input_error(host.engine, S("s"), 0, S("down")));
    sync_engine(host.engine);
    EQUAL(i, counter_get(&host.exhausted));
    OK(changeover_record_packet(host.engine, S("s"), 0, 1, 0, &verdict));
    sync_engine(host.engine);
    EQUAL(i, counter_get(&host.restored));
  }
  /* And as events. */
  EQUAL(3, count(&host, CHANGEOVER_EVENT_EXHAUSTED));
  EQUAL(3, count(&host, CHANGEOVER_EVENT_RESTORED));
  OK(changeover_set_exhausted_callback(host.engine, NULL, NULL, NULL));
  OK(changeover_report_input_error(host.engine, S("s"), 0, S("down")));
  sync_engine(host.engine);
  EQUAL(3, counter_get(&host.exhausted));
  free_engine(&host);
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
  sync_engine(other);
  OK(changeover_free(other));
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

static void unregister_when_replaced(void *data, int32_t level, const char *message, size_t len) {
  struct host *host = data;
  (void)level, (void)len;
  if (!strstr(message, "trigger: start")) return;
  counter_add(&host->lines, 1);
  /* The event thread replaces this callback now, and later this waits for the event thread. */
  WAIT_FOR(&host->done, 1);
  EXPECT(CHANGEOVER_ERR_IN_CALLBACK, changeover_sync(host->engine, DEADLINE));
  EXPECT(CHANGEOVER_ERR_IN_CALLBACK, changeover_free(host->engine));
  OK(changeover_unregister(host->engine, S("bystander")));
  counter_add(&host->lines, 1);
}

static void replace_the_log(struct host *host) {
  WAIT_FOR(&host->lines, 1);
  OK(changeover_set_log_callback(host->engine, CHANGEOVER_LOG_OFF, NULL, NULL, NULL));
  counter_add(&host->done, 1);
}

static void events_and_log_never_wait_for_each_other(void) {
  struct host host = host_init();
  const changeover_config config = patient_config();
  make_engine(&host, &config);
  register_stream(host.engine, "bystander", 0);
  OK(changeover_set_log_callback(host.engine, CHANGEOVER_LOG_DEBUG, unregister_when_replaced, &host, NULL));
  set_inside(&host, CHANGEOVER_EVENT_START, replace_the_log);
  register_stream(host.engine, "trigger", 1);
  WAIT_FOR(&host.lines, 2);
  int32_t registered = 1;
  OK(changeover_is_registered(host.engine, S("bystander"), &registered));
  EQUAL(0, registered);
  free_engine(&host);
}

static void linger(void *data, int32_t level, const char *message, size_t len) {
  struct host *host = data;
  (void)level, (void)message, (void)len;
  if (counter_get(&host->lines) > 0) return;
  counter_add(&host->lines, 1);
  WAIT_FOR(&host->done, 1);
  /* Long enough for a free that does not wait to return first. */
  const uint64_t until = clock_now() + 20 * MILLISECOND;
  while (clock_now() < until)
    sched_yield();
  counter_add(&host->lines, 1);
}

static void freeing_waits_for_a_log_that_was_replaced_before(void) {
  struct host host = host_init();
  const changeover_config config = patient_config();
  make_engine(&host, &config);
  OK(changeover_set_log_callback(host.engine, CHANGEOVER_LOG_DEBUG, linger, &host, on_destroy));
  set_inside(&host, CHANGEOVER_EVENT_START, replace_the_log);
  register_stream(host.engine, "s", 1);
  WAIT_FOR(&host.done, 1);
  OK(changeover_free(host.engine));
  see_the_end(&host);
  EQUAL(2, counter_get(&host.lines));
  EQUAL(2, counter_get(&host.destroyed));
}

static void the_log_has_levels(void) {
  struct host host = host_init();
  const changeover_config config = patient_config();
  make_engine(&host, &config);
  OK(changeover_set_log_callback(host.engine, CHANGEOVER_LOG_ERROR, on_line, &host, on_destroy));
  register_stream(host.engine, "quiet", 1);
  OK(changeover_unregister(host.engine, S("quiet")));
  /* Replacing waits for what was logged before. */
  OK(changeover_set_log_callback(host.engine, CHANGEOVER_LOG_DEBUG, on_line, &host, on_destroy));
  EQUAL(0, counter_get(&host.lines));
  EQUAL(1, counter_get(&host.destroyed));
  register_stream(host.engine, "loud", 1);
  OK(changeover_set_log_callback(host.engine, CHANGEOVER_LOG_OFF, on_line, &host, on_destroy));
  EQUAL(2, counter_get(&host.lines));     /* start, switched */
  EQUAL(3, counter_get(&host.destroyed)); /* the last one at once */
  CHECK(strstr(host.last_line, "loud: switched") != NULL);
  register_stream(host.engine, "off", 1);
  OK(changeover_free(host.engine));
  see_the_end(&host);
  EQUAL(2, counter_get(&host.lines));
  EQUAL(4, counter_get(&host.destroyed));
}

static void a_polled_engine_can_log_too(void) {
  struct host host = host_init();
  host.engine = patient_engine();
  OK(changeover_set_log_callback(host.engine, CHANGEOVER_LOG_INFO, on_line, &host, on_destroy));
  register_stream(host.engine, "s", 1);
  WAIT_FOR(&host.lines, 1);
  EXPECT(CHANGEOVER_ERR_WRONG_MODE,
         changeover_set_exhausted_callback(host.engine, on_exhausted, &host, NULL));
  EXPECT(CHANGEOVER_ERR_WRONG_MODE, changeover_set_restored_callback(host.engine, on_restored, &host, NULL));
  OK(changeover_free(host.engine));
  see_the_end(&host);
  EQUAL(1, counter_get(&host.destroyed));
}

int main(void) {
  RUN(events_come_in_order_on_one_thread);
  RUN(freeing_delivers_the_stops_first);
  RUN(a_negative_answer_to_start_is_a_failure);
  RUN(answers_that_mean_nothing_are_logged_failures);
  RUN(probes_are_answered_by_what_the_callback_returns);
  RUN(probe_and_notify_may_be_left_out);
  RUN(exhausted_and_restored_have_callbacks_of_their_own);
  RUN(every_call_works_inside_every_callback);
  RUN(a_stream_may_be_unregistered_in_its_own_start);
  RUN(a_slow_callback_holds_up_events_and_nothing_else);
  RUN(the_log_has_levels);
  RUN(a_polled_engine_can_log_too);
  RUN(events_and_log_never_wait_for_each_other);
  RUN(freeing_waits_for_a_log_that_was_replaced_before);
  return finish();
}
