/* worker.c: starting, stopping and joining the threads that read inputs. */
#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "loss.h"

int crew_init(struct crew *crew) {
  pthread_mutex_init(&crew->lock, NULL);
  const int error = monotonic_cond_init(&crew->changed);
  crew->first = NULL;
  return -error;
}

void crew_free(struct crew *crew) {
  pthread_cond_destroy(&crew->changed);
  pthread_mutex_destroy(&crew->lock);
}

static void worker_free(struct worker *worker) {
  free(worker->stream);
  free(worker->url);
  av_dict_free(&worker->options);
  free(worker);
}

static void *worker_main(void *argument) {
  struct worker *worker = argument;
  struct crew *crew = worker->crew;
  worker->run(worker);
  pthread_mutex_lock(&crew->lock);
  worker->reading = false;
  worker->done = true;
  pthread_cond_broadcast(&crew->changed);
  pthread_mutex_unlock(&crew->lock);
  notes_wake(crew->notes);
  return NULL;
}

static struct worker *worker_new(struct crew *crew, const changeover_event *event,
                                 void (*run)(struct worker *worker)) {
  struct worker *worker = calloc(1, sizeof *worker);
  if (!worker) return NULL;
  worker->crew = crew;
  worker->run = run;
  worker->is_probe = event->kind == CHANGEOVER_EVENT_PROBE;
  worker->id = worker->is_probe ? event->probe : event->session;
  worker->priority = event->priority;
  worker->limit = event->limit;
  worker->stream = strndup(event->stream, event->stream_len);
  worker->url = strndup(event->url, event->url_len);
  bool complete = worker->stream && worker->url;
  for (size_t i = 0; complete && i < event->options_len; i++) {
    const changeover_option *option = &event->options[i];
    char *key = strndup(option->key, option->key_len);
    char *value = strndup(option->value, option->value_len);
    complete = key && value && av_dict_set(&worker->options, key, value, 0) >= 0;
    free(key);
    free(value);
  }
  if (complete) return worker;
  worker_free(worker);
  return NULL;
}

int worker_start(struct crew *crew, const changeover_event *event, void (*run)(struct worker *worker)) {
  struct worker *worker = worker_new(crew, event, run);
  if (!worker) return -ENOMEM;
  /* Into the list first: the thread may be done before pthread_create returns. */
  pthread_mutex_lock(&crew->lock);
  struct worker **last = &crew->first;
  while (*last)
    last = &(*last)->next;
  *last = worker;
  const int error = pthread_create(&worker->thread, NULL, worker_main, worker);
  if (error) *last = NULL;
  pthread_mutex_unlock(&crew->lock);
  if (error) worker_free(worker);
  return -error;
}

static void stop_where(struct crew *crew, bool (*is_meant)(const struct worker *worker, const void *what),
                       const void *what) {
  pthread_mutex_lock(&crew->lock);
  for (struct worker *worker = crew->first; worker; worker = worker->next) {
    if (is_meant(worker, what)) atomic_store(&worker->stop, true);
  }
  pthread_cond_broadcast(&crew->changed);
  pthread_mutex_unlock(&crew->lock);
}

static bool is_session(const struct worker *worker, const void *id) {
  return !worker->is_probe && worker->id == *(const uint64_t *)id;
}

static bool probes_input(const struct worker *worker, const void *priority) {
  return worker->is_probe && worker->priority == *(const int32_t *)priority;
}

static bool is_any(const struct worker *worker, const void *nothing) {
  (void)worker;
  (void)nothing;
  return true;
}

void worker_stop(struct crew *crew, uint64_t session) { stop_where(crew, is_session, &session); }
void worker_stop_probes_of(struct crew *crew, int32_t priority) { stop_where(crew, probes_input, &priority); }
void worker_stop_all(struct crew *crew) { stop_where(crew, is_any, NULL); }

size_t worker_reap(struct crew *crew) {
  struct worker *finished = NULL;
  size_t at_work = 0;
  pthread_mutex_lock(&crew->lock);
  for (struct worker **link = &crew->first; *link;) {
    struct worker *worker = *link;
    if (worker->done) {
      *link = worker->next;
      worker->next = finished;
      finished = worker;
    } else {
      at_work++;
      link = &worker->next;
    }
  }
  pthread_mutex_unlock(&crew->lock);
  while (finished) {
    struct worker *next = finished->next;
    pthread_join(finished->thread, NULL); /* it is past its last lock: returns at once */
    worker_free(finished);
    finished = next;
  }
  return at_work;
}

bool worker_sleep_until(struct worker *worker, uint64_t deadline) {
  struct crew *crew = worker->crew;
  const struct timespec until = as_timespec(deadline);
  pthread_mutex_lock(&crew->lock);
  while (!worker_stopped(worker)) {
    if (pthread_cond_timedwait(&crew->changed, &crew->lock, &until) == ETIMEDOUT) break;
  }
  pthread_mutex_unlock(&crew->lock);
  return !worker_stopped(worker);
}

/* The other worker that reads this input. Under the lock. */
static struct worker *reader_of_same(const struct worker *worker) {
  for (struct worker *other = worker->crew->first; other; other = other->next) {
    if (other != worker && other->reading && other->priority == worker->priority) return other;
  }
  return NULL;
}

bool worker_take_turn(struct worker *worker, uint64_t deadline) {
  struct crew *crew = worker->crew;
  const struct timespec until = as_timespec(deadline);
  pthread_mutex_lock(&crew->lock);
  bool in_time = true;
  while (in_time && !worker_stopped(worker) && reader_of_same(worker)) {
    if (deadline)
      in_time = pthread_cond_timedwait(&crew->changed, &crew->lock, &until) != ETIMEDOUT;
    else
      pthread_cond_wait(&crew->changed, &crew->lock);
  }
  worker->reading = !worker_stopped(worker) && !reader_of_same(worker);
  const bool taken = worker->reading;
  pthread_mutex_unlock(&crew->lock);
  return taken;
}

void worker_end_turn(struct worker *worker) {
  struct crew *crew = worker->crew;
  pthread_mutex_lock(&crew->lock);
  worker->reading = false;
  pthread_cond_broadcast(&crew->changed);
  pthread_mutex_unlock(&crew->lock);
}

bool worker_other_packets(struct worker *worker, uint64_t *packets) {
  struct crew *crew = worker->crew;
  pthread_mutex_lock(&crew->lock);
  const struct worker *other = reader_of_same(worker);
  const bool found = other && !other->is_probe;
  if (found) *packets = atomic_load(&other->packets);
  pthread_mutex_unlock(&crew->lock);
  return found;
}

bool worker_must_interrupt(const struct worker *worker) {
  if (worker_stopped(worker)) return true;
  const uint64_t deadline = atomic_load(&worker->read_deadline), now = monotonic_now();
  return (deadline && now > deadline) || loss_by_old_numbers(now);
}

static int must_interrupt(void *worker) { return worker_must_interrupt(worker); }

AVIOInterruptCB worker_interrupt(struct worker *worker) {
  return (AVIOInterruptCB){.callback = must_interrupt, .opaque = worker};
}
