/* rebase.c: continuous timestamps across switches, reconnects and steps of a source's clock. */
#include "rebase.h"

#include <stddef.h>

/* Tracks of one source are never further apart. */
#define APART (10 * TICKS_PER_S)
/* And usually no further than this. */
#define TOGETHER TICKS_PER_S
/* A step back of this size is disorder, not another clock. */
#define DISORDER (TICKS_PER_S / 10)
/* What a step forward may differ from what is expected, beside the track's own irregularity. */
#define JITTER (TICKS_PER_S / 4)
/* A longer step is no regular one. */
#define USUAL_MAX (2 * TICKS_PER_S)
/* A source that was just opened delivers what it had buffered in one go, during this time. */
#define BURST_WITHIN (2 * TICKS_PER_S)
/* How much faster than they were made pictures are caught up. Twice that many ticks are still less than any picture lasts. */
#define STEEP 900
/* Long enough to have seen the beginning of a burst. */
#define AHEAD_WINDOW UINT64_C(20000000000)

static int64_t ticks(uint64_t ns) { return (int64_t)(ns / 100000 * 9) + (int64_t)(ns % 100000 * 9 / 100000); }

static int64_t ticks_since(uint64_t then, uint64_t now) { return now > then ? ticks(now - then) : 0; }

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t distance(int64_t a, int64_t b) { return a < b ? b - a : a - b; }

/* The track whose packets keep the clock: a video track if there is one. */
static const struct rebase_track *leader(const struct rebase *rebase) {
  const struct rebase_track *best = NULL;
  for (int i = 0; i < TRACKS_MAX; i++) {
    const struct rebase_track *track = &rebase->track[i];
    if (!track->used || track->kind == TRACK_OTHER) continue;
    if (!best || (track->kind == TRACK_VIDEO && best->kind != TRACK_VIDEO)) best = track;
  }
  return best;
}

/* The earliest decoding time for a packet that is shown `delay` later. Data has no end: it may come long before it is shown. */
static int64_t end_of_all(const struct rebase *rebase, int64_t delay) {
  int64_t end = rebase->shown - delay;
  for (int i = 0; i < TRACKS_MAX; i++) {
    const struct rebase_track *track = &rebase->track[i];
    if (!track->used || track->kind == TRACK_OTHER) continue;
    if (track->given + track->length > end) end = track->given + track->length;
  }
  return end;
}

/* Where a packet is on the output's timeline if the time since the clock's last one has really passed. */
static int64_t real_time(const struct rebase *rebase, uint64_t arrived) {
  const struct rebase_track *clock = leader(rebase);
  const int64_t passed = ticks_since(clock->arrived, arrived) - ticks_since(arrived, clock->arrived);
  return clock->last + passed - rebase->burst - rebase->lead;
}

int64_t rebase_behind(const struct rebase *rebase, const struct rebase_times *first, uint64_t arrived) {
  if (!leader(rebase)) return 0;
  return end_of_all(rebase, first->pts - first->dts) - real_time(rebase, arrived);
}

/* Where pictures have their own times again: behind what went out, and behind all that is caught up from `begin` on. */
static int64_t joint(const struct rebase *rebase, int64_t begin) {
  const struct rebase_track *clock = leader(rebase);
  const int64_t free = (clock->given > rebase->pictured ? clock->given : rebase->pictured) + 1;
  return begin < free ? free + (free - begin) / STEEP + 4 : begin;
}

static int64_t caught_up(const struct rebase *rebase, int64_t time) {
  return time >= rebase->join ? time : rebase->join - 1 - (rebase->join - 1 - time) / STEEP;
}

void rebase_begin(struct rebase *rebase, const struct rebase_times *first, uint64_t arrived, bool catch_up) {
  int64_t begin = TICKS_PER_S; /* room for sound that starts a little before the picture */
  rebase->join = INT64_MIN;
  if (leader(rebase)) {
    const int64_t behind = rebase_behind(rebase, first, arrived);
    begin = real_time(rebase, arrived);
    if (behind > 0 && catch_up)
      rebase->join = joint(rebase, begin);
    else if (behind > 0)
      begin += behind;
    /* What it is ahead of real time now is taken off the next pause, or it would be further ahead with every switch. */
    rebase->lead = behind > 0 && !catch_up ? behind : 0;
  }
  rebase->offset = rebase->previous = begin - first->dts;
  rebase->source++;
  rebase->anchor = begin;
  rebase->anchored = arrived;
  rebase->burst = 0;
}

