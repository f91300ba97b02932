/* rebase_test.c: the timeline arithmetic, without media. Exit 0: all as it should be. */
#include "rebase.h"

#include "check.h"

#define MS UINT64_C(1000000)
#define S (1000 * MS)
#define FRAME (TICKS_PER_S / 25)

static void begin(struct rebase *rebase, int64_t dts, uint64_t arrived) {
  rebase_begin(rebase, &(struct rebase_times){.dts = dts, .pts = dts}, arrived, false);
}

static int64_t send_long(struct rebase *rebase, int track, int64_t dts, int64_t length, uint64_t arrived) {
  static const enum track_kind kinds[] = {TRACK_VIDEO, TRACK_AUDIO, TRACK_OTHER};
  struct rebase_times times = {.dts = dts, .pts = dts, .length = length};
  return rebase_packet(rebase, track, kinds[track], arrived, &times) ? times.dts : -1;
}

static int64_t send(struct rebase *rebase, int track, int64_t dts, uint64_t arrived) {
  return send_long(rebase, track, dts, FRAME, arrived);
}

static int64_t frames(struct rebase *rebase, int count, int64_t dts, uint64_t arrived) {
  int64_t last = -1;
  for (int i = 0; i < count; i++)
    last = send(rebase, 0, dts + i * FRAME, arrived + (uint64_t)i * 40 * MS);
  return last;
}

static void a_switch_lasts_as_long_as_it_really_took(void) {
  struct rebase rebase = {.source = 0};
  begin(&rebase, 5000000, 10 * S);
  const int64_t last = frames(&rebase, 25, 5000000, 10 * S); /* until 10.96 s */
  begin(&rebase, 77, 12 * S);
  const int64_t next = send(&rebase, 0, 77, 12 * S);
  CHECK(next - last == TICKS_PER_S * 1040 / 1000);
  CHECK(send(&rebase, 0, 77 + FRAME, 12 * S + 40 * MS) == next + FRAME);
}

static void a_source_that_is_early_follows_at_once(void) {
  struct rebase rebase = {.source = 0};
  begin(&rebase, 0, S);
  const int64_t last = frames(&rebase, 25, 0, S);
  begin(&rebase, 900, S + 960 * MS);
  CHECK(send(&rebase, 0, 900, S + 960 * MS) == last + FRAME);
}

static void pictures_shown_late_are_not_overtaken(void) {
  struct rebase rebase = {.source = 0};
  struct rebase_times late = {.dts = 0, .pts = 2 * FRAME, .length = FRAME}; /* as with B-frames */
  rebase_begin(&rebase, &late, S, false);
  CHECK(rebase_packet(&rebase, 0, TRACK_VIDEO, S, &late));
  struct rebase_times next = {.dts = 0, .pts = 0, .length = FRAME};
  rebase_begin(&rebase, &next, S, false);
  CHECK(rebase_packet(&rebase, 0, TRACK_VIDEO, S, &next));
  CHECK(next.pts == late.pts + FRAME);
}

static void sound_before_the_end_of_what_went_out_is_dropped(void) {
  struct rebase rebase = {.source = 0};
  begin(&rebase, 0, S);
  send(&rebase, 0, 0, S);
  CHECK(send(&rebase, 1, -10 * FRAME, S) == TICKS_PER_S - 10 * FRAME); /* its first: may be early */
  int64_t sound = -1;
  for (int i = -9; i <= 0; i++)
    sound = send(&rebase, 1, 1000 + i * FRAME, S);
  CHECK(sound == TICKS_PER_S + 1000);
  begin(&rebase, 500000, S + 40 * MS);
  const int64_t picture = send(&rebase, 0, 500000, S + 40 * MS);
  CHECK(picture > sound);
  CHECK(send(&rebase, 1, 500000 - 2 * FRAME, S + 41 * MS) == -1);
  CHECK(send(&rebase, 1, 500000 + 100, S + 42 * MS) == picture + 100);
}

static void a_clock_that_jumps_starts_anew_and_tracks_stay_together(void) {
  struct rebase rebase = {.source = 0};
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
  struct rebase rebase = {.source = 0};
  begin(&rebase, 0, S);
  const int64_t first = send(&rebase, 0, 0, S);
  CHECK(send(&rebase, 0, 0, S) == first + 1);
  CHECK(send(&rebase, 0, -FRAME, S) == first + 2);
}

