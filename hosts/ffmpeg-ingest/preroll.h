/* preroll.h: what an input delivered of late: the picture since its last key frame, and what else has not gone out, some sound above
 * all. When it comes on air, the output begins with that key frame instead of waiting for the next one, and the sound goes on
 * where that of the input before ended. Pictures that have gone out are kept, too, for an input that is left may be back within
 * its group of pictures. Each session has one. */
#ifndef PREROLL_H
#define PREROLL_H

#include <libavcodec/packet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracks.h"

struct preroll_packet {
  AVPacket *packet;
  enum track_kind kind;
  bool
      starts; /* a key frame of the picture: there is one at most, and no picture before it but what has not gone out */
  bool sent;        /* it has gone out: such are pictures since the key frame, */
  uint64_t arrived; /* CLOCK_MONOTONIC, ns */
};

struct preroll {
  size_t bytes_max;               /* of pictures; where there are more, only the key frame is kept */
  struct preroll_packet *packets; /* in the order in which they came */
  size_t count, capacity;
  size_t picture_bytes;
  bool cut;       /* since the last one that was forwarded a packet came: the input was not on air, */
  bool follows;   /* and all that came since then are here */
  bool has_key;   /* a key frame is here, and the pictures begin with it; */
  bool key_alone; /* some of those after it are missing */
};

/* Takes over the packet, which has not gone out, or leaves it where it is of no use. */
void preroll_keep(struct preroll *preroll, AVPacket *packet, enum track_kind kind, bool starts,
                  uint64_t arrived);
/* The same of one that has gone out, alone: what came before it and has not gone out is still to come. */
void preroll_keep_sent(struct preroll *preroll, AVPacket *packet, enum track_kind kind, bool starts,
                       uint64_t arrived);
/* The input is on air: all that has not gone out has, or never will. */
void preroll_forwarded(struct preroll *preroll);

/* References to what has not gone out, or (`whole`) to all of it: a value of the caller's. Without memory it is empty. */
struct preroll preroll_share(const struct preroll *preroll, bool whole);
size_t preroll_bytes(const struct preroll *preroll);
/* What comes next has nothing to do with what came before. */
void preroll_clear(struct preroll *preroll);
void preroll_free(struct preroll *preroll);

#endif
