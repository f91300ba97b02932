/* Calls at random, with arguments at random, on several threads and in callbacks. Nothing that a library
 * may be blamed for comes of it: no crash, no bug, no answer that is none; each start has one stop, and each
 * user_data one end.
 *
 *   hostile [SEED [SECONDS]]     a seed decides what the threads do, but not when: run it again and again */
#include "chance.h"
#include "harness.h"
#include "onlookers.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 3, OPEN = 4, OWNED = 1 << 20, SESSIONS = 1 << 21 };

/* Each user_data is one of these, and is given once. */
static struct owned { atomic_uchar given, destroyed; } owned[OWNED];
static atomic_int owned_len;
/* By session: what was seen of it. */
static atomic_uchar starts[SESSIONS], stops[SESSIONS];
static atomic_ulong taken;

static _Atomic(changeover_engine *) engine;
static bool called_back;
static uint64_t seed, length;
static atomic_bool ends;
/* Of the traces. */
static char directory[] = "/tmp/changeover-hostile-XXXXXX";

/* The ends of what is given. */

static void call_at_random(void);

static void destroy(void *data) {
  struct owned *mine = data;
  CHECK(atomic_load(&mine->given) == 1);
  EQUAL(0, atomic_fetch_add(&mine->destroyed, 1));
  static _Thread_local int inside;
  if (inside++ == 0 && one_in(4)) call_at_random();
  inside--;
}

static struct owned *give(void) {
  const int index = atomic_fetch_add(&owned_len, 1);
  if (index >= OWNED) return NULL;
  atomic_store(&owned[index].given, 1);
  return &owned[index];
}

/* Specs as some version has them: their size is that of the first. */
struct specs {
  changeover_config configs[4];
  char memory[4 * 2 * sizeof(changeover_input_spec)];
  const changeover_input_spec *first;
  size_t len;
};

static void any_specs(struct specs *specs, int32_t priority) {
  static const size_t sizes[] = {INPUT_SPEC_IN_0_1, sizeof(changeover_input_spec),
                                 sizeof(changeover_input_spec) + 8};
  const size_t size = one_in(4) ? sizes[below(LENGTH(sizes))] : sizeof(changeover_input_spec);
  specs->len = below(5);
  specs->first = specs->len == 0 && one_in(2) ? NULL : (const void *)specs->memory;
  for (size_t i = 0; i < specs->len; i++) {
    changeover_input_spec *spec = (void *)(specs->memory + i * size);
    OK(changeover_input_spec_init(spec, size));
    spec->priority = one_in(40) ? any_number() : priority + (int32_t)i;
    spec->url = any_text();
    spec->url_len = one_in(60) ? SIZE_MAX : strlen(spec->url);
    specs->configs[i] = any_config(true);
    spec->config = one_in(3) ? NULL : &specs->configs[i];
    if (size > sizeof *spec && one_in(4)) ((char *)spec)[size - 1] = 1;
    if (size < sizeof *spec || one_in(5)) continue;
    if (i > 0 && one_in(60)) {
      spec->struct_size = below(100);
      continue;
    }
    spec->user_data = give();
    if (spec->user_data) spec->destroy = destroy;
  }
}

/* Statuses, into memory that is as long as they say. */

typedef int32_t init_fn(void *, size_t);

static void *any_struct(init_fn *init, size_t size) {
  if (one_in(4)) size = below((uint32_t)size + 40);
  void *at = calloc(1, size + 1);
  if (CALL(init(at, size)) != CHANGEOVER_OK) *(char *)at = 1;
  if (one_in(20) && size > 0) ((char *)at)[below((uint32_t)size)] = 1;
  /* Nothing is read but what is there. */
  size_t says = 0;
  if (size < sizeof says || (memcpy(&says, at, sizeof says), says > size)) {
    free(at);
    return NULL;
  }
  return at;
}

