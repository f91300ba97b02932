/* user_data: its destructor is called exactly once, whatever happens, and after what runs. */
#include "harness.h"

/* What user_data points to. */
struct owned {
  struct counter destroyed, entered, release;
};

static struct owned owned_init(void) {
  const struct owned owned = {COUNTER, COUNTER, COUNTER};
  return owned;
}

static void destroy(void *data) {
  struct owned *owned = data;
  counter_add(&owned->destroyed, 1);
}

#define DESTROYED(times, owned) EQUAL(times, counter_get(&(owned)->destroyed))

static int32_t start(void *data, const changeover_event *event) {
  (void)data, (void)event;
  return 0;
}

static void stop(void *data, const changeover_event *event) { (void)data, (void)event; }

static void on_stream(void *data, const char *stream, size_t len) { (void)data, (void)stream, (void)len; }

static void on_line(void *data, int32_t level, const char *message, size_t len) {
  (void)data, (void)level, (void)message, (void)len;
}

static changeover_callbacks callbacks_of(struct owned *owned) {
  changeover_callbacks callbacks;
  OK(changeover_callbacks_init(&callbacks, sizeof callbacks));
  callbacks.user_data = owned;
  callbacks.destroy = destroy;
  callbacks.start = start;
  callbacks.stop = stop;
  return callbacks;
}

static changeover_options options_of(const changeover_callbacks *callbacks) {
  changeover_options options;
  OK(changeover_options_init(&options, sizeof options));
  options.callbacks = callbacks;
  return options;
}

static void with_the_engine(void) {
  struct owned owned = owned_init();
  const changeover_callbacks callbacks = callbacks_of(&owned);
  changeover_engine *engine = new_engine(NULL, &callbacks);
  register_stream(engine, "s", 1);
  sync_engine(engine);
  DESTROYED(0, &owned);
  OK(changeover_free(engine));
  DESTROYED(1, &owned);
  EXPECT(CHANGEOVER_ERR_HANDLE, changeover_free(engine));
  DESTROYED(1, &owned);
}

static void without_a_destructor(void) {
  struct owned owned = owned_init();
  changeover_callbacks callbacks = callbacks_of(&owned);
  callbacks.destroy = NULL;
  changeover_engine *engine = new_engine(NULL, &callbacks);
  OK(changeover_set_exhausted_callback(engine, on_stream, &owned, NULL));
  OK(changeover_set_log_callback(engine, CHANGEOVER_LOG_DEBUG, on_line, &owned, NULL));
  OK(changeover_free(engine));
  DESTROYED(0, &owned);
}

static void when_new_fails(void) {
  struct owned owned = owned_init();
  const changeover_callbacks callbacks = callbacks_of(&owned);
  changeover_engine *const none = (changeover_engine *)&owned;
  changeover_engine *engine = none;

  changeover_options options = options_of(&callbacks);
  EXPECT(CHANGEOVER_ERR_NULL, changeover_new(&options, NULL));
  DESTROYED(1, &owned);

  changeover_config config = patient_config();
  options.defaults = &config;
  config.packet_timeout = 0;
  EXPECT(CHANGEOVER_ERR_CONFIG, changeover_new(&options, &engine));
  DESTROYED(2, &owned);

  config = patient_config();
  config.failback = 2;
  EXPECT(CHANGEOVER_ERR_VALUE, changeover_new(&options, &engine));
  DESTROYED(3, &owned);

  config = patient_config();
  config.reserved = 1;
  EXPECT(CHANGEOVER_ERR_VALUE, changeover_new(&options, &engine));
  DESTROYED(4, &owned);

  config = patient_config();
  config.struct_size = 8;
  EXPECT(CHANGEOVER_ERR_STRUCT_SIZE, changeover_new(&options, &engine));
  DESTROYED(5, &owned);

  changeover_callbacks incomplete = callbacks_of(&owned);
  incomplete.start = NULL;
  options = options_of(&incomplete);
  EXPECT(CHANGEOVER_ERR_NULL, changeover_new(&options, &engine));
  DESTROYED(6, &owned);
  incomplete = callbacks_of(&owned);
  incomplete.stop = NULL;
  EXPECT(CHANGEOVER_ERR_NULL, changeover_new(&options, &engine));
  DESTROYED(7, &owned);

  /* A newer caller that sets what this library does not know. */
  struct {
    changeover_callbacks known;
    uint64_t unknown;
  } newer_callbacks = {callbacks_of(&owned), 1};
  newer_callbacks.known.struct_size = sizeof newer_callbacks;
  options = options_of(&newer_callbacks.known);
  EXPECT(CHANGEOVER_ERR_STRUCT_SIZE, changeover_new(&options, &engine));
  DESTROYED(8, &owned);
  struct {
    changeover_options known;
    uint64_t unknown;
  } newer_options = {options_of(&callbacks), 1};
  newer_options.known.struct_size = sizeof newer_options;
  EXPECT(CHANGEOVER_ERR_STRUCT_SIZE, changeover_new(&newer_options.known, &engine));
  DESTROYED(9, &owned);

  /* What could not be read was not taken. */
  incomplete = callbacks_of(&owned);
  incomplete.struct_size = 8;
  options = options_of(&incomplete);
  EXPECT(CHANGEOVER_ERR_STRUCT_SIZE, changeover_new(&options, &engine));
  options = options_of(&callbacks);
  options.struct_size = 8;
  EXPECT(CHANGEOVER_ERR_STRUCT_SIZE, changeover_new(&options, &engine));
  DESTROYED(9, &owned);
  CHECK(engine == none);
}

