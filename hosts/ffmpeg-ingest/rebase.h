/* rebase.h: one continuous timeline out of the timelines of many sources.
 * All times here are ticks of 90 kHz, MPEG-TS's own unit, unless they are arrival times. No libavformat, no threads: see
 * rebase_test.c. */
#ifndef REBASE_H
#define REBASE_H

#include <stdbool.h>
#include <stdint.h>

#include "tracks.h"

#define TICKS_PER_S INT64_C(90000)

struct rebase_times {
  int64_t dts, pts, length;
  int64_t moved; /* out: by how much */
};

/* How far a track's media time is ahead of its arrival: the least within this window and within the one before. A source
 * that delivers in bursts is ahead at their end; what counts is where they begin. */
struct rebase_ahead {
  bool known, known_before;
  int64_t least, least_before;
  int64_t latest, before_latest; /* of its last packets */
  uint64_t began;                /* ns: the window */
};

struct rebase_track {
  bool used;
  enum track_kind kind;
  unsigned source;  /* rebase->source when it was last given out */
  int64_t last;     /* decoding time of its last packet, */
  int64_t offset;   /* by this offset, */
  int64_t given;    /* and as it was given out: later where it was caught up */
  int64_t length;   /* of that packet */
  int64_t usual;    /* about the longest step between its packets of late */
  uint64_t arrived; /* ns */
  struct rebase_ahead ahead;
};

struct rebase {
  unsigned source; /* counts them */
  struct rebase_track track[TRACKS_MAX];
  /* source time + offset = output time, the same for all tracks: picture and sound stay together */
  int64_t offset;
  int64_t previous; /* the offset before: a track may still be there when another has stepped already */
  int64_t shown;    /* when the last picture or sound ends */
  int64_t pictured; /* when the last picture begins */
  int64_t join;   /* pictures from here on have their own times; those before are caught up just before it */
  int64_t anchor; /* where the source begins on the output's timeline, */
  uint64_t anchored;   /* and when; ns */
  int64_t burst, lead; /* how far the output is ahead of real time: by this source, and by those before */
};

/* If the next packet were the first of another source, and had the time at which it really came: how much of that source lies
 * before the end of what went out. Negative: a pause. */
int64_t rebase_behind(const struct rebase *rebase, const struct rebase_times *first, uint64_t arrived);
/* The next packet is the first of another source: it follows what went out, by as much time as has really passed. Where that is
 * too early, with `catch_up` its pictures are caught up: they follow each other within milliseconds, until they are where they
 * belong. Else the whole source comes later. */
void rebase_begin(struct rebase *rebase, const struct rebase_times *first, uint64_t arrived, bool catch_up);

/* The source's own time, as far as its picture or sound has come; for what has no time of its own. */
int64_t rebase_source_now(const struct rebase *rebase);

/* Maps a packet of output track `track` onto the output's timeline. False: it is sound that belongs before what has gone out;
 * drop it.
 * Data that is far from its picture and sound is given their time.
 * A step of the source's clock, forward or backward, becomes nothing: media time goes on as packets arrive. A gap in which
 * as much time has passed as is missing stays a gap. */
bool rebase_packet(struct rebase *rebase, int track, enum track_kind kind, uint64_t arrived,
                   struct rebase_times *times);

#endif
