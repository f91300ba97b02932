/* Recording by id from threads that come and go, while streams and engines do. */
#include "harness.h"
#include <sched.h>
#include <stdatomic.h>

enum { PACKETS = 20 };

struct work {
  changeover_engine *engine;
  uint64_t packets;
};

static void *record_some(void *data) {
  const struct work *work = data;
  for (int i = 0; i < PACKETS; i++) {
    uint64_t verdict = 0;
    OK(changeover_record_packet(work->engine, S("s"), 0, 10, CHANGEOVER_VIDEO, &verdict));
    EQUAL(1, verdict);
  }
  return NULL;
}

/* Makes threads, one after the other. */
static void *make_threads(void *data) {
  for (int i = 0; i < scaled(500); i++) {
    pthread_t thread;
    pthread_create(&thread, NULL, record_some, data);
    pthread_join(thread, NULL);
  }
  return NULL;
}

static void thousands_of_threads_lose_no_packet(void) {
  struct work work = {patient_engine(), 0};
  register_stream(work.engine, "s", 1);
  pthread_t threads[4];
  for (size_t i = 0; i < LENGTH(threads); i++)
    pthread_create(&threads[i], NULL, make_threads, &work);
  /* Meanwhile, what makes the routing table change and its old parts be freed. */
  for (int i = 0; i < scaled(500); i++) {
    register_stream(work.engine, "other", 2);
    OK(changeover_unregister(work.engine, S("other")));
  }
  for (size_t i = 0; i < LENGTH(threads); i++)
    pthread_join(threads[i], NULL);
  sync_engine(work.engine);
  const changeover_input_status status = input_status(work.engine, "s", 0);
  EQUAL((int)LENGTH(threads) * scaled(500) * PACKETS, status.packets);
  EQUAL(10 * status.packets, status.bytes);
  EQUAL(status.packets, status.video_packets);
  OK(changeover_free(work.engine));
  note("%d threads", (int)LENGTH(threads) * scaled(500));
}

/* One thread and many engines: what it keeps for those that are gone must not add up. */
static void one_thread_and_many_engines(void) {
  for (int i = 0; i < scaled(300); i++) {
    changeover_engine *engines[3];
    for (size_t j = 0; j < LENGTH(engines); j++) {
      engines[j] = patient_engine();
      register_stream(engines[j], "s", 1);
    }
    for (int k = 0; k < 3; k++)
      for (size_t j = 0; j < LENGTH(engines); j++) {
        uint64_t verdict = 0;
        OK(changeover_record_packet(engines[j], S("s"), 0, 1, 0, &verdict));
        EQUAL(1, verdict);
      }
    for (size_t j = 0; j < LENGTH(engines); j++) {
      OK(changeover_free(engines[j]));
      uint64_t verdict = 7;
      EXPECT(CHANGEOVER_ERR_HANDLE, changeover_record_packet(engines[j], S("s"), 0, 1, 0, &verdict));
      EQUAL(7, verdict);
    }
  }
}

/* A stream that comes and goes under the feet of those that record it. */
static atomic_int going;

static void *record_while_it_lasts(void *data) {
  struct work *work = data;
  uint64_t others = 0;
  while (atomic_load(&going)) {
    uint64_t verdict = 0;
    const int32_t result = changeover_record_packet(work->engine, S("flickering"), 0, 10, 0, &verdict);
    others += result != CHANGEOVER_OK && result != CHANGEOVER_ERR_UNKNOWN_STREAM;
    work->packets += result == CHANGEOVER_OK;
    sched_yield();
  }
  EQUAL(0, others);
  return NULL;
}

static void streams_come_and_go_meanwhile(void) {
  changeover_engine *engine = patient_engine();
  struct work work[3] = {{engine, 0}, {engine, 0}, {engine, 0}};
  pthread_t threads[LENGTH(work)];
  atomic_store(&going, 1);
  for (size_t i = 0; i < LENGTH(work); i++)
    pthread_create(&threads[i], NULL, record_while_it_lasts, &work[i]);
  for (int i = 0; i < scaled(200); i++) {
    register_stream(engine, "flickering", 1);
    const changeover_input_spec added = input_spec(1, "test://1");
    OK(changeover_update_inputs(engine, S("flickering"), &added, 1, NULL, 0, NULL, 0));
    OK(changeover_unregister(engine, S("flickering")));
  }
  register_stream(engine, "flickering", 1);
  atomic_store(&going, 0);
  uint64_t packets = 0;
  for (size_t i = 0; i < LENGTH(work); i++) {
    pthread_join(threads[i], NULL);
    packets += work[i].packets;
  }
  CHECK(packets > 0);
  OK(changeover_free(engine));
}

/* The destructors of other thread-local data may record, too: then the library's own may be gone. */
static pthread_key_t key;
static changeover_engine *last_engine;

static void record_at_the_end(void *data) {
  uint64_t verdict = 0;
  OK(changeover_record_packet(last_engine, S("s"), 0, 1, 0, &verdict));
  EQUAL(1, verdict);
  int32_t registered = 0;
  OK(changeover_is_registered(last_engine, S("s"), &registered));
  EQUAL(1, registered);
  changeover_status *status = NULL;
  OK(changeover_runtime_status(last_engine, S("s"), &status));
  changeover_status_free(status);
  /* Once more, after every other destructor. */
  if ((intptr_t)data < 3)
    pthread_setspecific(key, (void *)((intptr_t)data + 1));
}

static void *end_recording(void *data) {
  (void)data;
  pthread_setspecific(key, (void *)(intptr_t)1);
  uint64_t verdict = 0;
  OK(changeover_record_packet(last_engine, S("s"), 0, 1, 0, &verdict));
  return NULL;
}

static void a_thread_may_record_while_it_ends(void) {
  last_engine = patient_engine();
  register_stream(last_engine, "s", 1);
  pthread_key_create(&key, record_at_the_end);
  uint64_t expected = 0;
  for (int i = 0; i < scaled(200); i++) {
    pthread_t thread;
    pthread_create(&thread, NULL, end_recording, NULL);
    pthread_join(thread, NULL);
    expected += 4;
  }
  sync_engine(last_engine);
  EQUAL(expected, input_status(last_engine, "s", 0).packets);
  pthread_key_delete(key);
  OK(changeover_free(last_engine));
}

int main(void) {
  RUN(thousands_of_threads_lose_no_packet);
  RUN(one_thread_and_many_engines);
  RUN(streams_come_and_go_meanwhile);
  RUN(a_thread_may_record_while_it_ends);
  return finish();
}
