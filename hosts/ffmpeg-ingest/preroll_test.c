/* preroll_test.c: what is kept of an input that is not on air. Exit 0: all as it should be. */
#include "preroll.h"

#include "check.h"

#define MS UINT64_C(1000000)
#define S (1000 * MS)

static bool keep(struct preroll *preroll, enum track_kind kind, bool starts, int size, uint64_t arrived) {
  AVPacket *packet = av_packet_alloc();
  av_new_packet(packet, size);
  preroll_keep(preroll, packet, kind, starts, arrived);
  const bool kept = !packet->data;
  av_packet_free(&packet);
  return kept;
}

/* It is on air, and this goes out. */
static bool forward(struct preroll *preroll, enum track_kind kind, bool starts, int size, uint64_t arrived) {
  AVPacket *packet = av_packet_alloc();
  av_new_packet(packet, size);
  preroll_forwarded(preroll);
  preroll_keep_sent(preroll, packet, kind, starts, arrived);
  const bool kept = !packet->data;
  av_packet_free(&packet);
  return kept;
}

static size_t count(const struct preroll *preroll, enum track_kind kind) {
  size_t found = 0;
  for (size_t i = 0; i < preroll->count; i++)
    found += preroll->packets[i].kind == kind;
  return found;
}

static void the_picture_begins_with_its_last_key_frame(void) {
  struct preroll preroll = {.bytes_max = 10000};
  CHECK(!preroll.cut);
  CHECK(!keep(&preroll, TRACK_VIDEO, false, 100, S));
  CHECK(!keep(&preroll, TRACK_OTHER, false, 100, S));
  CHECK(preroll.cut);
  CHECK(keep(&preroll, TRACK_VIDEO, true, 100, S));
  CHECK(keep(&preroll, TRACK_VIDEO, false, 100, S));
  CHECK(keep(&preroll, TRACK_OTHER, false, 100, S));
  CHECK(keep(&preroll, TRACK_VIDEO, true, 100, 2 * S));
  CHECK(count(&preroll, TRACK_VIDEO) == 1 && count(&preroll, TRACK_OTHER) == 0);
  CHECK(preroll.packets[0].starts && preroll.packets[0].arrived == 2 * S);
  preroll_free(&preroll);
}

static void sound_is_kept_from_before_the_key_frame_but_not_for_ever(void) {
  struct preroll preroll = {.bytes_max = 10000};
  for (uint64_t now = 0; now < 60 * S; now += 20 * MS) {
    CHECK(keep(&preroll, TRACK_AUDIO, false, 10, now));
    CHECK(preroll.count < 500);
  }
  CHECK(keep(&preroll, TRACK_VIDEO, true, 100, 60 * S));
  CHECK(preroll.packets[0].kind == TRACK_AUDIO && preroll.packets[0].arrived > 56 * S);
  CHECK(preroll.packets[preroll.count - 1].starts);
  preroll_free(&preroll);
}

static void of_too_much_picture_the_key_frame_stays(void) {
  struct preroll preroll = {.bytes_max = 1000};
  CHECK(keep(&preroll, TRACK_VIDEO, true, 600, S));
  CHECK(keep(&preroll, TRACK_AUDIO, false, 600, S)); /* sound is small, and not counted */
  CHECK(keep(&preroll, TRACK_VIDEO, false, 400, S));
  CHECK(!preroll.key_alone);
  CHECK(!keep(&preroll, TRACK_VIDEO, false, 1, S));
  CHECK(preroll.key_alone);
  CHECK(count(&preroll, TRACK_VIDEO) == 1 && count(&preroll, TRACK_AUDIO) == 1);
  CHECK(!keep(&preroll, TRACK_VIDEO, false, 1, S)); /* it would follow what is missing */
  CHECK(keep(&preroll, TRACK_VIDEO, true, 5000, 2 * S));
  CHECK(!preroll.key_alone && count(&preroll, TRACK_VIDEO) == 1);
  preroll_free(&preroll);
}

static void key_frames_that_are_minutes_apart_leave_the_latest_sound(void) {
  struct preroll preroll = {.bytes_max = 10000};
  const uint64_t end = 600 * S;
  CHECK(keep(&preroll, TRACK_VIDEO, true, 1000, 0));
  for (uint64_t now = 20 * MS; now <= end; now += 20 * MS) {
    keep(&preroll, TRACK_VIDEO, false, 1000, now); /* too much of it, soon */
    CHECK(keep(&preroll, TRACK_AUDIO, false, 10, now));
    CHECK(preroll.count < 500);
  }
  CHECK(count(&preroll, TRACK_VIDEO) == 1 && preroll.packets[0].starts);
  CHECK(preroll.packets[1].arrived > end - 5 * S && preroll.packets[preroll.count - 1].arrived == end);
  preroll_free(&preroll);
}

