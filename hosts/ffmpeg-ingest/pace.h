/* pace.h: when a packet is due that could be read earlier, as from a file or a segment. */
#ifndef PACE_H
#define PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "tracks.h"

struct pace {
  struct pace_track {
    bool known;
    int64_t media, length; /* ns: of its last packet */
    uint64_t due;          /* CLOCK_MONOTONIC */
  } track[TRACKS_MAX];
};

/* `media`: decoding time, `length`: how long it lasts, both ns. `gaps`: nothing for a while is what the source means, as in a
 * file; otherwise it is a step of its clock. */
uint64_t pace_due(struct pace *pace, int track, int64_t media, int64_t length, bool gaps, uint64_t now);

#endif