static int32_t init_stream(void *at, size_t size) { return changeover_stream_status_init(at, size); }
static int32_t init_input(void *at, size_t size) { return changeover_input_status_init(at, size); }
static int32_t init_error(void *at, size_t size) { return changeover_error_entry_init(at, size); }
static int32_t init_condition(void *at, size_t size) { return changeover_condition_entry_init(at, size); }
static int32_t init_switch(void *at, size_t size) { return changeover_switch_entry_init(at, size); }

static void look_at_a_view(changeover_status *status) {
  changeover_status_view view;
  OK(changeover_status_view_init(&view, sizeof view));
  OK(changeover_status_view_all(status, (int32_t)below(2), &view));
  EQUAL(view.inputs_len, view.stream->inputs_len);
  size_t errors = 0, attempts = 0, conditions = 0;
  for (size_t i = 0; i < view.inputs_len; i++) {
    const changeover_input_status *input = &view.inputs[i];
    CHECK(input->url[input->url_len] == 0);
    CHECK(input->silence_limit > 0);
    errors += input->errors_len, attempts += input->attempts_len, conditions += input->conditions_len;
  }
  EQUAL(view.errors_len, errors);
  EQUAL(view.attempts_len, attempts);
  EQUAL(view.conditions_len, conditions);
}

static void look_at_a_status(void) {
  changeover_status *status = NULL;
  const char *const stream = any_stream();
  if (CALL(changeover_runtime_status(engine, S(stream), &status)) != CHANGEOVER_OK) return;
  const size_t input = below(4), index = below(3);
  void *const structs[] = {any_struct(init_stream, sizeof(changeover_stream_status)),
                           any_struct(init_input, sizeof(changeover_input_status)),
                           any_struct(init_error, sizeof(changeover_error_entry)),
                           any_struct(init_condition, sizeof(changeover_condition_entry)),
                           any_struct(init_switch, sizeof(changeover_switch_entry))};
  CALL(changeover_status_stream(status, structs[0]));
  CALL(changeover_status_input(status, input, structs[1]));
  CALL(changeover_status_error(status, input, index, structs[2]));
  CALL(changeover_status_attempt(status, input, one_in(9) ? SIZE_MAX : index, structs[2]));
  CALL(changeover_status_condition(status, one_in(9) ? SIZE_MAX : input, index, structs[3]));
  CALL(changeover_status_switch(status, index, structs[4]));
  for (size_t i = 0; i < LENGTH(structs); i++)
    free(structs[i]);
  look_at_a_view(status);
  const char *json;
  OK(changeover_status_json(status, &json, NULL));
  changeover_status_free(status);
  if (one_in(9)) changeover_status_free(status);
}

/* Packets. */

static void record_at_random(changeover_input *open) {
  static const uint32_t flags[] = {0, CHANGEOVER_VIDEO, CHANGEOVER_AUDIO, CHANGEOVER_VIDEO | CHANGEOVER_KEY,
                                   UINT32_MAX};
  changeover_packet packets[4];
  for (size_t i = 0; i < LENGTH(packets); i++)
    packets[i] = (changeover_packet){one_in(9) ? UINT32_MAX : below(1500), flags[below(LENGTH(flags))]};
  size_t from = SIZE_MAX;
  const size_t len = one_in(20) ? SIZE_MAX : below(5);
  const uint64_t verdict = changeover_record_batch_from(open, packets, len, one_in(3) ? NULL : &from);
  if (from != SIZE_MAX) CHECK(verdict != 0 && (from < len || len == 0));
  changeover_record(open, below(1500), flags[below(LENGTH(flags))]);
  changeover_record_batch(open, len == SIZE_MAX ? NULL : packets, len);
  if (one_in(5)) CALL(changeover_record_lost(open, one_in(5) ? UINT64_MAX : below(5)));
}

