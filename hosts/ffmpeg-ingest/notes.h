/* notes.h: what the other threads tell the main loop.
 * Sessions, probes and the output never print: they post a note here, the main loop takes it and reports it. So lines
 * come in order, and no ingest thread spends its time on words. */
#ifndef NOTES_H
#define NOTES_H

#include <pthread.h>
#include <stdint.h>

enum note_kind {
  NOTE_SOURCE_OPENED,  /* a session or probe reads its URL; took: ns it needed; text: the tracks */
  NOTE_SOURCE_FAILED,  /* it could not open, or lost its source; text: why */
  NOTE_SOURCE_TRACKS,  /* its tracks are others than before; text: which */
  NOTE_SOURCE_WARNING, /* something of the source is left out; text: what */
  NOTE_DETECTOR, /* what looking at an input costs; took: ns of processor time, lost: packets not looked at, text: of what */
  NOTE_FORWARDED, /* first packet of a switch handed to the output; took: ns since the last one before it */
  NOTE_PICTURE, /* a new source is in the output; took: ns since its first packet went to it, freeze: since the last */
  NOTE_CAUGHT_UP, /* it began with what was kept of it; took: ns that writing it took, bytes, pictures, key_alone */
  NOTE_OUTPUT_OPENED, /* took: ns without an output before, 0 the first time; lost: packets thrown away meanwhile */
  NOTE_OUTPUT_FAILED,  /* being retried; text: why */
  NOTE_OUTPUT_FATAL,   /* cannot ever work; text: why */
  NOTE_OUTPUT_WARNING, /* text */
  NOTE_ENGINE          /* the engine's own log; text */
};

struct note {
  struct note *next;
  enum note_kind kind;
  uint64_t at;      /* CLOCK_MONOTONIC, ns: when what it tells happened */
  uint64_t unix_at; /* the same on the wall clock, for people */
  int32_t priority; /* -1: none */
  int32_t from;     /* NOTE_FORWARDED: the input before, -1: none */
  uint64_t session, switch_number;
  uint64_t took, freeze; /* ns */
  uint64_t stalled;      /* NOTE_FORWARDED: of `took`, ns in which the engine was not run by the machine */
  uint64_t lost;
  uint64_t bytes, pictures; /* NOTE_CAUGHT_UP */
  int key_alone;            /* the same: more than may be caught up, so only the key frame went out */
  /* NOTE_PICTURE, seconds on the output's own timeline: where the pictures before end, where the new ones begin; -1: none. */
  double media_before, media_after;
  int segmented;    /* NOTE_SOURCE_OPENED: it comes in segments, */
  uint64_t segment; /* so long; ns, 0: not known */
  int key;          /* NOTE_PICTURE: it is a key frame, or needs none */
  char text[512];
};

struct notes {
  pthread_mutex_t lock;
  struct note *first, **last;
  int fd; /* readable while notes wait */
};

int notes_init(struct notes *notes);
void notes_free(struct notes *notes);

/* A blank note about now, or NULL when memory is out; fill it and post it. Posting NULL does nothing. */
struct note *note_new(enum note_kind kind, int32_t priority);
/* About an earlier moment (CLOCK_MONOTONIC). */
void note_backdate(struct note *note, uint64_t at);
void note_text(struct note *note, const char *format, ...) __attribute__((format(printf, 2, 3)));
void notes_post(struct notes *notes, struct note *note);

/* Wakes the main loop without a note. */
void notes_wake(struct notes *notes);

/* Takes all waiting notes, oldest first; the caller frees each with free(). */
struct note *notes_take(struct notes *notes);

#endif