typedef int32_t (*set_fn)(changeover_engine *, changeover_stream_fn, void *, changeover_destroy_fn);
static const set_fn set[] = {changeover_set_exhausted_callback, changeover_set_restored_callback};

static void of_stream_callbacks(void) {
  for (size_t i = 0; i < LENGTH(set); i++) {
    struct owned mine = owned_init(), first = owned_init(), second = owned_init(), none = owned_init();
    const changeover_callbacks callbacks = callbacks_of(&mine);
    changeover_engine *engine = new_engine(NULL, &callbacks);
    OK(set[i](engine, on_stream, &first, destroy));
    DESTROYED(0, &first);
    OK(set[i](engine, on_stream, &second, destroy));
    DESTROYED(1, &first);
    /* No callback: nothing to keep its data for. */
    OK(set[i](engine, NULL, &none, destroy));
    DESTROYED(1, &none);
    DESTROYED(1, &second);
    OK(set[i](engine, on_stream, &first, destroy));
    DESTROYED(1, &first);
    OK(changeover_free(engine));
    DESTROYED(2, &first);
    /* A call that fails. */
    EXPECT(CHANGEOVER_ERR_HANDLE, set[i](engine, on_stream, &second, destroy));
    DESTROYED(2, &second);
    EXPECT(CHANGEOVER_ERR_NULL, set[i](NULL, on_stream, &second, destroy));
    DESTROYED(3, &second);
    changeover_engine *polled = patient_engine();
    EXPECT(CHANGEOVER_ERR_WRONG_MODE, set[i](polled, on_stream, &second, destroy));
    DESTROYED(4, &second);
    OK(changeover_free(polled));
    DESTROYED(4, &second);
    DESTROYED(1, &mine);
  }
}

static void of_the_log(void) {
  struct owned first = owned_init(), second = owned_init(), none = owned_init();
  changeover_engine *engine = patient_engine();
  OK(changeover_set_log_callback(engine, CHANGEOVER_LOG_DEBUG, on_line, &first, destroy));
  register_stream(engine, "s", 1);
  OK(changeover_set_log_callback(engine, CHANGEOVER_LOG_DEBUG, on_line, &second, destroy));
  DESTROYED(1, &first);
  OK(changeover_set_log_callback(engine, CHANGEOVER_LOG_OFF, on_line, &none, destroy));
  DESTROYED(1, &none);
  DESTROYED(1, &second);
  OK(changeover_set_log_callback(engine, CHANGEOVER_LOG_DEBUG, NULL, &none, destroy));
  DESTROYED(2, &none);
  EXPECT(CHANGEOVER_ERR_VALUE, changeover_set_log_callback(engine, 5, on_line, &none, destroy));
  DESTROYED(3, &none);
  OK(changeover_set_log_callback(engine, CHANGEOVER_LOG_ERROR, on_line, &first, destroy));
  OK(changeover_free(engine));
  DESTROYED(2, &first);
  EXPECT(CHANGEOVER_ERR_HANDLE,
         changeover_set_log_callback(engine, CHANGEOVER_LOG_ERROR, on_line, &first, destroy));
  DESTROYED(3, &first);
}

/* A callback that is replaced while it runs. */

static void run_long(void *data, const char *stream, size_t len) {
  struct owned *owned = data;
  (void)stream, (void)len;
  counter_add(&owned->entered, 1);
  WAIT_FOR(&owned->release, 1);
  DESTROYED(0, owned);
  counter_add(&owned->entered, 1);
}

static void destroy_after_running(void *data) {
  struct owned *owned = data;
  EQUAL(2, counter_get(&owned->entered));
  destroy(data);
}

