/* worker.h: a thread that reads one input, for a session or for a probe.
 * What both need is here: a stop flag that can be slept on, a deadline for blocking reads, and the rule that one input is
 * read by one thread at a time (a UDP port cannot be bound twice, many servers allow one connection). */
#ifndef WORKER_H
#define WORKER_H

#include <changeover.h>
#include <libavformat/avformat.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "judge.h"
#include "notes.h"
#include "output.h"

struct worker;

/* What all workers share. */
struct crew {
  changeover_engine *engine;
  struct notes *notes;
  struct output *output;
  uint64_t read_timeout;     /* ns without a packet after which a session reconnects */
  uint64_t listener_timeout; /* the same for one that listens: who has gone must not keep others out */
  uint64_t catch_up_bytes;   /* of pictures that are kept of an input that is not on air */
  bool segments_may_wait;    /* longer than that, where a playlist says so */
  struct judge_config detect;
  int32_t fill; /* the input that is no source, so nothing is wrong with its picture; -1: none */
  pthread_mutex_t
      lock; /* guards the list and `reading`; `changed` tells of stop, end of a turn, end of a thread */
  pthread_cond_t changed;
  struct worker *first;
};

struct worker {
  struct worker *next;
  struct crew *crew;
  void (*run)(struct worker *worker);
  pthread_t thread;
  bool is_probe;
  bool reading; /* it has the turn */
  bool done;
  atomic_bool stop;
  _Atomic uint64_t read_deadline; /* CLOCK_MONOTONIC, ns; 0: none */
  _Atomic uint64_t packets;
  /* Copied from the event that asked for it. */
  char *stream, *url;
  AVDictionary *options;
  int32_t priority;
  uint64_t id; /* session or probe number */
  uint64_t limit;
};

int crew_init(struct crew *crew);
void crew_free(struct crew *crew);

/* Main loop only. Starts a thread for this START or PROBE; a negative errno if there is none to have. */
int worker_start(struct crew *crew, const changeover_event *event, void (*run)(struct worker *worker));
/* These ask threads to end, and do not wait for it. */
void worker_stop(struct crew *crew, uint64_t session);
void worker_stop_probes_of(struct crew *crew, int32_t priority);
void worker_stop_all(struct crew *crew);
/* Joins the finished ones; returns how many are still at work. */
size_t worker_reap(struct crew *crew);

/* For the worker's own thread. */
static inline bool worker_stopped(const struct worker *worker) { return atomic_load(&worker->stop); }
/* Sleeps until CLOCK_MONOTONIC `deadline`; false: asked to stop. */
bool worker_sleep_until(struct worker *worker, uint64_t deadline);
/* Waits for the input to be nobody else's; false: asked to stop, or `deadline` (0: none) has passed. */
bool worker_take_turn(struct worker *worker, uint64_t deadline);
void worker_end_turn(struct worker *worker);
/* Packets that the session now reading this worker's input has delivered; false: none is reading it. */
bool worker_other_packets(struct worker *worker, uint64_t *packets);
/* It is asked to stop, or past its read deadline. */
bool worker_must_interrupt(const struct worker *worker);
/* For libavformat: interrupts blocking calls then. */
AVIOInterruptCB worker_interrupt(struct worker *worker);

#endif