static void bursts_at_opening_do_not_add_up(void) {
  struct rebase rebase = {.source = 0};
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

/* A source with a picture and a sound that lags behind it a little, which can step, stall and lose packets. */
struct player {
  struct rebase rebase;
  uint64_t now;
  int64_t media, step; /* the source's own time, and what its clock adds */
  int64_t picture, sound, longest_pause;
  int64_t moved; /* of the picture: output time - media time */
  int64_t apart; /* the same of the sound minus that of the picture, at most */
};

#define SOUND_LATE (9 * FRAME)

static struct player player(void) {
  struct player player = {.now = 100 * S, .media = 1000 * FRAME};
  begin(&player.rebase, player.media, player.now);
  return player;
}

static void pause_of(struct player *player, int64_t *last, int64_t now) {
  if (*last && now - *last > player->longest_pause) player->longest_pause = now - *last;
  *last = now;
}

/* `pace`: ns from picture to picture. The sound meets the step of the clock as late as its media is. */
static void play(struct player *player, int frames, uint64_t pace, int64_t step_at_begin) {
  const int64_t began = player->media;
  const int64_t before = player->step;
  player->step += step_at_begin;
  for (int i = 0; i < frames; i++) {
    const int64_t picture = send(&player->rebase, 0, player->media + player->step, player->now);
    const int64_t heard = player->media - SOUND_LATE;
    const int64_t sound =
        send(&player->rebase, 1, heard + (heard < began ? before : player->step), player->now);
    CHECK(picture >= 0);
    pause_of(player, &player->picture, picture);
    if (sound >= 0) {
      pause_of(player, &player->sound, sound);
      player->moved = picture - player->media;
      const int64_t apart = sound - heard - player->moved;
      if (heard >= began && (apart > player->apart || -apart > player->apart))
        player->apart = apart < 0 ? -apart : apart;
    }
    player->media += FRAME;
    player->now += pace;
  }
}

static void steps_of_the_clock_leave_no_hole(void) {
  static const int64_t steps[] = {5000, -5000, 1000, -1000, 500, -500, 9900, -9900, 20000, -20000, -200};
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    struct player one = player();
    play(&one, 200, 40 * MS, 0);
    const int64_t moved = one.moved;
    play(&one, 200, 40 * MS, steps[i] * TICKS_PER_S / 1000);
    play(&one, 200, 40 * MS, -steps[i] * TICKS_PER_S / 1000);
    CHECK(one.longest_pause <= 2 * FRAME);
    CHECK(one.apart <= FRAME);
    CHECK(one.moved == moved); /* no further from real time than before */
  }
}

static void many_steps_do_not_add_up(void) {
  struct player one = player();
  play(&one, 100, 40 * MS, 0);
  const int64_t moved = one.moved;
  for (int i = 0; i < 60; i++)
    play(&one, 50, 40 * MS, (i % 7 - 3) * TICKS_PER_S);
  CHECK(one.longest_pause <= 2 * FRAME);
  CHECK(one.apart <= FRAME);
  CHECK(one.moved - moved <= FRAME && moved - one.moved <= FRAME);
}

/* The sound is still where the picture was before, which is not where it stepped to last. */
static void a_step_after_a_way_back_leaves_no_hole(void) {
  struct player one = player();
  play(&one, 100, 40 * MS, 0);
  play(&one, 50, 40 * MS, 5 * TICKS_PER_S);
  play(&one, 50, 40 * MS, -5 * TICKS_PER_S);
  play(&one, 50, 40 * MS, -TICKS_PER_S);
  CHECK(one.longest_pause <= 2 * FRAME);
  CHECK(one.apart <= FRAME);
}

static void what_was_lost_stays_a_gap(void) {
  struct player one = player();
  play(&one, 200, 40 * MS, 0);
  const int64_t moved = one.moved;
  one.media += 75 * FRAME; /* three seconds of packets did not arrive */
  one.now += 75 * 40 * MS;
  play(&one, 200, 40 * MS, 0);
  CHECK(one.longest_pause == 76 * FRAME);
  CHECK(one.moved == moved);
}

/* What was buffered before it was opened puts the source ahead for good. */
static void what_was_lost_after_a_burst_at_opening_stays_a_gap(void) {
  struct rebase rebase = {.source = 0};
  begin(&rebase, 0, S);
  int64_t last = -1;
  for (int i = 0; i < 10; i++)
    last = send(&rebase, 0, i * FRAME, S);
  last = frames(&rebase, 150, 10 * FRAME, S);                            /* until 7 s */
  const int64_t next = send(&rebase, 0, 177 * FRAME, S + 167 * 40 * MS); /* 17 pictures are lost */
  CHECK(next - last == 18 * FRAME);
}

