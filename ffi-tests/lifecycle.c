/* Engines and registrations: made, listed, ended, also from several threads. */
#include "harness.h"
#include <stdlib.h>

static void an_engine_is_made_and_freed(void) {
  changeover_engine *engine = NULL;
  OK(changeover_new(NULL, &engine));
  CHECK(engine != NULL);
  uint64_t earlier = 0, later = 0;
  OK(changeover_now(engine, &earlier));
  OK(changeover_now(engine, &later));
  CHECK(earlier > 0 && later >= earlier);
  OK(changeover_free(engine));
  EXPECT(CHANGEOVER_ERR_HANDLE, changeover_free(engine));
  EXPECT(CHANGEOVER_ERR_HANDLE, changeover_now(engine, &later));
  OK(changeover_free(NULL));
}

static void freeing_ends_the_threads(void) {
  const int before = thread_count();
  for (int i = 0; i < 20; i++) {
    changeover_engine *engine = patient_engine();
    register_stream(engine, "s", 2);
    CHECK(thread_count() > before);
    OK(changeover_free(engine));
  }
  EQUAL(before, thread_count());
}

static void engines_do_not_know_each_other(void) {
  changeover_engine *engines[8];
  for (size_t i = 0; i < LENGTH(engines); i++) {
    engines[i] = patient_engine();
    for (size_t j = 0; j < i; j++)
      CHECK(engines[i] != engines[j]);
    if (i % 2 == 0) register_stream(engines[i], "s", 1);
  }
  for (size_t i = 0; i < LENGTH(engines); i++) {
    int32_t registered = -1;
    OK(changeover_is_registered(engines[i], S("s"), &registered));
    EQUAL(i % 2 == 0, registered);
    uint64_t verdict = 7;
    EXPECT(i % 2 == 0 ? CHANGEOVER_OK : CHANGEOVER_ERR_UNKNOWN_STREAM,
           changeover_record_packet(engines[i], S("s"), 0, 1, 0, &verdict));
    EQUAL(i % 2 == 0 ? 1 : 7, verdict);
  }
  for (size_t i = 0; i < LENGTH(engines); i++)
    OK(changeover_free(engines[i]));
}

static void registrations_are_numbered(void) {
  changeover_engine *engine = patient_engine();
  uint64_t first = 0, second = 0, untouched = 99;
  OK(changeover_register(engine, S("s"), NULL, 0, NULL, 0, NULL, &first));
  EXPECT(CHANGEOVER_ERR_STREAM_EXISTS,
         changeover_register(engine, S("s"), NULL, 0, NULL, 0, NULL, &untouched));
  EQUAL(99, untouched);
  OK(changeover_unregister(engine, S("s")));
  EXPECT(CHANGEOVER_ERR_UNKNOWN_STREAM, changeover_unregister(engine, S("s")));
  OK(changeover_register(engine, S("s"), NULL, 0, NULL, 0, NULL, &second));
  CHECK(first > 0 && second > first);
  OK(changeover_free(engine));
}

static void switch_numbers_begin_where_the_host_says(void) {
  const struct {
    uint64_t asked, first;
  } each[] = {{0, 1}, {1, 1}, {UINT64_C(7) << 20, UINT64_C(7) << 20}, {UINT64_C(1) << 57, UINT64_C(1) << 57}};
  EQUAL(UINT64_C(1) << 57, CHANGEOVER_FIRST_SWITCH_MAX);
  for (size_t i = 0; i < LENGTH(each); i++) {
    changeover_engine *engine = patient_engine();
    changeover_input_spec specs[] = {input_spec(0, "test://0"), input_spec(1, "test://1")};
    uint64_t registration = 0;
    OK(changeover_register_from(engine, S("s"), NULL, 0, specs, 2, NULL, each[i].asked, &registration));
    CHECK(registration > 0);
    EQUAL(each[i].first, stream_status(engine, "s").switch_number);
    changeover_event event = no_event();
    take(engine, CHANGEOVER_EVENT_SWITCHED, &event);
    EQUAL(each[i].first, event.switch_number);
    uint64_t verdict = 0;
    OK(changeover_record_packet(engine, S("s"), 0, 1, 0, &verdict));
    EQUAL(each[i].first, verdict);
    /* It fails: the number rises. */
    OK(changeover_report_input_error(engine, S("s"), 0, S("gone")));
    OK(changeover_record_packet(engine, S("s"), 1, 1, 0, &verdict));
    EQUAL(each[i].first + 1, verdict);
    OK(changeover_event_clear(&event));
    OK(changeover_free(engine));
  }
  changeover_engine *engine = patient_engine();
  const uint64_t wrong[] = {CHANGEOVER_FIRST_SWITCH_MAX + 1, INT64_MAX, UINT64_MAX};
  for (size_t i = 0; i < LENGTH(wrong); i++) {
    uint64_t untouched = 99;
    EXPECT(CHANGEOVER_ERR_FIRST_SWITCH,
           changeover_register_from(engine, S("s"), NULL, 0, NULL, 0, NULL, wrong[i], &untouched));
    EQUAL(99, untouched);
  }
  int32_t registered = 7;
  OK(changeover_is_registered(engine, S("s"), &registered));
  EQUAL(0, registered);
  OK(changeover_free(engine));
}

