/* sink.c: a bounded queue of lines and the thread that writes them. */
#include "sink.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

struct line {
  struct line *next;
  size_t length;
  char text[];
};

struct sink {
  int fd;
  const char *lost_format;
  sink_trouble *trouble;
  pthread_t thread;
  pthread_mutex_t lock; /* guards what follows; `changed` tells of lines and of the end */
  pthread_cond_t changed;
  struct line *first, **last;
  size_t bytes;
  uint64_t lost; /* since the last line that found room */
  bool finish, finished;
  /* The thread's own. */
  int error;       /* of the last write */
  uint64_t failed; /* lines that could not be written since it worked */
  bool torn;       /* the last line was written in part */
  struct sink *next_left_behind;
};

/* Whose thread hangs in a write when the program ends. */
static _Atomic(struct sink *) left_behind;

/* Under the lock. */
static bool enqueue(struct sink *sink, const char *text, size_t length) {
  if (sink->bytes + length + 1 > SINK_BYTES) return false;
  struct line *line = malloc(sizeof *line + length + 1);
  if (!line) return false;
  *line = (struct line){.next = NULL, .length = length + 1};
  memcpy(line->text, text, length);
  line->text[length] = '\n';
  *sink->last = line;
  sink->last = &line->next;
  sink->bytes += line->length;
  pthread_cond_broadcast(&sink->changed);
  return true;
}

void sink_line(struct sink *sink, const char *text, size_t length) {
  pthread_mutex_lock(&sink->lock);
  if (sink->lost) {
    char told[100];
    const int size = snprintf(told, sizeof told, sink->lost_format, (unsigned long long)sink->lost);
    if (sink->bytes + length + (size_t)size + 2 <= SINK_BYTES && enqueue(sink, told, (size_t)size))
      sink->lost = 0;
  }
  if (sink->lost || !enqueue(sink, text, length)) sink->lost++;
  pthread_mutex_unlock(&sink->lock);
}

static struct line *take(struct sink *sink) {
  pthread_mutex_lock(&sink->lock);
  while (!sink->first && !sink->finish)
    pthread_cond_wait(&sink->changed, &sink->lock);
  struct line *line = sink->first;
  if (line) {
    sink->first = line->next;
    if (!sink->first) sink->last = &sink->first;
    sink->bytes -= line->length;
  }
  pthread_mutex_unlock(&sink->lock);
  return line;
}

/* An errno, 0: all is written. `done` counts the bytes. */
static int write_all(int fd, const char *text, size_t length, size_t *done) {
  for (*done = 0; *done < length;) {
    const ssize_t count = write(fd, text + *done, length - *done);
    if (count >= 0) {
      *done += (size_t)count;
    } else if (errno == EAGAIN) {
      poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1); /* somebody made it non-blocking */
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

static void put(struct sink *sink, const struct line *line) {
  size_t done = 0;
  int error = sink->torn ? write_all(sink->fd, "\n", 1, &done) : 0;
  if (!error) {
    error = write_all(sink->fd, line->text, line->length, &done);
    sink->torn = error && done > 0;
  }
  if (error) sink->failed++;
  if (error != sink->error && sink->trouble) sink->trouble(error, sink->failed);
  if (!error) sink->failed = 0;
  sink->error = error;
}

static void *sink_main(void *argument) {
  struct sink *sink = argument;
  for (struct line *line; (line = take(sink)); free(line))
    put(sink, line);
  pthread_mutex_lock(&sink->lock);
  sink->finished = true;
  pthread_cond_broadcast(&sink->changed);
  pthread_mutex_unlock(&sink->lock);
  return NULL;
}

static void sink_free(struct sink *sink) {
  pthread_cond_destroy(&sink->changed);
  pthread_mutex_destroy(&sink->lock);
  free(sink);
}

struct sink *sink_open(int fd, const char *lost_format, sink_trouble *trouble) {
  struct sink *sink = calloc(1, sizeof *sink);
  if (!sink) return NULL;
  sink->fd = fd;
  sink->lost_format = lost_format;
  sink->trouble = trouble;
  sink->last = &sink->first;
  pthread_mutex_init(&sink->lock, NULL);
  monotonic_cond_init(&sink->changed);
  if (!pthread_create(&sink->thread, NULL, sink_main, sink)) return sink;
  sink_free(sink);
  return NULL;
}

bool sink_close(struct sink *sink, uint64_t until) {
  const struct timespec deadline = as_timespec(until);
  pthread_mutex_lock(&sink->lock);
  sink->finish = true;
  pthread_cond_broadcast(&sink->changed);
  while (!sink->finished && !pthread_cond_timedwait(&sink->changed, &sink->lock, &deadline))
    continue;
  const bool finished = sink->finished;
  pthread_mutex_unlock(&sink->lock);
  if (!finished) {
    pthread_detach(sink->thread);
    sink->next_left_behind = atomic_exchange(&left_behind, sink);
    return false;
  }
  pthread_join(sink->thread, NULL);
  sink_free(sink);
  return true;
}
