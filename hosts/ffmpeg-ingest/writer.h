/* writer.h: what is written and when: where a new source begins, what of it is caught up, on which timeline. The output's
 * thread only. */
#ifndef WRITER_H
#define WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "queue.h"
#include "rebase.h"
#include "target.h"
#include "tracks.h"

struct writer {
  struct notes *notes;
  uint64_t key_wait; /* ns: how long a new source's pictures may wait for their first key frame */
  uint64_t catch_up; /* ns: how much of what an input kept may be caught up */
  bool tells_number; /* the output says under which switch number it is written */
  struct target *target;
  struct rebase rebase;
  bool begins_anew;          /* the next packet is taken for the first of a new source */
  bool waiting;              /* for something that the source can begin with */
  bool picture_waits;        /* it has begun with a key frame alone, and goes on with the next one */
  const AVPacket *beginning; /* what it begins with, until that is written */
  int64_t key_pts;   /* of the key frame it went on with, as the source has it, until a later picture comes */
  bool told_refused; /* that the muxer refused a packet of the source */
  struct tracks *tracks;          /* of it, as the program table was last made to fit; NULL: none */
  int to[TRACKS_MAX];             /* their places in the program */
  int64_t next[TRACKS_MAX];       /* decoding time to assume where a packet has none, 90 kHz */
  uint64_t silent_since;          /* as below, before the source began */
  uint64_t began;                 /* when the first packet of the source was pushed */
  uint64_t written_at;            /* when the last written packet was; 0: none yet */
  int64_t media_begin, media_end; /* presentation times of what is written, 90 kHz */
  uint64_t number;                /* the largest switch number of what is written, */
  uint64_t number_at;             /* and when it was told last; 0: it has to be told */
};

/* Writes the packet, if it is to be written, to an open target; else forgets it. */
void writer_take(struct writer *writer, struct item *item);
void writer_free(struct writer *writer);

#endif