static void ids_are_any_text_of_1_to_255_bytes(void) {
  changeover_engine *engine = patient_engine();
  char longest[255];
  memset(longest, 'x', sizeof longest);
  const struct {
    const char *id;
    size_t len;
  } ids[] = {
      {S("a")},
      {S("live/news/1")},
      {S("Nachrichten \xc3\xa4\xe2\x82\xac\xf0\x9f\x93\xba")},
      {"nul\0inside", 10},
      {"nul\0other", 9},
      {longest, sizeof longest},
      {longest, 39},
      {longest, 38},
      {S(" ")},
      {S("%s%n")},
  };
  for (size_t i = 0; i < LENGTH(ids); i++)
    OK(changeover_register(engine, ids[i].id, ids[i].len, NULL, 0, NULL, 0, NULL, NULL));
  changeover_stream_list *list = NULL;
  OK(changeover_registered_streams(engine, &list));
  EQUAL(LENGTH(ids), changeover_stream_list_len(list));
  for (size_t i = 0; i < LENGTH(ids); i++) {
    int32_t registered = 0;
    OK(changeover_is_registered(engine, ids[i].id, ids[i].len, &registered));
    EQUAL(1, registered);
    int found = 0;
    for (size_t j = 0; j < changeover_stream_list_len(list); j++) {
      const char *id = NULL;
      size_t len = 0;
      OK(changeover_stream_list_get(list, j, &id, &len));
      found += len == ids[i].len && memcmp(id, ids[i].id, len) == 0 && id[len] == 0;
      OK(changeover_stream_list_get(list, j, &id, NULL));
    }
    EQUAL(1, found);
  }
  OK(changeover_free(engine));
  /* A list is a picture; it outlives what it shows. */
  EQUAL(LENGTH(ids), changeover_stream_list_len(list));
  const char *id = longest;
  size_t len = 3;
  EXPECT(CHANGEOVER_ERR_INDEX, changeover_stream_list_get(list, LENGTH(ids), &id, &len));
  EXPECT(CHANGEOVER_ERR_INDEX, changeover_stream_list_get(list, SIZE_MAX, &id, &len));
  CHECK(id == longest && len == 3);
  changeover_stream_list_free(list);
  EQUAL(0, changeover_stream_list_len(list));
  EXPECT(CHANGEOVER_ERR_HANDLE, changeover_stream_list_get(list, 0, &id, &len));
  changeover_stream_list_free(list);
  changeover_stream_list_free(NULL);
  EQUAL(0, changeover_stream_list_len(NULL));
}

struct waiting {
  changeover_engine *engine;
  struct counter begun;
  int32_t result;
};

static void *wait_for_event(void *data) {
  struct waiting *waiting = data;
  changeover_event event = no_event();
  counter_add(&waiting->begun, 1);
  waiting->result = changeover_next_event(waiting->engine, UINT64_MAX, &event);
  return NULL;
}

/* Several times, because nothing tells whether the thread waits already or is about to. */
static void freeing_wakes_a_thread_that_waits_for_an_event(void) {
  for (int i = 0; i < scaled(50); i++) {
    struct waiting waiting = {patient_engine(), COUNTER, 0};
    pthread_t thread;
    pthread_create(&thread, NULL, wait_for_event, &waiting);
    WAIT_FOR(&waiting.begun, 1);
    OK(changeover_free(waiting.engine));
    pthread_join(thread, NULL);
    CHECK(waiting.result == CHANGEOVER_ERR_SHUT_DOWN || waiting.result == CHANGEOVER_ERR_HANDLE);
  }
}

