/* preroll.c: packets since the last key frame, within bounds. */
#include "preroll.h"

#include <stdlib.h>

#include "clock.h"

/* How much sound is kept from before the key frame: sources differ by less in how late their sound is, and it fills a pause
 * of this length. */
#define SOUND_BEFORE (3 * NS_PER_S)
#define PACKETS_MAX 8192u

static bool grow(struct preroll *preroll) {
  if (preroll->count < preroll->capacity) return true;
  const size_t capacity = preroll->capacity ? preroll->capacity * 2 : 64;
  struct preroll_packet *packets = realloc(preroll->packets, capacity * sizeof *packets);
  if (!packets) return false;
  preroll->packets = packets;
  preroll->capacity = capacity;
  return true;
}

/* Frees all packets that are not to stay. */
static void sieve(struct preroll *preroll, bool (*stays)(const struct preroll_packet *kept, uint64_t now),
                  uint64_t now) {
  size_t left = 0;
  for (size_t i = 0; i < preroll->count; i++) {
    struct preroll_packet *kept = &preroll->packets[i];
    if (stays(kept, now))
      preroll->packets[left++] = *kept;
    else
      av_packet_free(&kept->packet);
  }
  preroll->count = left;
}

static bool is_late_sound(const struct preroll_packet *kept, uint64_t now) {
  return kept->kind == TRACK_AUDIO && kept->arrived + SOUND_BEFORE > now;
}

static bool is_sound_or_key(const struct preroll_packet *kept, uint64_t now) {
  (void)now;
  return kept->kind == TRACK_AUDIO || kept->starts;
}

static bool is_late_enough(const struct preroll_packet *kept, uint64_t now) {
  return kept->kind != TRACK_AUDIO || kept->arrived + SOUND_BEFORE > now;
}

static void begin_with_key(struct preroll *preroll, uint64_t now) {
  sieve(preroll, is_late_sound, now);
  preroll->picture_bytes = 0;
  preroll->has_key = true;
  preroll->key_alone = preroll->follows = false;
}

static void keep_key_alone(struct preroll *preroll) {
  sieve(preroll, is_sound_or_key, 0);
  preroll->key_alone = true;
  preroll->follows = false;
}

/* Sound that no pictures bound needs an end of its own. */
static void drop_old_sound(struct preroll *preroll, uint64_t now) {
  const size_t before = preroll->count;
  sieve(preroll, is_late_enough, now);
  if (preroll->count < before) preroll->follows = false;
}

/* Pictures and data follow a key frame, or what was forwarded, and pictures only as long as all of them are there. */
static bool is_of_use(const struct preroll *preroll, enum track_kind kind, bool starts) {
  if (kind == TRACK_AUDIO || starts || preroll->follows) return true;
  return preroll->has_key && !(kind == TRACK_VIDEO && preroll->key_alone);
}

void preroll_keep(struct preroll *preroll, AVPacket *packet, enum track_kind kind, bool starts,
                  uint64_t arrived) {
  preroll->cut = true;
  if (starts)
    begin_with_key(preroll, arrived);
  else if ((!preroll->has_key || preroll->key_alone) && preroll->count && preroll->count % 64 == 0)
    drop_old_sound(preroll, arrived);
  if (!is_of_use(preroll, kind, starts)) return;
  const size_t size = (size_t)packet->size;
  const bool fits = kind != TRACK_VIDEO || starts || preroll->picture_bytes + size <= preroll->bytes_max;
  if (!fits || preroll->count >= PACKETS_MAX) {
    keep_key_alone(preroll);
    drop_old_sound(preroll, arrived);
    if (kind != TRACK_AUDIO || preroll->count >= PACKETS_MAX) return;
  }
  AVPacket *kept = grow(preroll) ? av_packet_alloc() : NULL;
  if (!kept) {
    preroll_clear(preroll); /* with a hole in it, it is worth nothing */
    preroll->cut = true;
    return;
  }
  av_packet_move_ref(kept, packet);
  if (kind == TRACK_VIDEO) preroll->picture_bytes += size;
  preroll->packets[preroll->count++] =
      (struct preroll_packet){.packet = kept, .kind = kind, .starts = starts, .arrived = arrived};
}

struct preroll preroll_take(struct preroll *preroll) {
  const struct preroll taken = *preroll;
  *preroll = (struct preroll){.bytes_max = taken.bytes_max};
  return taken;
}

size_t preroll_bytes(const struct preroll *preroll) {
  size_t bytes = 0;
  for (size_t i = 0; i < preroll->count; i++)
    bytes += (size_t)preroll->packets[i].packet->size;
  return bytes;
}

void preroll_clear(struct preroll *preroll) {
  for (size_t i = 0; i < preroll->count; i++)
    av_packet_free(&preroll->packets[i].packet);
  preroll->count = preroll->picture_bytes = 0;
  preroll->cut = preroll->follows = preroll->has_key = preroll->key_alone = false;
}

void preroll_forwarded(struct preroll *preroll) {
  preroll_clear(preroll);
  preroll->follows = true;
}

void preroll_free(struct preroll *preroll) {
  preroll_clear(preroll);
  free(preroll->packets);
  *preroll = (struct preroll){.packets = NULL};
}
