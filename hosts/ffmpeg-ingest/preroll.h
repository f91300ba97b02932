/* preroll.h: what an input that is not on air delivered since its last key frame.
 * When it comes on air, the output may begin with that key frame instead of waiting for the next one. Each session has one. */
#ifndef PREROLL_H
#define PREROLL_H

#include <libavcodec/packet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct preroll_packet {
  AVPacket *packet;
  uint64_t arrived; /* CLOCK_MONOTONIC, ns */
};

struct preroll {
  struct preroll_packet *packets; /* the first is a key frame of the picture */
  size_t count, capacity, bytes;
};

/* Takes the packet over, or leaves it where it is of no use. */
void preroll_keep(struct preroll *preroll, AVPacket *packet, bool picture_starts, uint64_t arrived);
void preroll_clear(struct preroll *preroll);
void preroll_free(struct preroll *preroll);

#endif
