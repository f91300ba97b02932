/* rebase.c: continuous timestamps across switches, reconnects and jumps of a source's clock. */
#include "rebase.h"

#include <stddef.h>

/* Steps of one track that are still the same timeline. */
#define STEP_FORWARD (10 * TICKS_PER_S)
#define STEP_BACK_VIDEO (TICKS_PER_S / 10)
#define STEP_BACK_AUDIO TICKS_PER_S
/* A source that was just opened delivers what it had buffered in one go, during this time. */
#define BURST_WITHIN (2 * TICKS_PER_S)

static int64_t ticks(uint64_t ns) { return (int64_t)(ns / 100000 * 9) + (int64_t)(ns % 100000 * 9 / 100000); }

/* The track whose packets keep the clock: a video track if there is one. */
static const struct rebase_track *leader(const struct rebase *rebase) {
  const struct rebase_track *best = NULL;
  for (int i = 0; i < TRACKS_MAX; i++) {
    const struct rebase_track *track = &rebase->track[i];
    if (track->used && (!best || (track->is_video && !best->is_video))) best = track;
  }
  return best;
}

/* The earliest decoding time for a packet that is shown `delay` later. */
static int64_t end_of_all(const struct rebase *rebase, int64_t delay) {
  int64_t end = rebase->shown - delay;
  for (int i = 0; i < TRACKS_MAX; i++) {
    const struct rebase_track *track = &rebase->track[i];
    if (track->used && track->last + track->length > end) end = track->last + track->length;
  }
  return end;
}

void rebase_begin(struct rebase *rebase, const struct rebase_times *first, uint64_t arrived) {
  int64_t begin = TICKS_PER_S; /* room for sound that starts a little before the picture */
  const struct rebase_track *clock = leader(rebase);
  if (clock) {
    /* What earlier sources delivered ahead of time is taken off the pauses, or the output would run further ahead of
     * real time with every switch. */
    rebase->credit += rebase->burst;
    const int64_t end = end_of_all(rebase, first->pts - first->dts);
    const int64_t real = clock->last + (arrived > clock->arrived ? ticks(arrived - clock->arrived) : 0);
    const int64_t pause = real > end ? real - end : 0;
    const int64_t used = rebase->credit < pause ? rebase->credit : pause;
    rebase->credit -= used;
    begin = end + pause - used;
  }
  rebase->previous = rebase->started ? rebase->offset : begin - first->dts;
  rebase->offset = begin - first->dts;
  rebase->started = true;
  rebase->anchored = arrived;
  rebase->burst = 0;
  rebase->lead = begin;
}

static bool plausible(const struct rebase_track *track, bool is_video, int64_t dts, uint64_t arrived) {
  const int64_t waited = arrived > track->arrived ? ticks(arrived - track->arrived) : 0;
  const int64_t back = is_video ? STEP_BACK_VIDEO : STEP_BACK_AUDIO;
  return dts >= track->last - back && dts <= track->last + waited + STEP_FORWARD;
}

static int64_t choose_offset(struct rebase *rebase, const struct rebase_track *track, bool is_video,
                             const struct rebase_times *times, uint64_t arrived) {
  if (plausible(track, is_video, times->dts + rebase->offset, arrived)) return rebase->offset;
  if (plausible(track, is_video, times->dts + rebase->previous, arrived)) return rebase->previous;
  rebase_begin(rebase, times, arrived);
  return rebase->offset;
}

/* How far this source has got ahead of real time since it began. */
static void measure_burst(struct rebase *rebase, int64_t dts, uint64_t arrived) {
  const int64_t since = arrived > rebase->anchored ? ticks(arrived - rebase->anchored) : 0;
  if (since > BURST_WITHIN) return;
  const int64_t ahead = dts - rebase->lead - since;
  rebase->burst = ahead > 0 ? ahead : 0;
}

bool rebase_packet(struct rebase *rebase, int number, bool is_video, uint64_t arrived,
                   struct rebase_times *times) {
  struct rebase_track *track = &rebase->track[number];
  const struct rebase_track *compare = track->used ? track : leader(rebase);
  const int64_t offset = compare ? choose_offset(rebase, compare, is_video, times, arrived) : rebase->offset;
  int64_t dts = times->dts + offset;
  int64_t pts = times->pts + offset;
  const int64_t earliest = track->used ? track->last + 1 : 0;
  if (dts < earliest) {
    if (!is_video) return false;
    dts = earliest; /* later pictures need this one */
  }
  if (pts < dts) pts = dts;
  track->used = true;
  track->is_video = is_video;
  track->last = dts;
  track->length = times->length > 0 ? times->length : is_video ? TICKS_PER_S / 25 : TICKS_PER_S / 50;
  track->arrived = arrived;
  if (pts + track->length > rebase->shown) rebase->shown = pts + track->length;
  if (leader(rebase) == track) measure_burst(rebase, dts, arrived);
  times->dts = dts;
  times->pts = pts;
  return true;
}
