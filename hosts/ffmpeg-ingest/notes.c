/* notes.c: the queue of notes to the main loop. */
#include "notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"

int notes_init(struct notes *notes) {
  pthread_mutex_init(&notes->lock, NULL);
  notes->first = NULL;
  notes->last = &notes->first;
  notes->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return notes->fd < 0 ? -1 : 0;
}

void notes_free(struct notes *notes) {
  struct note *note = notes_take(notes);
  while (note) {
    struct note *next = note->next;
    free(note);
    note = next;
  }
  close(notes->fd);
  pthread_mutex_destroy(&notes->lock);
}

struct note *note_new(enum note_kind kind, int32_t priority) {
  struct note *note = calloc(1, sizeof *note);
  if (note) {
    note->kind = kind;
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    note->at = monotonic_now();
    note->unix_at = (uint64_t)wall.tv_sec * NS_PER_S + (uint64_t)wall.tv_nsec;
    note->priority = priority;
    note->from = -1;
    note->media_before = note->media_after = -1;
  }
  return note;
}

void note_backdate(struct note *note, uint64_t at) {
  if (!note) return;
  note->unix_at -= note->at - at;
  note->at = at;
}

void note_text(struct note *note, const char *format, ...) {
  if (!note) return;
  va_list args;
  va_start(args, format);
  vsnprintf(note->text, sizeof note->text, format, args);
  va_end(args);
}

void notes_post(struct notes *notes, struct note *note) {
  if (!note) return;
  pthread_mutex_lock(&notes->lock);
  note->next = NULL;
  *notes->last = note;
  notes->last = &note->next;
  pthread_mutex_unlock(&notes->lock);
  notes_wake(notes);
}

void notes_wake(struct notes *notes) {
  const uint64_t one = 1;
  /* The only way to fail is a counter already at its top: then the descriptor is readable all the same. */
  (void)!write(notes->fd, &one, sizeof one);
}

struct note *notes_take(struct notes *notes) {
  uint64_t count;
  (void)!read(notes->fd, &count, sizeof count);
  pthread_mutex_lock(&notes->lock);
  struct note *first = notes->first;
  notes->first = NULL;
  notes->last = &notes->first;
  pthread_mutex_unlock(&notes->lock);
  return first;
}