/* A parser holds the last picture before the gap until the next one comes. */
static void a_gap_whose_last_picture_is_late_stays_a_gap(void) {
  struct rebase rebase = {.source = 0};
  begin(&rebase, 0, S);
  frames(&rebase, 150, 0, S);
  const uint64_t after = S + 170 * 40 * MS;
  const int64_t last = send(&rebase, 0, 150 * FRAME, after); /* 0.8 s late */
  CHECK(send(&rebase, 0, 170 * FRAME, after) - last == 20 * FRAME);
  CHECK(send(&rebase, 0, 171 * FRAME, after + 40 * MS) - last == 21 * FRAME);
}

static void what_was_lost_while_we_slept_stays_a_gap(void) {
  struct player one = player();
  play(&one, 600, 40 * MS, 0);
  const int64_t moved = one.moved;
  one.now += 3 * S;
  play(&one, 5, 0, 0); /* what the socket could hold */
  one.media += 70 * FRAME;
  play(&one, 100, 40 * MS, 0);
  CHECK(one.longest_pause >= 70 * FRAME && one.longest_pause <= 72 * FRAME);
  CHECK(one.moved == moved);
}

static void a_stall_is_no_step(void) {
  struct player one = player();
  play(&one, 200, 40 * MS, 0);
  one.now += 3 * S;
  play(&one, 75, 0, 0); /* all of it comes at once */
  play(&one, 100, 40 * MS, 0);
  CHECK(one.longest_pause == FRAME);
}

static void a_pause_with_a_new_clock_lasts_as_long_as_it_did(void) {
  struct player one = player();
  play(&one, 200, 40 * MS, 0);
  one.now += 2 * S;
  play(&one, 200, 40 * MS, -5 * TICKS_PER_S);
  CHECK(one.longest_pause >= 49 * FRAME && one.longest_pause <= 53 * FRAME);
  CHECK(one.apart <= FRAME);
}

static void segments_may_begin_with_a_new_clock(void) {
  struct player one = player();
  for (int i = 0; i < 12; i++) { /* 6 s in an instant, then nothing for 6 s */
    play(&one, 150, 0, i % 3 == 2 ? 5 * TICKS_PER_S : 0);
    one.now += 6 * S;
  }
  CHECK(one.longest_pause <= 2 * FRAME);
  CHECK(one.apart <= FRAME);
}

static void few_pictures_are_no_steps(void) {
  struct rebase rebase = {.source = 0};
  uint64_t now = S;
  begin(&rebase, 0, now);
  for (int64_t dts = 0; dts < 60 * TICKS_PER_S; dts += TICKS_PER_S / 50) {
    if (dts % (2 * TICKS_PER_S) == 0) CHECK(send(&rebase, 0, dts, now) == dts + TICKS_PER_S);
    CHECK(send_long(&rebase, 1, dts, TICKS_PER_S / 50, now) == dts + TICKS_PER_S);
    now += 20 * MS;
  }
}

static void data_goes_with_picture_and_sound(void) {
  struct player one = player();
  play(&one, 100, 40 * MS, 0);
  CHECK(send(&one.rebase, 2, one.media, one.now) == one.media + one.moved);
  play(&one, 200, 40 * MS, 5 * TICKS_PER_S);
  CHECK(send(&one.rebase, 2, one.media + one.step, one.now) == one.media + one.moved);
}

/* How long a packet says that it lasts is not always so. */
static void a_length_of_hours_moves_nothing(void) {
  struct rebase rebase = {.source = 0};
  begin(&rebase, 0, S);
  frames(&rebase, 25, 0, S);
  const int64_t last = send_long(&rebase, 0, 25 * FRAME, 3600 * TICKS_PER_S, S + 1000 * MS);
  begin(&rebase, 77, S + 1040 * MS);
  CHECK(send(&rebase, 0, 77, S + 1040 * MS) == last + FRAME);
}