static void after_a_callback_that_runs(void) {
  struct owned mine = owned_init(), running = owned_init(), next = owned_init();
  const changeover_callbacks callbacks = callbacks_of(&mine);
  changeover_engine *engine = new_engine(NULL, &callbacks);
  register_stream(engine, "s", 1);
  OK(changeover_set_exhausted_callback(engine, run_long, &running, destroy_after_running));
  OK(changeover_report_input_error(engine, S("s"), 0, S("down")));
  WAIT_FOR(&running.entered, 1);
  OK(changeover_set_exhausted_callback(engine, on_stream, &next, destroy));
  DESTROYED(0, &running);
  counter_add(&running.release, 1);
  WAIT_FOR(&running.destroyed, 1);
  DESTROYED(0, &next);
  OK(changeover_free(engine));
  DESTROYED(1, &running);
  DESTROYED(1, &next);
}

struct self {
  _Atomic(changeover_engine *) engine;
  struct owned owned;
};

static void destroy_self(void *data) {
  struct self *self = data;
  EQUAL(1, counter_get(&self->owned.entered));
  destroy(&self->owned);
}

static void replace_myself(void *data, const char *stream, size_t len) {
  struct self *self = data;
  (void)stream, (void)len;
  OK(changeover_set_exhausted_callback(self->engine, NULL, NULL, NULL));
  DESTROYED(0, &self->owned);
  counter_add(&self->owned.entered, 1);
}

static void after_a_callback_that_replaces_itself(void) {
  struct owned mine = owned_init();
  const changeover_callbacks callbacks = callbacks_of(&mine);
  struct self self = {NULL, owned_init()};
  self.engine = new_engine(NULL, &callbacks);
  register_stream(self.engine, "s", 1);
  OK(changeover_set_exhausted_callback(self.engine, replace_myself, &self, destroy_self));
  OK(changeover_report_input_error(self.engine, S("s"), 0, S("down")));
  WAIT_FOR(&self.owned.destroyed, 1);
  OK(changeover_free(self.engine));
  DESTROYED(1, &self.owned);
}

static void replace_my_log(void *data, int32_t level, const char *message, size_t len) {
  struct self *self = data;
  (void)level, (void)message, (void)len;
  if (counter_get(&self->owned.entered) > 0) return;
  OK(changeover_set_log_callback(self->engine, CHANGEOVER_LOG_OFF, NULL, NULL, NULL));
  DESTROYED(0, &self->owned);
  counter_add(&self->owned.entered, 1);
}

static void after_a_log_that_replaces_itself(void) {
  struct self self = {NULL, owned_init()};
  self.engine = patient_engine();
  OK(changeover_set_log_callback(self.engine, CHANGEOVER_LOG_DEBUG, replace_my_log, &self, destroy_self));
  register_stream(self.engine, "s", 1);
  WAIT_FOR(&self.owned.destroyed, 1);
  OK(changeover_free(self.engine));
  DESTROYED(1, &self.owned);
}

/* Destructors that call the engine. */

static void destroy_calling_back(void *data) {
  struct self *self = data;
  uint64_t now;
  int32_t registered;
  /* The engine may be going. */
  const int32_t results[] = {changeover_now(self->engine, &now),
                             changeover_is_registered(self->engine, S("s"), &registered),
                             changeover_register(self->engine, S("late"), NULL, 0, NULL, 0, NULL, NULL)};
  for (size_t i = 0; i < LENGTH(results); i++)
    CHECK(results[i] == CHANGEOVER_OK || results[i] == CHANGEOVER_ERR_SHUT_DOWN ||
          results[i] == CHANGEOVER_ERR_HANDLE || results[i] == CHANGEOVER_ERR_STREAM_EXISTS);
  const int32_t freed = changeover_free(self->engine);
  CHECK(freed == CHANGEOVER_ERR_IN_CALLBACK || freed == CHANGEOVER_ERR_SHUT_DOWN ||
        freed == CHANGEOVER_ERR_HANDLE);
  destroy(&self->owned);
}

static void that_call_the_engine(void) {
  struct self self = {NULL, owned_init()};
  struct owned mine = owned_init();
  changeover_callbacks callbacks = callbacks_of(&mine);
  self.engine = new_engine(NULL, &callbacks);
  OK(changeover_set_exhausted_callback(self.engine, on_stream, &self, destroy_calling_back));
  OK(changeover_set_restored_callback(self.engine, on_stream, &self, destroy_calling_back));
  OK(changeover_set_log_callback(self.engine, CHANGEOVER_LOG_DEBUG, on_line, &self, destroy_calling_back));
  OK(changeover_free(self.engine));
  DESTROYED(3, &self.owned);
}

int main(void) {
  RUN(with_the_engine);
  RUN(without_a_destructor);
  RUN(when_new_fails);
  RUN(of_stream_callbacks);
  RUN(of_the_log);
  RUN(after_a_callback_that_runs);
  RUN(after_a_callback_that_replaces_itself);
  RUN(after_a_log_that_replaces_itself);
  RUN(that_call_the_engine);
  return finish();
}