/* ---- steps of a source's clock ---- */

static int64_t ahead_of_arrival(const struct rebase *rebase, int64_t dts, uint64_t arrived) {
  return dts - rebase->anchor - ticks_since(rebase->anchored, arrived);
}

static int64_t usually_ahead(const struct rebase_ahead *ahead) {
  return ahead->known_before ? ahead->least_before : ahead->least;
}

/* How far ahead the next packet may be. The last picture before a gap comes to its end only with what follows the gap: it is as
 * late as that is missing, and what counts is the one before. */
static int64_t expected_ahead(const struct rebase_ahead *ahead, int64_t tolerance) {
  const int64_t usual = usually_ahead(ahead);
  const bool last_was_late = ahead->before_latest - ahead->latest > tolerance;
  return last_was_late && ahead->before_latest > usual ? ahead->before_latest : usual;
}

static void measure_ahead(struct rebase_ahead *ahead, int64_t now_ahead, uint64_t arrived) {
  ahead->before_latest = ahead->known || ahead->known_before ? ahead->latest : now_ahead;
  ahead->latest = now_ahead;
  if (ahead->known && arrived > ahead->began + AHEAD_WINDOW) {
    ahead->known_before = true;
    ahead->least_before = ahead->least;
    ahead->known = false;
  }
  if (!ahead->known) ahead->began = arrived;
  ahead->least = ahead->known ? smaller(ahead->least, now_ahead) : now_ahead;
  ahead->known = true;
}

static int64_t tolerance(const struct rebase_track *track) { return JITTER + 2 * track->usual; }

/* Has the picture gone over to this offset already, and is this packet where the picture is? */
static bool joins_leader(const struct rebase *rebase, const struct rebase_track *track, int64_t dts,
                         int64_t offset) {
  const struct rebase_track *clock = leader(rebase);
  return clock != track && track->offset != offset && clock->offset == offset &&
         distance(dts, clock->last) <= TOGETHER;
}

/* Is this the track's next packet, or one after a gap in which time has passed? */
static bool goes_on(const struct rebase *rebase, const struct rebase_track *track, int64_t source_dts,
                    int64_t offset, uint64_t arrived) {
  const int64_t dts = source_dts + offset;
  if (dts < track->last - DISORDER) return false;
  if (dts <= track->last + track->length + tolerance(track)) return true;
  const int64_t ahead = ahead_of_arrival(rebase, dts, arrived);
  if (ahead <= expected_ahead(&track->ahead, tolerance(track)) + tolerance(track)) return true;
  return joins_leader(rebase, track, dts, offset);
}

/* The clock has stepped: the track goes on behind its last packet, or later if there was a pause as well. */
static void step(struct rebase *rebase, const struct rebase_track *track, int64_t source_dts,
                 uint64_t arrived) {
  const int64_t next = track->last + track->length;
  const int64_t by_arrival = rebase->anchor + ticks_since(rebase->anchored, arrived) +
                             smaller(track->ahead.latest, usually_ahead(&track->ahead));
  rebase->previous = track->offset; /* where the others still are */
  rebase->offset = (by_arrival > next + tolerance(track) ? by_arrival : next) - source_dts;
}

static int64_t nearer(const struct rebase *rebase, int64_t source_dts, int64_t expected) {
  const int64_t now = distance(source_dts + rebase->offset, expected);
  return distance(source_dts + rebase->previous, expected) < now ? rebase->previous : rebase->offset;
}

/* The offset for a track that this source has already sent. */
static int64_t offset_of_next(struct rebase *rebase, const struct rebase_track *track, int64_t source_dts,
                              uint64_t arrived) {
  const int64_t near = nearer(rebase, source_dts, track->last + track->length);
  const int64_t far = near == rebase->offset ? rebase->previous : rebase->offset;
  if (goes_on(rebase, track, source_dts, near, arrived)) return near;
  if (goes_on(rebase, track, source_dts, far, arrived)) return far;
  step(rebase, track, source_dts, arrived);
  return rebase->offset;
}

/* Where the source is now, on the output's timeline. */
static int64_t source_now(const struct rebase *rebase, const struct rebase_track *clock, uint64_t arrived) {
  if (!clock || clock->source != rebase->source)
    return rebase->anchor + ticks_since(rebase->anchored, arrived);
  return clock->last + ticks_since(clock->arrived, arrived);
}