static void follow_losses(void) {
  static _Thread_local changeover_rtp_loss rtp;
  static _Thread_local changeover_ts_loss ts;
  uint8_t bytes[7 * 188 + 1];
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = one_in(2) ? (uint8_t)below(256) : i % 188 ? 0x10 : 0x47;
  if (one_in(2)) bytes[0] = 0x80;
  uint64_t lost;
  if (one_in(50)) OK(changeover_rtp_loss_init(&rtp, sizeof rtp)), OK(changeover_ts_loss_init(&ts, sizeof ts));
  for (size_t i = 0; i < sizeof ts.state && one_in(50); i += 1 + below(99))
    ts.state[i] = (uint8_t)below(256);
  for (size_t i = 0; i < LENGTH(rtp.state) && one_in(50); i++)
    rtp.state[i] = (uint64_t)below(UINT32_MAX) << below(33);
  CALL(changeover_rtp_lost(&rtp, bytes, below(40), &lost));
  CALL(changeover_ts_lost(&ts, bytes, one_in(3) ? below(sizeof bytes) : below(8) * 188, &lost));
}

/* Events. */

/* The newest of what came with them, whichever thread saw it: to be given back. */
static _Atomic uint64_t last_session, last_probe;

static void see(const changeover_event *event) {
  atomic_fetch_add(&taken, 1);
  CHECK(event->kind != CHANGEOVER_EVENT_BUG);
  char line[80];
  size_t len;
  OK(changeover_event_text(event, line, below(sizeof line + 1), &len));
  const struct owned *mine = event->user_data;
  if (mine) EQUAL(0, atomic_load(&mine->destroyed));
  if (event->session) atomic_store(&last_session, event->session);
  if (event->probe) atomic_store(&last_probe, event->probe);
  if (event->session >= SESSIONS) return;
  if (event->kind == CHANGEOVER_EVENT_START) {
    CHECK(event->start_reason != CHANGEOVER_START_NONE);
    EQUAL(0, atomic_fetch_add(&starts[event->session], 1));
  }
  if (event->kind == CHANGEOVER_EVENT_STOP) {
    /* Of threads that poll, another one may have the start and not be here yet. */
    if (called_back) EQUAL(1, atomic_load(&starts[event->session]));
    EQUAL(0, atomic_fetch_add(&stops[event->session], 1));
  }
}

static int32_t on_command(void *data, const changeover_event *event) {
  (void)data;
  see(event);
  if (one_in(3)) call_at_random();
  return one_in(4) ? any_number() : 0;
}

static void on_event(void *data, const changeover_event *event) { (void)on_command(data, event); }

static void on_stream(void *data, const char *stream, size_t len) {
  CHECK(atomic_load(&((struct owned *)data)->destroyed) == 0 && stream[len] == 0);
  if (one_in(3)) call_at_random();
}

static void on_line(void *data, int32_t level, const char *message, size_t len) {
  (void)level;
  CHECK(atomic_load(&((struct owned *)data)->destroyed) == 0 && message[len] == 0);
  if (one_in(50)) call_at_random();
}

static void take_an_event(changeover_event *event) {
  if (changeover_next_event(engine, below(2) * MILLISECOND, event) != CHANGEOVER_OK) return;
  see(event);
  changeover_event copy = *event;
  if (one_in(3)) {
    OK(changeover_event_clear(event));
    EXPECT(CHANGEOVER_ERR_HANDLE, changeover_event_clear(&copy));
  }
}

/* Everything else. */

static void change_streams(void) {
  struct specs added, updated;
  const changeover_config config = any_config(false);
  const int32_t removed[] = {any_number(), any_number()};
  const char *const stream = any_stream(), *const text = any_text();
  switch (below(8)) {
    case 0:
    case 1:
      any_specs(&added, 0);
      CALL(changeover_register(engine, S(stream), S(text), added.first, added.len, one_in(2) ? NULL : &config,
                               NULL));
      break;
    case 2:
    case 3:
      any_specs(&added, (int32_t)below(6));
      any_specs(&updated, (int32_t)below(4));
      CALL(changeover_update_inputs(engine, S(stream), added.first, added.len, removed, below(3),
                                    updated.first, updated.len));
      break;
    case 4: CALL(changeover_set_config(engine, S(stream), &config)); break;
    case 5: CALL(changeover_update_buffer_write_id(engine, S(stream), S(text))); break;
    case 6:
      if (one_in(8)) CALL(changeover_unregister(engine, S(stream)));
      break;
    case 7:
      if (one_in(30)) CALL(changeover_unregister_all(engine));
      if (one_in(30)) CALL(changeover_set_config(engine, NULL, 0, &config));
  }
}

