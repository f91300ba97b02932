/* The user_data of inputs: it comes back with starts, stops and probes, and is destroyed exactly once, not
 * before the host is done with it. */
#include "callback_host.h"

/* What an input's user_data points to. */
struct mine {
  struct counter destroyed;
};

enum { INPUTS = 2 };

static struct mine *mine_init(struct mine *mine, size_t count) {
  const struct mine fresh = {COUNTER};
  for (size_t i = 0; i < count; i++)
    mine[i] = fresh;
  return mine;
}

static void destroy(void *data) {
  struct mine *mine = data;
  counter_add(&mine->destroyed, 1);
}

#define DESTROYED(times, mine) EQUAL(times, counter_get(&(mine).destroyed))

static changeover_input_spec spec_with(int32_t priority, struct mine *mine) {
  changeover_input_spec spec = input_spec(priority, "test://");
  spec.user_data = mine;
  spec.destroy = destroy;
  return spec;
}

/* "s", with user_data for each input. */
static void register_with(changeover_engine *engine, struct mine mine[INPUTS]) {
  const changeover_input_spec specs[INPUTS] = {spec_with(0, &mine[0]), spec_with(1, &mine[1])};
  OK(changeover_register(engine, S("s"), NULL, 0, specs, INPUTS, NULL, NULL));
}

static void update_with(changeover_engine *engine, int32_t priority, struct mine *mine) {
  const changeover_input_spec spec = spec_with(priority, mine);
  OK(changeover_update_inputs(engine, S("s"), NULL, 0, NULL, 0, &spec, 1));
}

static void until_its_stop_is_cleared(void) {
  struct mine mine[INPUTS];
  changeover_engine *engine = patient_engine();
  register_with(engine, mine_init(mine, INPUTS));
  changeover_event event = no_event();
  CHECK(take(engine, CHANGEOVER_EVENT_START, &event));
  CHECK(event.user_data == &mine[0]);
  OK(changeover_event_clear(&event));
  CHECK(event.user_data == NULL);
  const int32_t both[] = {0, 1};
  OK(changeover_update_inputs(engine, S("s"), NULL, 0, both, 2, NULL, 0));
  /* One never ran, the other's stop is still to be taken. */
  DESTROYED(1, mine[1]);
  DESTROYED(0, mine[0]);
  CHECK(take(engine, CHANGEOVER_EVENT_STOP, &event));
  CHECK(event.user_data == &mine[0]);
  DESTROYED(0, mine[0]);
  OK(changeover_event_clear(&event));
  DESTROYED(1, mine[0]);
  OK(changeover_free(engine));
  DESTROYED(1, mine[0]);
  DESTROYED(1, mine[1]);
}

static void of_an_updated_input(void) {
  struct mine mine[INPUTS], newer[1];
  changeover_engine *engine = patient_engine();
  register_with(engine, mine_init(mine, INPUTS));
  const uint64_t first = take_start(engine, 0);
  update_with(engine, 0, mine_init(newer, 1));
  changeover_event event = no_event();
  /* The old session ends with what it began with. */
  CHECK(take(engine, CHANGEOVER_EVENT_STOP, &event));
  EQUAL(first, event.session);
  CHECK(event.user_data == &mine[0]);
  CHECK(take(engine, CHANGEOVER_EVENT_START, &event));
  CHECK(event.user_data == newer);
  DESTROYED(1, mine[0]);
  DESTROYED(0, newer[0]);
  /* Another session of the same input brings it again. */
  OK(changeover_event_clear(&event));
  OK(changeover_update_buffer_write_id(engine, S("s"), S("other")));
  CHECK(take(engine, CHANGEOVER_EVENT_STOP, &event));
  CHECK(event.user_data == newer);
  CHECK(take(engine, CHANGEOVER_EVENT_START, &event));
  CHECK(event.user_data == newer);
  DESTROYED(0, newer[0]);
  OK(changeover_event_clear(&event));
  OK(changeover_free(engine));
  DESTROYED(1, newer[0]);
  DESTROYED(1, mine[1]);
}

static void of_a_probe(void) {
  struct mine mine[INPUTS];
  const changeover_config config = quick_config();
  changeover_engine *engine = new_engine(&config, NULL);
  register_with(engine, mine_init(mine, INPUTS));
  OK(changeover_report_input_error(engine, S("s"), 1, S("down")));
  changeover_event event = no_event();
  CHECK(take(engine, CHANGEOVER_EVENT_PROBE, &event));
  CHECK(event.user_data == &mine[1]);
  OK(changeover_unregister(engine, S("s")));
  DESTROYED(0, mine[1]);
  OK(changeover_event_clear(&event));
  DESTROYED(1, mine[1]);
  OK(changeover_free(engine));
  DESTROYED(1, mine[0]);
}

