/* A host that is called back, and what its callbacks saw. */
#ifndef CALLBACK_HOST_H
#define CALLBACK_HOST_H

#include "harness.h"

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

/* Which callback: an event's kind, or one of these. */
enum { ANY = 0, IN_EXHAUSTED = 101, IN_RESTORED, IN_LOG };

struct host host_init(void);

/* The callbacks; their data is the host. */
void on_exhausted(void *data, const char *stream, size_t len);
void on_restored(void *data, const char *stream, size_t len);
void on_line(void *data, int32_t level, const char *message, size_t len);
void on_destroy(void *data);
changeover_callbacks callbacks_of(struct host *host);
void make_engine(struct host *host, const changeover_config *config);

/* Takes the locks that callbacks took last, for ThreadSanitizer, which does not see the library wait
 * for its threads: what they did is over before the host's memory serves another test. */
void see_the_end(struct host *host);

/* Free, and: the destructor was called, once, and no thread is left that could call anything. */
void free_engine(struct host *host);
/* What the next callback of that kind does, once. */
void set_inside(struct host *host, int32_t what, void (*inside)(struct host *));
/* What the start and probe callbacks answer from now on. */
void set_answers(struct host *host, int32_t start, int32_t probe);

/* The first event of a kind at or after *from, which is moved behind it. Waits for it. */
struct record next(struct host *host, int64_t *from, int32_t kind);
/* How many events of a kind have come. */
int count(struct host *host, int32_t kind);
/* Patient, but probes come every 10 ms; failback is manual. */
changeover_config quick_config(void);

#endif
