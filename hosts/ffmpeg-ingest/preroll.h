/* preroll.h: what an input that is not on air delivered of late: the picture since its last key frame, and some sound.
 * When it comes on air, the output begins with that key frame instead of waiting for the next one, and the sound goes on
 * where that of the input before ended. Each session has one. */
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
  bool starts;      /* a key frame of the picture: there is one at most, and no picture before it */
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
  bool key_alone; /* those after it are missing */
};

/* Takes the packet over, or leaves it where it is of no use. */
void preroll_keep(struct preroll *preroll, AVPacket *packet, enum track_kind kind, bool starts,
                  uint64_t arrived);
/* All of it, as a value of the caller's; what is left is empty. */
struct preroll preroll_take(struct preroll *preroll);
size_t preroll_bytes(const struct preroll *preroll);
/* The input is on air: nothing needs to be kept. */
void preroll_forwarded(struct preroll *preroll);
/* What comes next has nothing to do with what came before. */
void preroll_clear(struct preroll *preroll);
void preroll_free(struct preroll *preroll);

#endif
