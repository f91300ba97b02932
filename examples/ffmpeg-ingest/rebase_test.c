/* rebase_test.c: the timeline arithmetic, without media. Exit 0: all as it should be. */
#include "rebase.h"

#include "check.h"

#define MS UINT64_C(1000000)
#define S (1000 * MS)
#define FRAME (TICKS_PER_S / 25)

static void begin(struct rebase *rebase, int64_t dts, uint64_t arrived) {
  rebase_begin(rebase, &(struct rebase_times){.dts = dts, .pts = dts}, arrived);
}

static int64_t send(struct rebase *rebase, int track, int64_t dts, uint64_t arrived) {
  struct rebase_times times = {.dts = dts, .pts = dts, .length = FRAME};
  return rebase_packet(rebase, track, track == 0, arrived, &times) ? times.dts : -1;
}

static int64_t frames(struct rebase *rebase, int count, int64_t dts, uint64_t arrived) {
  int64_t last = -1;
  for (int i = 0; i < count; i++)
    last = send(rebase, 0, dts + i * FRAME, arrived + (uint64_t)i * 40 * MS);
  return last;
}

static void a_switch_lasts_as_long_as_it_really_took(void) {
  struct rebase rebase = {.started = false};
  begin(&rebase, 5000000, 10 * S);
  const int64_t last = frames(&rebase, 25, 5000000, 10 * S); /* until 10.96 s */
  begin(&rebase, 77, 12 * S);
  const int64_t next = send(&rebase, 0, 77, 12 * S);
  CHECK(next - last == TICKS_PER_S * 1040 / 1000);
  CHECK(send(&rebase, 0, 77 + FRAME, 12 * S + 40 * MS) == next + FRAME);
}

static void a_source_that_is_early_follows_at_once(void) {
  struct rebase rebase = {.started = false};
  begin(&rebase, 0, S);
  const int64_t last = frames(&rebase, 25, 0, S);
  begin(&rebase, 900, S + 960 * MS);
  CHECK(send(&rebase, 0, 900, S + 960 * MS) == last + FRAME);
}

static void pictures_shown_late_are_not_overtaken(void) {
  struct rebase rebase = {.started = false};
  struct rebase_times late = {.dts = 0, .pts = 2 * FRAME, .length = FRAME}; /* as with B-frames */
  rebase_begin(&rebase, &late, S);
  CHECK(rebase_packet(&rebase, 0, true, S, &late));
  struct rebase_times next = {.dts = 0, .pts = 0, .length = FRAME};
  rebase_begin(&rebase, &next, S);
  CHECK(rebase_packet(&rebase, 0, true, S, &next));
  CHECK(next.pts == late.pts + FRAME);
}

static void sound_before_the_end_of_what_went_out_is_dropped(void) {
  struct rebase rebase = {.started = false};
  begin(&rebase, 0, S);
  send(&rebase, 0, 0, S);
  CHECK(send(&rebase, 1, -10 * FRAME, S) == TICKS_PER_S - 10 * FRAME); /* its first: may be early */
  const int64_t sound = send(&rebase, 1, 1000, S);
  CHECK(sound == TICKS_PER_S + 1000);
  begin(&rebase, 500000, S + 40 * MS);
  const int64_t picture = send(&rebase, 0, 500000, S + 40 * MS);
  CHECK(picture > sound);
  CHECK(send(&rebase, 1, 500000 - 2 * FRAME, S + 41 * MS) == -1);
  CHECK(send(&rebase, 1, 500000 + 100, S + 42 * MS) == picture + 100);
}

static void a_clock_that_jumps_starts_anew_and_tracks_stay_together(void) {
  struct rebase rebase = {.started = false};
  begin(&rebase, 0, S);
  const int64_t picture = frames(&rebase, 25, 0, S);
  const int64_t sound = send(&rebase, 1, 24 * FRAME, S + 960 * MS);
  /* the picture jumps ahead by an hour; the sound comes over from the old clock a little later */
  const int64_t hour = 3600 * TICKS_PER_S;
  CHECK(send(&rebase, 0, hour, S + 1000 * MS) == picture + FRAME);
  CHECK(send(&rebase, 1, 25 * FRAME, S + 1001 * MS) == sound + FRAME);
  CHECK(send(&rebase, 1, hour + FRAME, S + 1002 * MS) == picture + 2 * FRAME);
  /* and back to zero */
  CHECK(send(&rebase, 0, 0, S + 1040 * MS) > picture + FRAME);
}

static void decoding_times_only_rise(void) {
  struct rebase rebase = {.started = false};
  begin(&rebase, 0, S);
  const int64_t first = send(&rebase, 0, 0, S);
  CHECK(send(&rebase, 0, 0, S) == first + 1);
  CHECK(send(&rebase, 0, -FRAME, S) == first + 2);
}

static void bursts_at_opening_do_not_add_up(void) {
  struct rebase rebase = {.started = false};
  int64_t last = 0;
  uint64_t now = S;
  const uint64_t began = now;
  for (int i = 0; i < 50; i++) {
    begin(&rebase, 0, now);
    for (int frame = 0; frame < 20; frame++)
      last = send(&rebase, 0, frame * FRAME, now); /* 0.8 s at once */
    for (int frame = 20; frame < 120; frame++) {
      now += 40 * MS;
      last = send(&rebase, 0, frame * FRAME, now);
    }
    now += 2 * S; /* dead air */
  }
  const int64_t ahead = last - TICKS_PER_S - (int64_t)((now - 2 * S - began) / 100000 * 9);
  CHECK(ahead >= 0 && ahead < TICKS_PER_S);
}

int main(void) {
  a_switch_lasts_as_long_as_it_really_took();
  a_source_that_is_early_follows_at_once();
  pictures_shown_late_are_not_overtaken();
  sound_before_the_end_of_what_went_out_is_dropped();
  a_clock_that_jumps_starts_anew_and_tracks_stay_together();
  decoding_times_only_rise();
  bursts_at_opening_do_not_add_up();
  return failures ? 1 : 0;
}