static void give_orders(void) {
  const char *const stream = any_stream(), *const text = any_text();
  const int32_t priority = any_number();
  const uint64_t session = one_in(2) ? atomic_load(&last_session) : below(3),
                 probe = atomic_load(&last_probe);
  switch (below(11)) {
    case 0: CALL(changeover_switch_input(engine, S(stream), priority)); break;
    case 1: CALL(changeover_switch_input_for(engine, S(stream), priority, any_duration())); break;
    case 2: CALL(changeover_force_input(engine, S(stream), priority)); break;
    case 3: CALL(changeover_fail_back(engine, S(stream))); break;
    case 4: CALL(changeover_clear_override(engine, S(stream))); break;
    case 5: CALL(changeover_set_input_enabled(engine, S(stream), priority, any_number() & 3)); break;
    case 6:
      CALL(changeover_set_condition(engine, S(stream), priority, session, (int32_t)below(6), any_number() & 1,
                                    S(text)));
      break;
    case 7: CALL(changeover_report_soft_error(engine, S(stream), priority, S(text))); break;
    case 8: CALL(changeover_report_input_error(engine, S(stream), priority, S(text))); break;
    case 9: CALL(changeover_start_result(engine, S(stream), session, -(any_number() & 3), S(text))); break;
    case 10: CALL(changeover_probe_result(engine, S(stream), probe, any_number(), S(text)));
  }
}

static void set_callbacks(void) {
  struct owned *mine = give();
  const changeover_stream_fn callback = one_in(3) ? NULL : on_stream;
  if (!mine) return;
  if (one_in(3))
    CALL(changeover_set_log_callback(engine, any_number(), on_line, mine, destroy));
  else
    CALL((one_in(2) ? changeover_set_exhausted_callback : changeover_set_restored_callback)(engine, callback,
                                                                                            mine, destroy));
}

static void ask(void) {
  uint64_t number;
  int32_t flag;
  const char *field, *why;
  changeover_stream_list *list = NULL;
  const char *const stream = any_stream();
  switch (below(8)) {
    case 0: CALL(changeover_now(engine, &number)); break;
    case 1: CALL(changeover_alive(engine, &number)); break;
    case 2: CALL(changeover_is_registered(engine, S(stream), &flag)); break;
    case 3: CALL(changeover_sync(engine, below(3) * MILLISECOND)); break;
    case 4:
      CALL(changeover_registered_streams(engine, &list));
      changeover_stream_list_free(list);
      break;
    case 5: {
      const changeover_config config = any_config(one_in(2));
      CALL(changeover_config_check(&config, any_number(), &field, &why));
      break;
    }
    case 6: CALL(changeover_set_call_timeout(engine, one_in(9) ? below(2) * MILLISECOND : UINT64_MAX)); break;
    case 7: CALL(changeover_record_packet(engine, S(stream), any_number(), 10, below(8), &number));
  }
}

static void call_at_random(void) {
  if (atomic_load(&ends)) return;
  const uint32_t what = below(14);
  if (what < 3)
    change_streams();
  else if (what < 6)
    give_orders();
  else if (what == 6)
    look_at_a_status();
  else if (what == 7)
    follow_losses();
  else if (what == 9)
    look_on(engine, directory);
  else if (what == 8 && one_in(6))
    set_callbacks();
  else
    ask();
}