/* Of pictures so small that their number is what is too much. */
static void too_many_packets_leave_the_key_frame_and_the_latest_sound(void) {
  struct preroll preroll = {.bytes_max = 1000000};
  CHECK(keep(&preroll, TRACK_VIDEO, true, 1, 0));
  for (uint64_t now = 20 * MS; now < 120 * S; now += 20 * MS) {
    keep(&preroll, TRACK_VIDEO, false, 1, now);
    CHECK(keep(&preroll, TRACK_AUDIO, false, 1, now));
  }
  CHECK(preroll.key_alone && count(&preroll, TRACK_VIDEO) == 1);
  CHECK(preroll.count < 500 && preroll.packets[1].arrived > 115 * S);
  preroll_free(&preroll);
}

/* The picture is small enough to be kept for as long: all of the sound that belongs to it stays. */
static void sound_goes_with_the_picture_that_is_kept(void) {
  struct preroll preroll = {.bytes_max = 100000};
  CHECK(keep(&preroll, TRACK_VIDEO, true, 10, 0));
  for (uint64_t now = 20 * MS; now < 60 * S; now += 20 * MS) {
    CHECK(keep(&preroll, TRACK_VIDEO, false, 10, now));
    CHECK(keep(&preroll, TRACK_AUDIO, false, 10, now));
  }
  CHECK(preroll.packets[2].kind == TRACK_AUDIO && preroll.packets[2].arrived == 20 * MS);
  preroll_free(&preroll);
}

static void all_that_came_since_the_last_one_forwarded_is_there(void) {
  struct preroll preroll = {.bytes_max = 1000};
  preroll_forwarded(&preroll);
  CHECK(!preroll.cut && preroll.follows);
  CHECK(keep(&preroll, TRACK_VIDEO, false, 100, S));
  CHECK(keep(&preroll, TRACK_OTHER, false, 100, S));
  CHECK(preroll.cut && preroll.follows && preroll.count == 2);
  preroll_forwarded(&preroll);
  CHECK(!preroll.cut && !preroll.count);
  CHECK(keep(&preroll, TRACK_VIDEO, false, 900, S));
  CHECK(!keep(&preroll, TRACK_VIDEO, false, 101, S)); /* too much: */
  CHECK(preroll.cut && !preroll.follows && !preroll.count);
  CHECK(!keep(&preroll, TRACK_VIDEO, false, 1, S));
  preroll_forwarded(&preroll);
  CHECK(keep(&preroll, TRACK_VIDEO, false, 100, S));
  CHECK(keep(&preroll, TRACK_VIDEO, true, 100, S)); /* it can begin here */
  CHECK(!preroll.follows && preroll.has_key && preroll.count == 1);
  preroll_clear(&preroll);
  preroll_forwarded(&preroll);
  for (uint64_t now = 0; now < 5 * S; now += 20 * MS)
    CHECK(keep(&preroll, TRACK_AUDIO, false, 10, now));
  CHECK(!preroll.follows); /* for too long */
  preroll_free(&preroll);
}

/* On air, for it may be left and be back within the group. */
static void of_what_went_out_the_pictures_since_the_key_frame_stay(void) {
  struct preroll preroll = {.bytes_max = 1000};
  CHECK(!forward(&preroll, TRACK_VIDEO, false, 100, S)); /* it cannot be entered here */
  CHECK(forward(&preroll, TRACK_VIDEO, true, 100, S));
  CHECK(!forward(&preroll, TRACK_AUDIO, false, 100, S)); /* nobody wants it twice */
  CHECK(!forward(&preroll, TRACK_OTHER, false, 100, S));
  CHECK(forward(&preroll, TRACK_VIDEO, false, 100, S));
  CHECK(preroll.count == 2 && !preroll.cut && preroll.follows && preroll.has_key && !preroll.key_alone);
  CHECK(keep(&preroll, TRACK_AUDIO, false, 100, S)); /* left */
  CHECK(keep(&preroll, TRACK_VIDEO, false, 100, S));
  struct preroll missed = preroll_share(&preroll, false), whole = preroll_share(&preroll, true);
  CHECK(missed.count == 2 && missed.packets[0].kind == TRACK_AUDIO && missed.packets[1].kind == TRACK_VIDEO);
  CHECK(whole.count == 4 && whole.packets[0].starts && preroll.count == 4);
  CHECK(whole.packets[0].packet->data == preroll.packets[0].packet->data); /* no copies */
  CHECK(preroll_bytes(&whole) == 400);
  preroll_free(&missed);
  preroll_free(&whole);
  CHECK(forward(&preroll, TRACK_VIDEO, false, 100, S)); /* back */
  CHECK(preroll.count == 4 && count(&preroll, TRACK_VIDEO) == 4);
  missed = preroll_share(&preroll, false);
  CHECK(!missed.count);
  CHECK(forward(&preroll, TRACK_VIDEO, true, 100, S));
  CHECK(preroll.count == 1 && preroll.packets[0].starts && preroll.follows);
  preroll_free(&preroll);
}

