/* loss.h: how much of a source was lost on its way. Of MPEG-TS its counters tell, as it is read; of RTP libavformat, in a message
 * of its log: it keeps the sequence numbers to itself. Sources of other kinds lose nothing, or do not tell. */
#ifndef LOSS_H
#define LOSS_H

#include <changeover.h>
#include <libavformat/avformat.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#define TS_PACKET 188

struct loss {
  changeover_ts_loss counters;
  int (*read)(void *opaque, uint8_t *data, int size); /* of libavformat's protocol; NULL: not watched */
  uint8_t torn[TS_PACKET];                            /* a packet that is not there to its end yet */
  size_t torn_size;
  bool in_step;
  /* What came over the network against what the demuxer made of it, lately. */
  uint64_t transported, delivered;
  uint64_t lost;      /* of what is transported; not told yet */
  uint64_t owed;      /* of what is delivered, in thousandths */
  unsigned old;       /* RTP packets dropped for their numbers since the last one that was delivered */
  uint64_t old_since; /* CLOCK_MONOTONIC of the first */
};

void loss_init(struct loss *loss);
/* Looks at all that is read from here. */
void loss_watch(struct loss *loss, AVIOContext *io);
/* What this thread reads from now on, and what libavformat says on it, is of this source; NULL: of none. */
void loss_reading(struct loss *loss);
/* libavformat says something. Any thread. */
void loss_hear(const char *format, va_list args);

/* The sender of what this thread reads has begun anew: its sequence numbers count as old, and libavformat drops all that comes,
 * for as long as it takes them to catch up. */
bool loss_by_old_numbers(uint64_t now);

/* The demuxer made a packet of so many bytes: how many like it were lost since the last one? */
uint64_t loss_beside(struct loss *loss, int size);

/* What came, in pieces of any size. */
void loss_see(struct loss *loss, const uint8_t *data, size_t size);

#endif
