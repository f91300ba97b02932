/* judge_test.c: what is black, frozen and silent, by made-up pictures and sounds, in made-up time. Exit 0: all as it should be. */
#include "judge.h"

#include <changeover.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "clock.h"

#define SIDE 64
#define PICTURE (SIDE * SIDE * 3 / 2)
#define SAMPLES 1024

static struct track picture_track(void) {
  struct track track = {.codec = avcodec_parameters_alloc(), .time_base = {1, 90000}};
  track.codec->codec_type = AVMEDIA_TYPE_VIDEO;
  track.codec->codec_id = AV_CODEC_ID_RAWVIDEO;
  track.codec->format = AV_PIX_FMT_YUV420P;
  track.codec->width = track.codec->height = SIDE;
  return track;
}

static struct track sound_track(void) {
  struct track track = {.codec = avcodec_parameters_alloc(), .time_base = {1, 90000}};
  track.codec->codec_type = AVMEDIA_TYPE_AUDIO;
  track.codec->codec_id = AV_CODEC_ID_PCM_S16LE;
  track.codec->sample_rate = 48000;
  av_channel_layout_default(&track.codec->ch_layout, 1);
  return track;
}

static AVPacket *packet_of(int size) {
  AVPacket *packet = av_packet_alloc();
  if (!packet || av_new_packet(packet, size) < 0) abort();
  return packet;
}

/* One picture all of this brightness: 16 is black. */
static void show(struct judge *judge, int brightness, uint64_t at) {
  AVPacket *packet = packet_of(PICTURE);
  memset(packet->data, brightness, SIDE * SIDE);
  memset(packet->data + SIDE * SIDE, 128, PICTURE - SIDE * SIDE);
  CHECK(judge_look(judge, packet, at) == 1);
  av_packet_free(&packet);
}

/* A piece of sound: a square wave this high. */
static void sound(struct judge *judge, int16_t height, uint64_t at) {
  AVPacket *packet = packet_of(SAMPLES * 2);
  for (int i = 0; i < SAMPLES; i++)
    ((int16_t *)packet->data)[i] = i / 50 % 2 ? height : (int16_t)-height;
  CHECK(judge_look(judge, packet, at) == 1);
  av_packet_free(&packet);
}

static struct judge *judge_of(struct track track, bool every) {
  const struct judge_config config = {.wanted = CONDITION(BLACK) | CONDITION(FROZEN) | CONDITION(SILENT),
                                      .after = 2 * NS_PER_S,
                                      .every = every};
  struct judge *judge = judge_new(&config, &track);
  avcodec_parameters_free(&track.codec);
  CHECK(judge != NULL);
  return judge;
}

static uint64_t now = 100 * NS_PER_S;

static void moving(struct judge *judge, int pictures) {
  for (int i = 0; i < pictures; i++, now += 500 * NS_PER_MS)
    show(judge, 60 + i % 2 * 100, now);
}

static void still(struct judge *judge, int brightness, int pictures) {
  for (int i = 0; i < pictures; i++, now += 500 * NS_PER_MS)
    show(judge, brightness, now);
}

static void nothing_is_known_at_first_then_that_all_is_well(bool every) {
  struct judge *judge = judge_of(picture_track(), every);
  moving(judge, 4); /* 1.5 s */
  CHECK(judge_holding(judge) == 0 && judge_not_holding(judge) == 0);
  moving(judge, 1);
  CHECK(judge_holding(judge) == 0 && judge_not_holding(judge) == CONDITIONS_OF_PICTURES);
  judge_free(judge);
}

static void a_picture_that_stands_still_is_frozen(bool every) {
  struct judge *judge = judge_of(picture_track(), every);
  moving(judge, 10);
  still(judge, 200, 4);
  CHECK(judge_holding(judge) == 0); /* 1.5 s */
  still(judge, 200, 1);
  CHECK(judge_holding(judge) == CONDITION(FROZEN) && judge_not_holding(judge) == CONDITION(BLACK));
  moving(judge, 1);
  CHECK(judge_holding(judge) == 0 && judge_not_holding(judge) == CONDITIONS_OF_PICTURES);
  judge_free(judge);
}

static void a_black_picture_is_black_and_frozen(void) {
  struct judge *judge = judge_of(picture_track(), false);
  moving(judge, 10);
  still(judge, 16, 4);
  CHECK(judge_holding(judge) == 0);
  still(judge, 16, 1);
  CHECK(judge_holding(judge) == CONDITIONS_OF_PICTURES);
  judge_free(judge);
}

static void a_short_black_is_nothing(void) {
  struct judge *judge = judge_of(picture_track(), false);
  moving(judge, 10);
  still(judge, 16, 3);
  moving(judge, 2);
  still(judge, 16, 3);
  CHECK(judge_holding(judge) == 0);
  judge_free(judge);
}

static void sound_that_is_not_to_be_heard_is_silent(void) {
  struct judge *judge = judge_of(sound_track(), false);
  const uint64_t piece = SAMPLES * NS_PER_S / 48000;
  for (int i = 0; i < 100; i++, now += piece) /* 2.1 s */
    sound(judge, 3000, now);
  CHECK(judge_holding(judge) == 0 && judge_not_holding(judge) == CONDITION(SILENT));
  for (int i = 0; i < 90; i++, now += piece)
    sound(judge, 0, now);
  CHECK(judge_holding(judge) == 0);
  for (int i = 0; i < 10; i++, now += piece)
    sound(judge, 0, now);
  CHECK(judge_holding(judge) == CONDITION(SILENT) && judge_not_holding(judge) == 0);
  sound(judge, 3000, now);
  CHECK(judge_not_holding(judge) == CONDITION(SILENT));
  judge_free(judge);
}

static void what_is_not_wanted_is_not_decoded(void) {
  const struct judge_config silence = {.wanted = CONDITION(SILENT), .after = NS_PER_S};
  struct track track = picture_track();
  CHECK(judge_new(&silence, &track) == NULL);
  avcodec_parameters_free(&track.codec);
  CHECK(judge_lacks(CONDITION(BLACK) | CONDITION(FROZEN) | CONDITION(SILENT)) == NULL);
}

int main(void) {
  for (int every = 0; every < 2; every++) {
    nothing_is_known_at_first_then_that_all_is_well(every);
    a_picture_that_stands_still_is_frozen(every);
  }
  a_black_picture_is_black_and_frozen();
  a_short_black_is_nothing();
  sound_that_is_not_to_be_heard_is_silent();
  what_is_not_wanted_is_not_decoded();
  return failures ? 1 : 0;
}