static void of_too_much_that_went_out_the_key_frame_stays_and_what_is_still_to_come(void) {
  struct preroll preroll = {.bytes_max = 1000};
  CHECK(forward(&preroll, TRACK_VIDEO, true, 300, S));
  CHECK(forward(&preroll, TRACK_VIDEO, false, 600, S));
  CHECK(keep(&preroll, TRACK_VIDEO, false, 300, S)); /* at the cost of what has gone out */
  CHECK(preroll.key_alone && preroll.follows && preroll.count == 2);
  CHECK(preroll.packets[0].starts && !preroll.packets[1].sent);
  CHECK(keep(&preroll, TRACK_VIDEO, false, 400, S));
  CHECK(!keep(&preroll, TRACK_VIDEO, false, 1, S));
  CHECK(!preroll.follows && preroll.count == 1 && preroll.packets[0].starts);
  CHECK(!forward(&preroll, TRACK_VIDEO, false, 1, S)); /* it follows what is missing */
  CHECK(preroll.follows && preroll.count == 1);
  CHECK(forward(&preroll, TRACK_VIDEO, true, 300, S));
  CHECK(!forward(&preroll, TRACK_VIDEO, false, 701, S));
  CHECK(preroll.key_alone && preroll.follows && preroll.count == 1);
  preroll_free(&preroll);
}

/* One that completes what has gone out passes the sound beside it. */
static void what_goes_out_alone_leaves_what_is_to_come(void) {
  struct preroll preroll = {.bytes_max = 1000};
  CHECK(forward(&preroll, TRACK_VIDEO, true, 100, S));
  CHECK(keep(&preroll, TRACK_AUDIO, false, 100, S));
  AVPacket *packet = av_packet_alloc();
  av_new_packet(packet, 100);
  preroll_keep_sent(&preroll, packet, TRACK_VIDEO, false, S);
  av_packet_free(&packet);
  CHECK(preroll.cut && preroll.follows && preroll.count == 3);
  struct preroll missed = preroll_share(&preroll, false);
  CHECK(missed.count == 1 && missed.packets[0].kind == TRACK_AUDIO);
  preroll_free(&missed);
  CHECK(!forward(&preroll, TRACK_AUDIO, false, 100, S));
  CHECK(preroll.count == 2 && count(&preroll, TRACK_VIDEO) == 2);
  preroll_free(&preroll);
}

static void cleared_its_bound_is_still_there(void) {
  struct preroll preroll = {.bytes_max = 1000};
  CHECK(keep(&preroll, TRACK_VIDEO, true, 600, S));
  preroll_clear(&preroll);
  CHECK(!preroll.count && !preroll.cut && !preroll.has_key);
  CHECK(keep(&preroll, TRACK_VIDEO, true, 600, S));
  CHECK(keep(&preroll, TRACK_VIDEO, false, 400, S));
  CHECK(!keep(&preroll, TRACK_VIDEO, false, 400, S));
  preroll_free(&preroll);
}

int main(void) {
  the_picture_begins_with_its_last_key_frame();
  sound_is_kept_from_before_the_key_frame_but_not_for_ever();
  of_too_much_picture_the_key_frame_stays();
  key_frames_that_are_minutes_apart_leave_the_latest_sound();
  too_many_packets_leave_the_key_frame_and_the_latest_sound();
  sound_goes_with_the_picture_that_is_kept();
  all_that_came_since_the_last_one_forwarded_is_there();
  of_what_went_out_the_pictures_since_the_key_frame_stay();
  of_too_much_that_went_out_the_key_frame_stays_and_what_is_still_to_come();
  what_goes_out_alone_leaves_what_is_to_come();
  cleared_its_bound_is_still_there();
  return failures ? 1 : 0;
}