/* Data whose time is hours off, either way: once, or always. */
static void data_far_from_its_source_is_given_its_time(void) {
  for (int hours = -9; hours <= 9; hours += 18) {
    struct player one = player();
    play(&one, 100, 40 * MS, 0);
    const int64_t now = one.media + one.moved;
    const int64_t given = send(&one.rebase, 2, one.media + hours * 3600 * TICKS_PER_S, one.now);
    CHECK(given - now <= FRAME && now - given <= FRAME);
    play(&one, 25, 40 * MS, 0);
    CHECK(send(&one.rebase, 2, one.media, one.now) == one.media + one.moved); /* the next one has its own */
    send(&one.rebase, 2, one.media + hours * 3600 * TICKS_PER_S, one.now);
    const int64_t last = one.picture;
    begin(&one.rebase, 77, one.now);
    CHECK(send(&one.rebase, 0, 77, one.now) == last + FRAME);
  }
}

/* Subtitles may come seconds before they are shown. */
static void data_that_is_ahead_does_not_move_the_next_source(void) {
  struct player one = player();
  play(&one, 100, 40 * MS, 0);
  CHECK(send(&one.rebase, 2, one.media + 5 * TICKS_PER_S, one.now) ==
        one.media + one.moved + 5 * TICKS_PER_S);
  begin(&one.rebase, 77, one.now);
  CHECK(send(&one.rebase, 0, 77, one.now) == one.picture + FRAME);
}

/* A source with B-frames that was kept since a key frame `kept` pictures ago, joined after the one before fell silent. */
struct joined {
  struct rebase rebase;
  int64_t last, sound; /* given to the source before */
  int64_t join;        /* the first picture with a time of its own */
};

static void catch_up(struct joined *one, int kept, uint64_t silence) {
  const uint64_t died = 20 * S, now = died + silence;
  begin(&one->rebase, 0, died - 4 * S);
  for (int i = 0; i <= 100; i++) {
    one->last = send(&one->rebase, 0, i * FRAME, died - 4 * S + (uint64_t)i * 40 * MS);
    one->sound = send(&one->rebase, 1, i * FRAME, died - 4 * S + (uint64_t)i * 40 * MS);
  }
  const uint64_t key = now - (uint64_t)kept * 40 * MS;
  const int64_t clock = 7000000, phase = kept * 131 % FRAME;
  rebase_begin(&one->rebase, &(struct rebase_times){.dts = clock, .pts = clock + 2 * FRAME}, key, true);
  const int64_t real = one->last + (int64_t)(silence / 100000 * 9);
  int64_t dts = one->last, sound = one->sound, shown[200] = {one->last};
  for (int i = 0; i <= kept; i++) {
    static const int order[] = {1, 4, 2, 3}; /* in which I P B B are shown */
    const int group = i == 0 ? 0 : (i - 1) / 3 * 3, number = group + order[i == 0 ? 0 : 1 + (i - 1) % 3];
    struct rebase_times times = {
        .dts = clock + i * FRAME, .pts = clock + (number + 1) * FRAME, .length = FRAME};
    const uint64_t arrived = key + (uint64_t)i * 40 * MS;
    CHECK(rebase_packet(&one->rebase, 0, TRACK_VIDEO, arrived, &times));
    CHECK(times.dts > dts && times.pts >= times.dts);
    dts = times.dts;
    shown[number] = times.pts;
    if (times.dts - real != (i - kept) * FRAME) one->join = times.dts;
    times = (struct rebase_times){.dts = clock + i * FRAME + phase, .length = FRAME};
    times.pts = times.dts;
    if (!rebase_packet(&one->rebase, 1, TRACK_AUDIO, arrived, &times)) continue;
    CHECK(times.dts - sound >= FRAME / 2);
    if (sound != one->sound) CHECK(times.dts - sound == FRAME);
    sound = times.dts;
  }
  for (int i = 1; i < kept - 1; i++)
    CHECK(shown[i] > shown[i - 1]);
  CHECK(dts == real); /* live, where it would be without all this */
  CHECK(sound == real + phase);
}

static void what_a_standby_kept_is_caught_up_at_once(void) {
  for (int kept = 1; kept < 110; kept += 3) {
    for (uint64_t silence = 80 * MS; silence < 3 * S; silence += 280 * MS) {
      struct joined one = {.join = 0};
      catch_up(&one, kept, silence);
      CHECK(one.join - one.last < TICKS_PER_S / 100);
      const int64_t hole = (int64_t)(silence / 100000 * 9) - kept * FRAME;
      if (hole > 0) CHECK(one.join == 0); /* it fits into the pause: all have their own times */
    }
  }
}

