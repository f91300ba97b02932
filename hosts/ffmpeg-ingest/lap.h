/* lap.h: a file that is read again and again, as if it were one that never ends. */
#ifndef LAP_H
#define LAP_H

#include <libavformat/avformat.h>
#include <stdbool.h>
#include <stdint.h>

#include "tracks.h"

struct lap {
  struct lap_track {
    bool seen;
    int64_t begin, end; /* ns of the file's own time */
  } track[TRACKS_MAX];
  int64_t shift; /* ns: what was played before */
};

/* Notes when the packet is, and moves it behind the laps before. */
void lap_move(struct lap *lap, const struct tracks *tracks, AVPacket *packet);
/* At the end: back to the beginning. False: there was nothing in it, or it cannot be read twice, or
 * decades were played. */
bool lap_again(struct lap *lap, const struct tracks *tracks, AVFormatContext *format);

#endif
