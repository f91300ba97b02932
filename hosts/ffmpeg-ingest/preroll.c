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
  preroll->picture_bytes = 0;
  for (size_t i = 0; i < preroll->count; i++) {
    struct preroll_packet *kept = &preroll->packets[i];
    if (stays(kept, now)) {
      if (kept->kind == TRACK_VIDEO) preroll->picture_bytes += (size_t)kept->packet->size;
      preroll->packets[left++] = *kept;
    } else {
      if (!kept->sent) preroll->follows = false;
      av_packet_free(&kept->packet);
    }
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

static bool is_unsent_or_key(const struct preroll_packet *kept, uint64_t now) {
  (void)now;
  return !kept->sent || kept->starts;
}

static bool is_key(const struct preroll_packet *kept, uint64_t now) {
  (void)now;
  return kept->starts;
}

static bool is_picture(const struct preroll_packet *kept, uint64_t now) {
  (void)now;
  return kept->kind == TRACK_VIDEO;
}

static bool is_late_enough(const struct preroll_packet *kept, uint64_t now) {
  return kept->kind != TRACK_AUDIO || kept->arrived + SOUND_BEFORE > now;
}

static void begin_with_key(struct preroll *preroll, bool sent, uint64_t now) {
  sieve(preroll, is_late_sound, now);
  preroll->has_key = true;
  preroll->key_alone = false;
  if (!sent) preroll->follows = false;
}

static bool has_room(const struct preroll *preroll, enum track_kind kind, size_t size) {
  const bool fits = kind != TRACK_VIDEO || preroll->picture_bytes + size <= preroll->bytes_max;
  return fits && preroll->count < PACKETS_MAX;
}

/* Makes room at the cost of pictures: first of those that have gone out. Does the packet still have its place? */
static bool make_room(struct preroll *preroll, enum track_kind kind, size_t size, bool sent, uint64_t now) {
  if (has_room(preroll, kind, size)) return true;
  preroll->key_alone = true;
  sieve(preroll, is_unsent_or_key, now);
  if (kind == TRACK_VIDEO && sent) return false;
  if (preroll->follows && has_room(preroll, kind, size)) return true;
  sieve(preroll, is_sound_or_key, now);
  sieve(preroll, is_late_enough, now);
  if (kind != TRACK_AUDIO) preroll->follows = false;
  return kind == TRACK_AUDIO && has_room(preroll, kind, size);
}

/* Pictures and data follow a key frame, or what was forwarded, and pictures only as long as all of them are there. */
static bool is_of_use(const struct preroll *preroll, enum track_kind kind, bool starts, bool sent) {
  if (sent && kind != TRACK_VIDEO) return false;
  if (kind == TRACK_AUDIO || starts || (preroll->follows && !sent)) return true;
  return preroll->has_key && !(kind == TRACK_VIDEO && preroll->key_alone);
}

static void keep(struct preroll *preroll, const struct preroll_packet *what) {
  const size_t size = (size_t)what->packet->size;
  if (!is_of_use(preroll, what->kind, what->starts, what->sent)) return;
  if (what->starts) begin_with_key(preroll, what->sent, what->arrived);
  if (!what->starts && !make_room(preroll, what->kind, size, what->sent, what->arrived)) return;
  AVPacket *kept = grow(preroll) ? av_packet_alloc() : NULL;
  if (!kept) {
    preroll_clear(preroll); /* with a hole in it, it is worth nothing */
    preroll->cut = true;
    return;
  }
  av_packet_move_ref(kept, what->packet);
  if (what->kind == TRACK_VIDEO) preroll->picture_bytes += size;
  preroll->packets[preroll->count] = *what;
  preroll->packets[preroll->count++].packet = kept;
}

void preroll_keep(struct preroll *preroll, AVPacket *packet, enum track_kind kind, bool starts,
                  uint64_t arrived) {
  preroll->cut = true;
  /* Sound that no pictures bound needs an end of its own. */
  if ((!preroll->has_key || preroll->key_alone) && preroll->count && preroll->count % 64 == 0)
    sieve(preroll, is_late_enough, arrived);
  const struct preroll_packet what = {.packet = packet, .kind = kind, .starts = starts, .arrived = arrived};
  keep(preroll, &what);
}

void preroll_keep_sent(struct preroll *preroll, AVPacket *packet, enum track_kind kind, bool starts,
                       uint64_t arrived) {
  const struct preroll_packet what = {
      .packet = packet, .kind = kind, .starts = starts, .sent = true, .arrived = arrived};
  keep(preroll, &what);
}

void preroll_forwarded(struct preroll *preroll) {
  if (preroll->cut) {
    sieve(preroll, preroll->has_key && !preroll->key_alone ? is_picture : is_key, 0);
    for (size_t i = 0; i < preroll->count; i++)
      preroll->packets[i].sent = true;
  }
  preroll->cut = false;
  preroll->follows = true;
}

struct preroll preroll_share(const struct preroll *preroll, bool whole) {
  struct preroll shared = *preroll;
  shared.packets = NULL;
  shared.count = shared.capacity = shared.picture_bytes = 0;
  for (size_t i = 0; i < preroll->count; i++) {
    if (preroll->packets[i].sent && !whole) continue;
    AVPacket *packet = grow(&shared) ? av_packet_clone(preroll->packets[i].packet) : NULL;
    if (!packet) {
      preroll_free(&shared);
      break;
    }
    shared.packets[shared.count] = preroll->packets[i];
    shared.packets[shared.count++].packet = packet;
  }
  return shared;
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

void preroll_free(struct preroll *preroll) {
  preroll_clear(preroll);
  free(preroll->packets);
  *preroll = (struct preroll){.packets = NULL};
}
