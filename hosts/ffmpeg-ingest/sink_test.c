/* sink_test.c: nothing that is printed may block. Exit 0: as it should be. */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"

#define SOON (monotonic_now() + 10 * NS_PER_S)

static atomic_int last_error = -1, times_told;
static _Atomic uint64_t last_lost;

static void note_trouble(int error, uint64_t lost) {
  last_error = error;
  last_lost = lost;
  times_told++;
}

static void say(struct sink *sink, const char *text) { sink_line(sink, text, strlen(text)); }

/* Reads a pipe to its end, on a thread of its own. */
struct reader {
  int fd;
  char *text;
  _Atomic size_t size;
  pthread_t thread;
};

static void *read_to_end(void *argument) {
  struct reader *reader = argument;
  const size_t capacity = 8 << 20;
  reader->text = calloc(1, capacity);
  for (ssize_t got; (got = read(reader->fd, reader->text + reader->size, capacity - reader->size - 1)) > 0;)
    reader->size += (size_t)got;
  return NULL;
}

static void reader_start(struct reader *reader, int fd) {
  *reader = (struct reader){.fd = fd};
  CHECK(!pthread_create(&reader->thread, NULL, read_to_end, reader));
}

/* The text, to be freed, once the other end is closed. */
static char *reader_end(struct reader *reader) {
  pthread_join(reader->thread, NULL);
  close(reader->fd);
  return reader->text;
}

static void lines_come_out_whole_and_in_order(void) {
  int ends[2];
  CHECK(!pipe(ends));
  struct sink *sink = sink_open(ends[1], "%llu lost", NULL);
  say(sink, "one");
  say(sink, "two");
  say(sink, "");
  CHECK(sink_close(sink, SOON));
  close(ends[1]);
  struct reader reader;
  reader_start(&reader, ends[0]);
  char *text = reader_end(&reader);
  CHECK(!strcmp(text, "one\ntwo\n\n"));
  free(text);
}

static void a_reader_that_stalls_holds_nobody_up(void) {
  int ends[2];
  CHECK(!pipe(ends));
  struct sink *sink = sink_open(ends[1], "%llu lines were lost", NULL);
  char line[1024];
  memset(line, 'x', sizeof line);
  for (int i = 0; i < 4000; i++)
    sink_line(sink, line, sizeof line);
  /* The reader wakes up: the queue empties, and the next line finds room. */
  struct reader reader;
  reader_start(&reader, ends[0]);
  const uint64_t deadline = SOON;
  while (reader.size < SINK_BYTES / 2 && monotonic_now() < deadline)
    continue;
  say(sink, "the last line");
  CHECK(sink_close(sink, SOON));
  close(ends[1]);
  char *text = reader_end(&reader);
  /* Each time there was room again, it was told how many were lost until then. */
  size_t lost = 0, told = 0, lines = 0;
  for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
    *end = 0;
    lines++;
    if (!strstr(line, " lines were lost")) continue;
    lost += (size_t)atol(line);
    told++;
  }
  CHECK(told > 0 && lost > 2000 && lost < 4000);
  CHECK(lines == 4000 - lost + told + 1);
  free(text);
}

static void a_reader_that_never_wakes_does_not_hold_the_end_up(void) {
  int ends[2];
  CHECK(!pipe(ends));
  struct sink *sink = sink_open(ends[1], "%llu lost", NULL);
  char line[1024] = {0};
  for (int i = 0; i < 200; i++)
    sink_line(sink, line, sizeof line);
  CHECK(!sink_close(sink, monotonic_now() + 50 * NS_PER_MS));
  close(ends[0]); /* lets the thread that was left behind go */
}

static void a_full_disk_is_told_once_and_its_end_too(void) {
  const int full = open("/dev/full", O_WRONLY), null = open("/dev/null", O_WRONLY);
  const int fd = dup(full);
  struct sink *sink = sink_open(fd, "%llu lost", note_trouble);
  for (int i = 0; i < 5; i++)
    say(sink, "nobody reads this");
  const uint64_t deadline = SOON;
  while (last_error != ENOSPC && monotonic_now() < deadline)
    continue;
  CHECK(last_error == ENOSPC);
  dup2(null, fd);
  say(sink, "there is room again");
  CHECK(sink_close(sink, SOON));
  CHECK(last_error == 0 && times_told == 2 && last_lost >= 1 && last_lost <= 5);
  close(fd);
  close(full);
  close(null);
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  lines_come_out_whole_and_in_order();
  a_reader_that_stalls_holds_nobody_up();
  a_reader_that_never_wakes_does_not_hold_the_end_up();
  a_full_disk_is_told_once_and_its_end_too();
  return failures ? 1 : 0;
}
