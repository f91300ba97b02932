/* preroll.c: packets since the last key frame, within bounds. */
#include "preroll.h"

#include <stdlib.h>

/* More than this between two key frames is not worth keeping. */
#define BYTES_MAX ((size_t)16 << 20)
#define PACKETS_MAX 4096u

static bool grow(struct preroll *preroll) {
  if (preroll->count < preroll->capacity) return true;
  const size_t capacity = preroll->capacity ? preroll->capacity * 2 : 64;
  struct preroll_packet *packets = realloc(preroll->packets, capacity * sizeof *packets);
  if (!packets) return false;
  preroll->packets = packets;
  preroll->capacity = capacity;
  return true;
}

void preroll_keep(struct preroll *preroll, AVPacket *packet, bool picture_starts, uint64_t arrived) {
  if (picture_starts) preroll_clear(preroll);
  if (!picture_starts && !preroll->count) return;
  AVPacket *kept =
      preroll->count < PACKETS_MAX && preroll->bytes < BYTES_MAX && grow(preroll) ? av_packet_alloc() : NULL;
  if (!kept) {
    preroll_clear(preroll); /* with a hole in it, it is worth nothing */
    return;
  }
  av_packet_move_ref(kept, packet);
  preroll->bytes += (size_t)kept->size;
  preroll->packets[preroll->count++] = (struct preroll_packet){.packet = kept, .arrived = arrived};
}

void preroll_clear(struct preroll *preroll) {
  for (size_t i = 0; i < preroll->count; i++)
    av_packet_free(&preroll->packets[i].packet);
  preroll->count = preroll->bytes = 0;
}

void preroll_free(struct preroll *preroll) {
  preroll_clear(preroll);
  free(preroll->packets);
  *preroll = (struct preroll){.packets = NULL};
}