/* Neither does an open input keep it, nor an event that nobody takes. */
static void when_the_stream_or_the_engine_ends(void) {
  struct mine mine[INPUTS], more[INPUTS];
  changeover_engine *engine = patient_engine();
  register_with(engine, mine_init(mine, INPUTS));
  changeover_input open = open_input(engine, "s", 0, 0);
  const uint64_t session = take_start(engine, 0);
  CHECK(session != 0);
  OK(changeover_unregister(engine, S("s")));
  DESTROYED(1, mine[1]);
  register_with(engine, mine_init(more, INPUTS));
  OK(changeover_free(engine));
  for (int i = 0; i < INPUTS; i++) {
    DESTROYED(1, mine[i]);
    DESTROYED(1, more[i]);
  }
  OK(changeover_close_input(&open));
}

static void while_a_status_is_left(void) {
  struct mine mine[INPUTS];
  changeover_engine *engine = patient_engine();
  register_with(engine, mine_init(mine, INPUTS));
  changeover_status *status;
  OK(changeover_runtime_status(engine, S("s"), &status));
  OK(changeover_free(engine));
  DESTROYED(0, mine[1]);
  changeover_status_free(status);
  DESTROYED(1, mine[0]);
  DESTROYED(1, mine[1]);
}

static void of_calls_that_fail(void) {
  struct mine mine[3];
  mine_init(mine, 3);
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 2);
  int64_t times = 0;
  const changeover_input_spec good[3] = {spec_with(5, &mine[0]), spec_with(6, &mine[1]),
                                         spec_with(7, &mine[2])};
  const struct {
    const char *what;
    changeover_engine *engine;
    const char *stream;
    int32_t registered, updated;
  } calls[] = {
      {"no engine", NULL, "s", CHANGEOVER_ERR_NULL, CHANGEOVER_ERR_NULL},
      {"a handle that is none", (changeover_engine *)&times, "s", CHANGEOVER_ERR_HANDLE,
       CHANGEOVER_ERR_HANDLE},
      {"no stream id", engine, "", CHANGEOVER_ERR_STREAM_ID, CHANGEOVER_ERR_STREAM_ID},
      {"inputs there are not", engine, "s", CHANGEOVER_ERR_STREAM_EXISTS, CHANGEOVER_ERR_UNKNOWN_INPUT},
  };
  for (size_t i = 0; i < LENGTH(calls); i++) {
    EXPECT(calls[i].registered,
           changeover_register(calls[i].engine, S(calls[i].stream), NULL, 0, good, 3, NULL, NULL));
    EXPECT(calls[i].updated,
           changeover_update_inputs(calls[i].engine, S(calls[i].stream), good, 2, NULL, 0, &good[2], 1));
    times += 2;
    for (int k = 0; k < 3; k++)
      DESTROYED(times, mine[k]);
  }
  /* Something is wrong with one of them, wherever it is. */
  for (int bad = 0; bad < 3; bad++) {
    changeover_input_spec specs[3] = {good[0], good[1], good[2]};
    specs[bad].priority = -1;
    EXPECT(CHANGEOVER_ERR_PRIORITY, changeover_register(engine, S("t"), NULL, 0, specs, 3, NULL, NULL));
    specs[bad] = good[bad];
    specs[bad].url = "\xff";
    specs[bad].url_len = 1;
    EXPECT(CHANGEOVER_ERR_UTF8, changeover_register(engine, S("t"), NULL, 0, specs, 3, NULL, NULL));
    times += 2;
    for (int k = 0; k < 3; k++)
      DESTROYED(times, mine[k]);
  }
  /* One that is none is not looked at; what is before and behind it is. */
  changeover_input_spec torn[3] = {good[0], good[1], good[2]};
  torn[1].struct_size = 8;
  EXPECT(CHANGEOVER_ERR_STRUCT_SIZE, changeover_register(engine, S("t"), NULL, 0, torn, 3, NULL, NULL));
  DESTROYED(times + 1, mine[0]);
  DESTROYED(times, mine[1]);
  DESTROYED(times + 1, mine[2]);
  /* A check takes nothing over. */
  const char *field, *why;
  OK(changeover_inputs_check(good, 1, NULL, &field, &why));
  DESTROYED(times + 1, mine[0]);
  OK(changeover_free(engine));
  DESTROYED(times + 1, mine[0]);
}

/* A struct of 0.1 has neither field, and behind it is the next thing. */
static void of_an_older_program(void) {
  struct mine mine[1];
  mine_init(mine, 1);
  changeover_engine *engine = patient_engine();
  changeover_input_spec spec = spec_with(0, mine);
  spec.struct_size = INPUT_SPEC_IN_0_1;
  OK(changeover_register(engine, S("s"), NULL, 0, &spec, 1, NULL, NULL));
  changeover_event event = no_event();
  CHECK(take(engine, CHANGEOVER_EVENT_START, &event));
  CHECK(event.user_data == NULL);
  OK(changeover_event_clear(&event));
  OK(changeover_free(engine));
  DESTROYED(0, mine[0]);
}