/* Two sources whose clocks drift by 200 parts in a million, one forward, one back; a switch each hour, half of them after a
 * pause. What is given out follows whoever is on air, and nothing is lost or added at a switch. */
static void clocks_that_drift_for_a_day(void) {
  struct rebase rebase = {.source = 0};
  uint64_t now = S;
  int64_t last = 0;
  for (int hour = 0; hour < 24; hour++) {
    const int drift = hour % 2 ? 200 : -200;
    const uint64_t pause = hour % 4 < 2 ? 2 * S : 17 * MS, began = now + pause;
    const int64_t clock = hour * 1000000;
    rebase_begin(&rebase, &(struct rebase_times){.dts = clock, .pts = clock}, began, true);
    for (int64_t i = 0; i < 90000; i++) {
      now = began + (uint64_t)(i * (int64_t)(40 * MS) / 1000000 * (1000000 - drift));
      const int64_t given = send(&rebase, 0, clock + i * FRAME, now);
      CHECK(given > last);
      if (i) CHECK(given - last <= FRAME);
      if (!i && hour) CHECK(given - last <= (int64_t)(pause / 100000 * 9) + 1);
      last = given;
    }
  }
}

/* The sound of the source before ended long before its picture: what was kept of the next one's is not all in time. */
static void sound_that_is_too_late_is_dropped(void) {
  struct rebase rebase = {.source = 0};
  begin(&rebase, 0, 10 * S);
  send(&rebase, 1, 0, 10 * S);
  const int64_t last = frames(&rebase, 76, 0, 10 * S); /* three seconds without a sound */
  rebase_begin(&rebase, &(struct rebase_times){.dts = 75 * FRAME, .pts = 75 * FRAME}, 13 * S + 20 * MS, true);
  int64_t heard = -1;
  for (int i = 0; i < 76 && heard < 0; i++)
    heard = send(&rebase, 1, i * FRAME, 10 * S + (uint64_t)i * 40 * MS);
  CHECK(heard >= last - TICKS_PER_S && heard < last - TICKS_PER_S + FRAME);
}

/* Sources out of step by less than a picture: a day of planned switches moves nothing. */
static void planned_switches_do_not_add_up(void) {
  struct rebase rebase = {.source = 0};
  uint64_t now = S;
  int64_t last = 0;
  begin(&rebase, 0, now);
  const uint64_t began = now;
  for (int i = 0; i < 10000; i++) {
    const struct rebase_times first = {.dts = i * 777, .pts = i * 777};
    rebase_begin(&rebase, &first, now, true);
    for (int frame = 0; frame < 25; frame++) {
      const int64_t given = send(&rebase, 0, first.dts + frame * FRAME, now + (uint64_t)frame * 40 * MS);
      CHECK(given > last);
      last = given;
    }
    now += 24 * 40 * MS + (uint64_t)(1 + i * 7 % 40) * MS; /* the next one is 1 to 40 ms later */
  }
  const int64_t real = TICKS_PER_S + (int64_t)((now - began) / 100000 * 9);
  CHECK(real - last > 0 && real - last <= FRAME);
}

int main(void) {
  a_switch_lasts_as_long_as_it_really_took();
  a_source_that_is_early_follows_at_once();
  pictures_shown_late_are_not_overtaken();
  sound_before_the_end_of_what_went_out_is_dropped();
  a_clock_that_jumps_starts_anew_and_tracks_stay_together();
  decoding_times_only_rise();
  bursts_at_opening_do_not_add_up();
  steps_of_the_clock_leave_no_hole();
  many_steps_do_not_add_up();
  a_step_after_a_way_back_leaves_no_hole();
  what_was_lost_stays_a_gap();
  what_was_lost_after_a_burst_at_opening_stays_a_gap();
  a_gap_whose_last_picture_is_late_stays_a_gap();
  what_was_lost_while_we_slept_stays_a_gap();
  a_stall_is_no_step();
  a_pause_with_a_new_clock_lasts_as_long_as_it_did();
  segments_may_begin_with_a_new_clock();
  few_pictures_are_no_steps();
  data_goes_with_picture_and_sound();
  a_length_of_hours_moves_nothing();
  data_far_from_its_source_is_given_its_time();
  data_that_is_ahead_does_not_move_the_next_source();
  what_a_standby_kept_is_caught_up_at_once();
  clocks_that_drift_for_a_day();
  sound_that_is_too_late_is_dropped();
  planned_switches_do_not_add_up();
  return failures ? 1 : 0;
}
