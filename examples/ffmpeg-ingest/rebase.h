/* rebase.h: one continuous timeline out of the timelines of many sources.
 * All times here are ticks of 90 kHz, MPEG-TS's own unit. No libavformat, no threads: see rebase_test.c. */
#ifndef REBASE_H
#define REBASE_H

#include <stdbool.h>
#include <stdint.h>

#include "tracks.h"

#define TICKS_PER_S INT64_C(90000)

struct rebase_times {
  int64_t dts, pts, length;
};

struct rebase_track {
  bool used;
  bool is_video;
  int64_t last;     /* last decoding time given out */
  int64_t length;   /* of that packet */
  uint64_t arrived; /* ns */
};

struct rebase {
  bool started;
  struct rebase_track track[TRACKS_MAX];
  int64_t
      offset; /* source time + offset = output time, the same for all tracks: picture and sound stay together */
  int64_t previous;  /* the offset before: a track may still be there when another has jumped already */
  int64_t shown;     /* when the last picture or sound ends */
  uint64_t anchored; /* ns: when the offset was chosen */
  int64_t lead, burst, credit;
};

/* The next packet is the first of another source: it follows what went out, by as much as time has really passed. */
void rebase_begin(struct rebase *rebase, const struct rebase_times *first, uint64_t arrived);

/* Maps a packet of output track `track` onto the output's timeline. False: it belongs before what has gone out; drop it. */
bool rebase_packet(struct rebase *rebase, int track, bool is_video, uint64_t arrived,
                   struct rebase_times *times);

#endif