static void of_null(void) {
  changeover_engine *engine = patient_engine();
  changeover_input_spec spec = input_spec(0, "test://");
  struct mine mine[1];
  mine_init(mine, 1);
  spec.user_data = mine;
  OK(changeover_register(engine, S("s"), NULL, 0, &spec, 1, NULL, NULL));
  changeover_event event = no_event();
  CHECK(take(engine, CHANGEOVER_EVENT_START, &event));
  CHECK(event.user_data == mine);
  OK(changeover_event_clear(&event));
  OK(changeover_free(engine));
  DESTROYED(0, mine[0]);
}

/* Callbacks. */

struct seen {
  struct mine mine[INPUTS], newer[1];
  changeover_engine *engine;
  struct counter starts, stops, probes;
};

static int32_t on_start(void *data, const changeover_event *event) {
  struct seen *seen = data;
  if (event->user_data == &seen->mine[event->priority] || event->user_data == seen->newer)
    counter_add(&seen->starts, 1);
  return 0;
}

static void on_stop(void *data, const changeover_event *event) {
  struct seen *seen = data;
  struct mine *mine = event->user_data;
  DESTROYED(0, *mine);
  if (mine == &seen->mine[event->priority] || mine == seen->newer) counter_add(&seen->stops, 1);
}

static int32_t on_probe(void *data, const changeover_event *event) {
  struct seen *seen = data;
  if (event->user_data == &seen->mine[event->priority]) counter_add(&seen->probes, 1);
  return CHANGEOVER_PROBE_FAILED;
}

static void in_callbacks(void) {
  const struct counter zero = COUNTER;
  struct seen seen = {.engine = NULL, .starts = zero, .stops = zero, .probes = zero};
  mine_init(seen.mine, INPUTS);
  mine_init(seen.newer, 1);
  changeover_callbacks callbacks;
  OK(changeover_callbacks_init(&callbacks, sizeof callbacks));
  callbacks.user_data = &seen;
  callbacks.start = on_start;
  callbacks.stop = on_stop;
  callbacks.probe = on_probe;
  const changeover_config config = quick_config();
  seen.engine = new_engine(&config, &callbacks);
  register_with(seen.engine, seen.mine);
  OK(changeover_report_input_error(seen.engine, S("s"), 1, S("down")));
  WAIT_FOR(&seen.probes, 1);
  WAIT_FOR(&seen.starts, 1);
  update_with(seen.engine, 0, seen.newer);
  WAIT_FOR(&seen.starts, 2);
  WAIT_FOR(&seen.mine[0].destroyed, 1);
  OK(changeover_unregister(seen.engine, S("s")));
  EQUAL(2, counter_get(&seen.stops));
  WAIT_FOR(&seen.newer[0].destroyed, 1);
  OK(changeover_free(seen.engine));
  DESTROYED(1, seen.mine[0]);
  DESTROYED(1, seen.mine[1]);
  DESTROYED(1, seen.newer[0]);
}

/* Updates whose events nobody takes. */
static void when_nobody_takes_events(void) {
  struct mine mine[INPUTS], newer[100];
  changeover_engine *engine = patient_engine();
  register_with(engine, mine_init(mine, INPUTS));
  mine_init(newer, LENGTH(newer));
  for (size_t i = 0; i < LENGTH(newer); i++) {
    update_with(engine, 0, &newer[i]);
    update_with(engine, 1, &newer[++i]);
    if (i >= 3) {
      DESTROYED(1, newer[i - 3]);
      DESTROYED(1, newer[i - 2]);
    }
  }
  OK(changeover_free(engine));
  for (size_t i = 0; i < LENGTH(newer); i++)
    DESTROYED(1, newer[i]);
}

/* A destructor that calls the engine it comes from. */

static changeover_engine *calling;
static struct counter called = COUNTER;

static void destroy_calling(void *data) {
  (void)data;
  uint64_t now;
  int32_t registered;
  OK(changeover_now(calling, &now));
  OK(changeover_is_registered(calling, S("s"), &registered));
  register_stream(calling, "late", 1);
  OK(changeover_unregister(calling, S("late")));
  counter_add(&called, 1);
}

static void whose_destructor_calls_the_engine(void) {
  calling = patient_engine();
  changeover_input_spec spec = input_spec(1, "test://");
  spec.destroy = destroy_calling;
  register_stream(calling, "s", 1);
  OK(changeover_update_inputs(calling, S("s"), &spec, 1, NULL, 0, NULL, 0));
  const int32_t removed = 1;
  OK(changeover_update_inputs(calling, S("s"), NULL, 0, &removed, 1, NULL, 0));
  EQUAL(1, counter_get(&called));
  OK(changeover_free(calling));
}

int main(void) {
  RUN(until_its_stop_is_cleared);
  RUN(of_an_updated_input);
  RUN(of_a_probe);
  RUN(when_the_stream_or_the_engine_ends);
  RUN(while_a_status_is_left);
  RUN(of_calls_that_fail);
  RUN(of_an_older_program);
  RUN(of_null);
  RUN(in_callbacks);
  RUN(when_nobody_takes_events);
  RUN(whose_destructor_calls_the_engine);
  return finish();
}
