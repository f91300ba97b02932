/* pace.c: media time to time. Each track goes by its own last packet: a clock steps for one track after the other. */
#include "pace.h"

#include "clock.h"

/* Tracks of one source are never further apart, and files have no longer gaps. */
#define APART ((int64_t)(10 * NS_PER_S))
/* Beyond two packets' length. */
#define JITTER ((int64_t)(250 * NS_PER_MS))

/* Slides stand that long; who tells of more is mistaken. */
#define LONGEST ((int64_t)(60 * NS_PER_S))

/* Its first packet goes by another track. */
static uint64_t due_beside(const struct pace *pace, int64_t media, uint64_t now) {
  for (int i = 0; i < TRACKS_MAX; i++) {
    const struct pace_track *other = &pace->track[i];
    const int64_t behind = media - other->media;
    if (other->known && behind > -APART && behind < APART) return other->due + (uint64_t)behind;
  }
  return now;
}

uint64_t pace_due(struct pace *pace, int number, int64_t media, int64_t told, bool gaps, uint64_t now) {
  const int64_t length = told < LONGEST ? told : LONGEST;
  struct pace_track *track = &pace->track[number];
  const int64_t step = media - track->media;
  const int64_t longest = gaps ? APART : JITTER + 2 * (length > track->length ? length : track->length);
  if (!track->known)
    track->due = due_beside(pace, media, now);
  else
    track->due += (uint64_t)(step >= 0 && step <= longest ? step : track->length);
  track->known = true;
  track->media = media;
  track->length = length;
  return track->due;
}
