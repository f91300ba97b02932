/* Recording by id from threads that come and go, while streams and engines do. */
#include "harness.h"
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

enum { PACKETS = 20 };

struct work {
  changeover_engine *engine;
  uint64_t packets;
};

/* By id, and through an input of its own. */
static void *record_some(void *data) {
  const struct work *work = data;
  for (int i = 0; i < PACKETS; i++) {
    uint64_t verdict = 0;
    OK(changeover_record_packet(work->engine, S("s"), 0, 10, CHANGEOVER_VIDEO, &verdict));
    EQUAL(1, verdict);
  }
  return NULL;
}

static void *record_some_through_an_input(void *data) {
  const struct work *work = data;
  changeover_input input = open_input(work->engine, "s", 0, 0);
  for (int i = 0; i < PACKETS; i++)
    EQUAL(1, changeover_record(&input, 10, CHANGEOVER_VIDEO));
  OK(changeover_close_input(&input));
  return NULL;
}

/* How many threads one thread makes. Under a tool nothing is as slow as that. */
static int lives(void) { return scaled(scaled(25000)); }

/* Makes threads, one after the other. */
static void *make_threads(void *data) {
  for (int i = 0; i < lives(); i++) {
    pthread_t thread;
    pthread_create(&thread, NULL, i % 10 ? record_some : record_some_through_an_input, data);
    pthread_join(thread, NULL);
  }
  return NULL;
}

/* What the process has in memory, in KiB. */
static long resident(void) {
  long kib = -1;
  char line[256];
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status))
    if (sscanf(line, "VmRSS: %ld", &kib) == 1) break;
  if (status) fclose(status);
  return kib;
}

static void a_crowd(changeover_engine *engine) {
  struct work work = {engine, 0};
  pthread_t threads[4];
  for (size_t i = 0; i < LENGTH(threads); i++)
    pthread_create(&threads[i], NULL, make_threads, &work);
  /* Meanwhile, what makes the routing table change and its old parts be freed. */
  for (int i = 0; i < scaled(500); i++) {
    register_stream(engine, "other", 2);
    OK(changeover_unregister(engine, S("other")));
  }
  for (size_t i = 0; i < LENGTH(threads); i++)
    pthread_join(threads[i], NULL);
  sync_engine(engine);
  drain(engine);
}

static void a_hundred_thousand_threads_lose_no_packet_and_leave_nothing(void) {
  changeover_engine *engine = patient_engine();
  register_stream(engine, "s", 1);
  long before = 0;
  for (uint64_t crowd = 1; crowd <= 2; crowd++) {
    a_crowd(engine);
    const changeover_input_status status = input_status(engine, "s", 0);
    EQUAL(crowd * 4 * (uint64_t)lives() * PACKETS, status.packets);
    EQUAL(10 * status.packets, status.bytes);
    EQUAL(status.packets, status.video_packets);
    if (crowd == 1) before = resident();
  }
  const long grown = resident() - before;
  /* Tools keep what is freed. Else, 16 bytes a thread would be 1.6 MB. */
  if (scaled(1000) == 1000)
    check(grown < 1024, __FILE__, __LINE__, "%ld KiB more after another %d threads", grown, 4 * lives());
  OK(changeover_free(engine));
  note("%d threads, %ld KiB", 2 * 4 * lives(), grown);
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
/* How many of them have recorded a packet. */
static struct counter recorded = COUNTER;

static void *record_while_it_lasts(void *data) {
  struct work *work = data;
  uint64_t others = 0;
  while (atomic_load(&going)) {
    uint64_t verdict = 0;
    const int32_t result = changeover_record_packet(work->engine, S("flickering"), 0, 10, 0, &verdict);
    others += result != CHANGEOVER_OK && result != CHANGEOVER_ERR_UNKNOWN_STREAM;
    work->packets += result == CHANGEOVER_OK;
    if (result == CHANGEOVER_OK && work->packets == 1) counter_add(&recorded, 1);
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
  /* On a busy machine one of them may not have run yet. */
  WAIT_FOR(&recorded, LENGTH(work));
  atomic_store(&going, 0);
  for (size_t i = 0; i < LENGTH(work); i++)
    pthread_join(threads[i], NULL);
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
  if ((intptr_t)data < 3) pthread_setspecific(key, (void *)((intptr_t)data + 1));
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
  RUN(a_hundred_thousand_threads_lose_no_packet_and_leave_nothing);
  RUN(one_thread_and_many_engines);
  RUN(streams_come_and_go_meanwhile);
  RUN(a_thread_may_record_while_it_ends);
  return finish();
}