static void *be_hostile(void *data) {
  const uint64_t until = clock_now() + length;
  seed_chance(*(const uint64_t *)data);
  changeover_input open[OPEN] = {0};
  changeover_event event = no_event();
  struct follower follower = {.event = no_event()};
  for (int i = 0; i % 16 || clock_now() < until; i++) {
    changeover_input *input = &open[below(OPEN)];
    const char *const stream = any_stream(), *const text = any_text();
    switch (below(9)) {
      case 0:
        OK(changeover_close_input(input));
        CALL(changeover_open_input(engine, S(stream), any_number(),
                                   one_in(2) ? 0 : atomic_load(&last_session), input));
        break;
      case 1:
      case 2: record_at_random(input); break;
      case 3:
        if (!one_in(9)) break;
        CALL((one_in(2) ? changeover_input_report_error : changeover_input_start_failed)(input, S(text)));
        break;
      case 4:
        if (!called_back) take_an_event(&event);
        break;
      case 5: follow(&follower, engine); break;
      default: call_at_random();
    }
  }
  OK(changeover_event_clear(&event));
  stop_following(&follower);
  for (int i = 0; i < OPEN; i++)
    OK(changeover_close_input(&open[i]));
  return NULL;
}

/* An engine's life, for so long. */
static void live(bool with_callbacks) {
  called_back = with_callbacks;
  atomic_store(&ends, false);
  changeover_callbacks callbacks;
  OK(changeover_callbacks_init(&callbacks, sizeof callbacks));
  callbacks.user_data = give();
  callbacks.destroy = destroy;
  callbacks.start = callbacks.probe = on_command;
  callbacks.stop = callbacks.notify = on_event;
  changeover_config config;
  OK(changeover_config_init(&config, sizeof config));
  config.packet_timeout = config.connect_timeout = config.probe_cooldown = 20 * MILLISECOND;
  config.failback_stable = config.switch_cooldown = 10 * MILLISECOND;
  if (!with_callbacks) destroy(callbacks.user_data);
  engine = new_engine(&config, with_callbacks ? &callbacks : NULL);
  pthread_t threads[THREADS];
  uint64_t seeds[THREADS];
  for (size_t i = 0; i < THREADS; i++) {
    seeds[i] = seed + i;
    pthread_create(&threads[i], NULL, be_hostile, &seeds[i]);
  }
  for (size_t i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  atomic_store(&ends, true);
  if (one_in(2)) end_onlookers();
  /* After a timeout, what ends would come when nobody takes it any more. */
  if (!with_callbacks) OK(changeover_set_call_timeout(engine, UINT64_MAX));
  CALL(changeover_unregister_all(engine));
  changeover_event event = no_event();
  while (!with_callbacks && changeover_next_event(engine, 0, &event) == CHANGEOVER_OK)
    see(&event);
  OK(changeover_event_clear(&event));
  /* A callback may just now have set a timeout. */
  while (CALL(changeover_free(engine)) == CHANGEOVER_ERR_TIMEOUT)
    OK(changeover_set_call_timeout(engine, UINT64_MAX));
  end_onlookers();
  const int given = atomic_load(&owned_len) < OWNED ? atomic_load(&owned_len) : OWNED;
  for (int i = 0; i < given; i++)
    EQUAL(1, atomic_load(&owned[i].destroyed));
  for (int i = 0; i < SESSIONS; i++) {
    if (atomic_load(&starts[i]) != atomic_load(&stops[i])) check(false, __FILE__, __LINE__, "session %d", i);
    atomic_store(&starts[i], 0), atomic_store(&stops[i], 0);
  }
}

static void polled(void) { live(false); }
static void with_callbacks(void) { live(true); }

int main(int argc, char **argv) {
  seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
  length = (argc > 2 ? strtoull(argv[2], NULL, 0) : 2) * SECOND;
  fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
  seed_chance(seed);
  CHECK(mkdtemp(directory) != NULL);
  RUN(polled);
  RUN(with_callbacks);
  static const char *const files[] = {"trace", "trace.1", "other", "other.1", "\xff", "\xff.1", ""};
  for (size_t i = 0; i < LENGTH(files); i++) {
    char path[64];
    snprintf(path, sizeof path, "%s/%s", directory, files[i]);
    remove(path);
  }
  note("%lu calls done, %lu refused, %lu events", atomic_load(&calls_done), atomic_load(&calls_refused),
       atomic_load(&taken));
  return finish();
}
