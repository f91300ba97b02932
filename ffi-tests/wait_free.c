/* Recording, by handle and by id, makes no system call and allocates nothing, whatever else goes on.
 * The recording thread puts itself under seccomp's strict mode: the kernel kills the process at its
 * first system call other than read, write and exit. A lock that is contended is a system call, and
 * the other threads here see to it that every lock there is gets contended. */
#include "harness.h"
#include <linux/seccomp.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The program's malloc stands before the C library's, for the library as well. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

static _Thread_local bool recording;
static atomic_int allocations;

static void count(void) {
  if (recording) atomic_fetch_add(&allocations, 1);
}

void *malloc(size_t size) {
  count();
  return __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
  count();
  return __libc_calloc(n, size);
}

void *realloc(void *memory, size_t size) {
  count();
  return __libc_realloc(memory, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  count();
  *memory = __libc_memalign(alignment, size);
  return *memory ? 0 : 12;
}

void *aligned_alloc(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

void free(void *memory) {
  count();
  __libc_free(memory);
}

enum { ROUNDS = 200000 };

static changeover_engine *engine;
static atomic_int started, done, wrong;
static atomic_bool all_done;
/* How often a stream came and went. */
static atomic_int changes;

static void *record(void *data) {
  changeover_input *input = data;
  uint64_t verdict = 0;
  /* This thread's first call by id may do what it likes. */
  OK(changeover_record_packet(engine, S("s"), 0, 1, 0, &verdict));
  atomic_fetch_add(&started, 1);
  const changeover_packet batch[] = {{1, 0}, {2, CHANGEOVER_VIDEO}};
  static const uint8_t rtp[12] = {0x80}, ts[2 * 188] = {0x47, 1, 0, 0x10, [188] = 0x47, 1, 0, 0x13};
  uint64_t lost = 0;
  changeover_rtp_loss rtp_loss;
  changeover_ts_loss ts_loss;
  OK(changeover_rtp_loss_init(&rtp_loss, sizeof rtp_loss));
  OK(changeover_ts_loss_init(&ts_loss, sizeof ts_loss));
  recording = true;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) {
    atomic_fetch_add(&wrong, 1000000);
    return NULL;
  }
  int odd = 0;
  for (int i = 0; i < ROUNDS; i++) {
    odd += changeover_record(input, 1316, CHANGEOVER_VIDEO) != 1;
    odd += changeover_record_batch(input, batch, LENGTH(batch)) != 1;
    odd += changeover_record_lost(input, 1) != CHANGEOVER_OK;
    odd += changeover_record_packet(engine, S("s"), 0, 1316, 0, &verdict) != CHANGEOVER_OK || verdict != 1;
    odd += changeover_rtp_lost(&rtp_loss, rtp, sizeof rtp, &lost) != CHANGEOVER_OK || lost != 0;
    odd += changeover_ts_lost(&ts_loss, ts, sizeof ts, &lost) != CHANGEOVER_OK || lost < 2;
    /* Streams and inputs that are not, any more, or yet. */
    odd += changeover_record_packet(engine, S("unknown"), 0, 1, 0, &verdict) != CHANGEOVER_ERR_UNKNOWN_STREAM;
    odd += changeover_record_packet(engine, S("s"), 9, 1, 0, &verdict) != CHANGEOVER_ERR_UNKNOWN_INPUT;
    const int32_t flickering = changeover_record_packet(engine, S("flickering"), 0, 1, 0, &verdict);
    odd += flickering != CHANGEOVER_OK && flickering != CHANGEOVER_ERR_UNKNOWN_STREAM;
  }
  recording = false;
  atomic_fetch_add(&wrong, odd);
  atomic_fetch_add(&done, 1);
  /* All that is left to it: not even a return is possible. */
  syscall(SYS_exit, 0);
  return NULL;
}

static void *change_everything(void *data) {
  const char *stream = data;
  while (!atomic_load(&all_done)) {
    register_stream(engine, stream, 2);
    changeover_input input = open_input(engine, stream, 0, 0);
    changeover_status *status = NULL;
    OK(changeover_runtime_status(engine, S("s"), &status));
    changeover_status_free(status);
    changeover_engine *other = patient_engine();
    OK(changeover_close_input(&input));
    OK(changeover_unregister(engine, S(stream)));
    OK(changeover_free(other));
    drain(engine);
    atomic_fetch_add(&changes, 1);
  }
  return NULL;
}

static void recording_makes_no_system_call_and_allocates_nothing(void) {
  engine = patient_engine();
  register_stream(engine, "s", 1);
  changeover_input inputs[2] = {open_input(engine, "s", 0, 0), open_input(engine, "s", 0, 0)};
  pthread_t recorders[2], others[2];
  static char names[2][16] = {"flickering", "other"};
  for (size_t i = 0; i < LENGTH(others); i++)
    pthread_create(&others[i], NULL, change_everything, names[i]);
  /* Or the records could be over before anything changes. */
  while (atomic_load(&changes) < 2 * (int)LENGTH(others))
    sched_yield();
  for (size_t i = 0; i < LENGTH(recorders); i++) {
    pthread_create(&recorders[i], NULL, record, &inputs[i]);
    pthread_detach(recorders[i]);
  }
  const uint64_t deadline = clock_now() + 2 * DEADLINE;
  while (atomic_load(&done) < 2 && clock_now() < deadline)
    sched_yield();
  EQUAL(2, atomic_load(&done));
  atomic_store(&all_done, true);
  for (size_t i = 0; i < LENGTH(others); i++)
    pthread_join(others[i], NULL);
  EQUAL(0, atomic_load(&wrong));
  EQUAL(0, atomic_load(&allocations));
  sync_engine(engine);
  const changeover_input_status status = input_status(engine, "s", 0);
  EQUAL(2 + 2 * 4 * ROUNDS, status.packets);
  EQUAL(2 * ROUNDS, status.lost_packets);
  OK(changeover_free(engine));
  note("%d records", 2 * 7 * ROUNDS);
}

/* In a child, whose death is then a failed check and not the end of everything. */
int main(void) {
  const pid_t child = fork();
  if (child == 0) {
    RUN(recording_makes_no_system_call_and_allocates_nothing);
    exit(finish());
  }
  int result = -1;
  waitpid(child, &result, 0);
  if (WIFSIGNALED(result))
    fprintf(stderr, "killed by signal %d: a system call while recording\n", WTERMSIG(result));
  return WIFEXITED(result) ? WEXITSTATUS(result) : 1;
}