static void open_inputs_outlive_their_engine(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 1);
  changeover_input input = open_input(engine, "s", 0, take_start(engine, 0));
  EQUAL(1, changeover_record(&input, 100, 0));
  OK(changeover_free(engine));
  const changeover_packet packets[] = {{1, 0}, {2, CHANGEOVER_VIDEO}};
  for (int i = 0; i < 1000; i++) {
    EQUAL(0, changeover_record(&input, 100, CHANGEOVER_VIDEO));
    EQUAL(0, changeover_record_batch(&input, packets, LENGTH(packets)));
  }
  OK(changeover_record_lost(&input, 5));
  OK(changeover_input_report_error(&input, S("nobody hears this")));
  OK(changeover_close_input(&input));
}

struct crowd {
  changeover_engine *engine;
  struct counter ready, freed;
};

static void *call_everything(void *data) {
  struct crowd *crowd = data;
  changeover_engine *engine = crowd->engine;
  counter_add(&crowd->ready, 1);
  int32_t result = CHANGEOVER_OK;
  for (int i = 0; result != CHANGEOVER_ERR_HANDLE; i++) {
    uint64_t number;
    int32_t registered;
    changeover_status *status = NULL;
    changeover_stream_list *list = NULL;
    changeover_input input;
    memset(&input, 0, sizeof input);
    const int32_t results[] = {
        changeover_record_packet(engine, S("s"), 0, 100, 0, &number),
        changeover_is_registered(engine, S("s"), &registered),
        changeover_switch_input(engine, S("s"), i % 2),
        changeover_runtime_status(engine, S("s"), &status),
        changeover_registered_streams(engine, &list),
        changeover_open_input(engine, S("s"), 1, 0, &input),
        changeover_now(engine, &number),
    };
    for (size_t j = 0; j < LENGTH(results); j++)
      CHECK(results[j] == CHANGEOVER_OK || results[j] == CHANGEOVER_ERR_SHUT_DOWN ||
            results[j] == CHANGEOVER_ERR_HANDLE || results[j] == CHANGEOVER_ERR_UNKNOWN_STREAM);
    changeover_record(&input, 1, 0);
    OK(changeover_close_input(&input));
    changeover_status_free(status);
    changeover_stream_list_free(list);
    result = results[0];
  }
  return NULL;
}

static void *free_it_too(void *data) {
  struct crowd *crowd = data;
  if (changeover_free(crowd->engine) == CHANGEOVER_OK) counter_add(&crowd->freed, 1);
  return NULL;
}

static void calls_may_race_with_free(void) {
  for (int round = 0; round < scaled(10); round++) {
    struct crowd crowd = {patient_engine(), COUNTER, COUNTER};
    register_stream(crowd.engine, "s", 2);
    pthread_t threads[3], freeing[2];
    for (size_t i = 0; i < LENGTH(threads); i++)
      pthread_create(&threads[i], NULL, call_everything, &crowd);
    WAIT_FOR(&crowd.ready, LENGTH(threads));
    for (size_t i = 0; i < LENGTH(freeing); i++)
      pthread_create(&freeing[i], NULL, free_it_too, &crowd);
    for (size_t i = 0; i < LENGTH(freeing); i++)
      pthread_join(freeing[i], NULL);
    for (size_t i = 0; i < LENGTH(threads); i++)
      pthread_join(threads[i], NULL);
    EQUAL(1, counter_get(&crowd.freed));
  }
}

static void *live_a_life(void *data) {
  (void)data;
  for (int i = 0; i < 10; i++) {
    changeover_engine *engine = patient_engine();
    register_stream(engine, "s", 2);
    uint64_t verdict = 0;
    OK(changeover_record_packet(engine, S("s"), 0, 1, 0, &verdict));
    EQUAL(1, verdict);
    OK(changeover_unregister(engine, S("s")));
    OK(changeover_free(engine));
  }
  return NULL;
}

static void engines_live_in_parallel(void) {
  pthread_t threads[4];
  for (size_t i = 0; i < LENGTH(threads); i++)
    pthread_create(&threads[i], NULL, live_a_life, NULL);
  for (size_t i = 0; i < LENGTH(threads); i++)
    pthread_join(threads[i], NULL);
}

int main(void) {
  RUN(an_engine_is_made_and_freed);
  RUN(freeing_ends_the_threads);
  RUN(engines_do_not_know_each_other);
  RUN(registrations_are_numbered);
  RUN(switch_numbers_begin_where_the_host_says);
  RUN(ids_are_any_text_of_1_to_255_bytes);
  RUN(freeing_wakes_a_thread_that_waits_for_an_event);
  RUN(open_inputs_outlive_their_engine);
  RUN(calls_may_race_with_free);
  RUN(engines_live_in_parallel);
  return finish();
}