/* The offset for a track that has nothing of this source yet, or too little to go by: it is where the others are. */
static int64_t offset_of_first(struct rebase *rebase, const struct rebase_track *clock, bool may_step,
                               int64_t source_dts, uint64_t arrived) {
  if (!clock || clock->source != rebase->source) return rebase->offset;
  const int64_t now = source_now(rebase, clock, arrived);
  const int64_t near = nearer(rebase, source_dts, now);
  if (distance(source_dts + near, now) > APART && may_step) step(rebase, clock, source_dts, arrived);
  return distance(source_dts + near, now) > APART ? rebase->offset : near;
}

int64_t rebase_source_now(const struct rebase *rebase) {
  const struct rebase_track *clock = leader(rebase);
  return clock ? clock->last - clock->offset : 0;
}

/* How far this source has got ahead of real time since it began. */
static void measure_burst(struct rebase *rebase, int64_t dts, uint64_t arrived) {
  if (ticks_since(rebase->anchored, arrived) > BURST_WITHIN) return;
  const int64_t ahead = ahead_of_arrival(rebase, dts, arrived);
  rebase->burst = ahead > 0 ? ahead : 0;
}

/* What is not told is guessed, and so is what cannot be. */
static int64_t length_of(int64_t told, enum track_kind kind) {
  return told > 0 && told <= APART ? told : TICKS_PER_S / (kind == TRACK_VIDEO ? 25 : 50);
}

static void remember(struct rebase *rebase, struct rebase_track *track, enum track_kind kind,
                     const struct rebase_times *times, int64_t dts, int64_t offset, uint64_t arrived) {
  const bool follows = track->used && track->source == rebase->source;
  const int64_t came = smaller(dts - track->last, USUAL_MAX);
  const int64_t usual = track->usual - track->usual / 16;
  if (!follows) track->ahead = (struct rebase_ahead){.known = false};
  track->usual = follows && came > usual ? came : usual;
  track->used = true;
  track->kind = kind;
  track->source = rebase->source;
  track->last = dts;
  track->given = times->dts;
  track->offset = offset;
  track->length = length_of(times->length, kind);
  track->arrived = arrived;
  /* What was buffered before it was opened comes at once: until then it is not known how far ahead it is. */
  if (ticks_since(rebase->anchored, arrived) < BURST_WITHIN) track->ahead.known = false;
  measure_ahead(&track->ahead, ahead_of_arrival(rebase, dts, arrived), arrived);
  if (kind != TRACK_OTHER && times->pts + track->length > rebase->shown)
    rebase->shown = times->pts + track->length;
  if (kind == TRACK_VIDEO && times->pts > rebase->pictured) rebase->pictured = times->pts;
}

/* The earliest decoding time at which the track can go on. The sounds of two sources meet within half a frame; what is far behind
 * the picture that was written would come after its time. */
static int64_t earliest(const struct rebase *rebase, const struct rebase_track *track, enum track_kind kind) {
  if (!track->used) return 0;
  if (kind != TRACK_AUDIO || track->source == rebase->source) return track->given + 1;
  const int64_t meets = track->given + (track->length + 1) / 2;
  const int64_t in_time = leader(rebase)->given - TOGETHER;
  return meets > in_time ? meets : in_time;
}

bool rebase_packet(struct rebase *rebase, int number, enum track_kind kind, uint64_t arrived,
                   struct rebase_times *times) {
  struct rebase_track *track = &rebase->track[number];
  const bool known = track->used && track->source == rebase->source && kind != TRACK_OTHER;
  const int64_t offset =
      known ? offset_of_next(rebase, track, times->dts, arrived)
            : offset_of_first(rebase, leader(rebase), kind != TRACK_OTHER, times->dts, arrived);
  int64_t dts = times->dts + offset, pts = times->pts + offset;
  if (kind == TRACK_OTHER) {
    const int64_t now = source_now(rebase, leader(rebase), arrived);
    if (distance(dts, now) > APART) dts = pts = now; /* such a time is none */
  }
  const int64_t from = earliest(rebase, track, kind);
  if (dts < from && kind == TRACK_AUDIO) return false;
  times->moved = offset;
  times->dts = kind == TRACK_AUDIO ? dts : caught_up(rebase, dts);
  times->pts = kind == TRACK_AUDIO ? pts : caught_up(rebase, pts);
  if (times->dts < from)
    times->dts = from; /* later pictures need this one; data is worth more than its order */
  if (times->pts < times->dts) times->pts = times->dts;
  remember(rebase, track, kind, times, dts, offset, arrived);
  if (leader(rebase) == track) measure_burst(rebase, dts, arrived);
  return true;
}
