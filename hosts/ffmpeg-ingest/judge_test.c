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

/* A frame of MPEG sound, whose every frame says how many channels it has. */
static AVPacket *mpeg_sound(int channels, int16_t height, struct track *track) {
  const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MP2);
  AVCodecContext *encoder = avcodec_alloc_context3(codec);
  encoder->sample_fmt = AV_SAMPLE_FMT_S16;
  encoder->sample_rate = 48000;
  encoder->bit_rate = 128000;
  av_channel_layout_default(&encoder->ch_layout, channels);
  AVFrame *frame = av_frame_alloc();
  AVPacket *packet = av_packet_alloc();
  if (!frame || !packet || avcodec_open2(encoder, codec, NULL) < 0) abort();
  frame->format = encoder->sample_fmt;
  frame->sample_rate = encoder->sample_rate;
  frame->nb_samples = encoder->frame_size;
  av_channel_layout_copy(&frame->ch_layout, &encoder->ch_layout);
  if (av_frame_get_buffer(frame, 0) < 0) abort();
  for (int i = 0; i < frame->nb_samples * channels; i++)
    ((int16_t *)frame->data[0])[i] = i / 50 % 2 ? height : (int16_t)-height;
  if (avcodec_send_frame(encoder, frame) < 0 || avcodec_receive_packet(encoder, packet) < 0) abort();
  if (track) *track = (struct track){.codec = avcodec_parameters_alloc(), .time_base = {1, 90000}};
  if (track) avcodec_parameters_from_context(track->codec, encoder);
  av_frame_free(&frame);
  avcodec_free_context(&encoder);
  return packet;
}

static void sound_with_other_channels_is_heard(void) {
  struct track track;
  AVPacket *loud = mpeg_sound(1, 3000, &track), *mute = mpeg_sound(2, 0, NULL);
  struct judge *judge = judge_of(track, false);
  const uint64_t piece = 1152 * NS_PER_S / 48000;
  for (int i = 0; i < 90; i++, now += piece) /* 2.2 s */
    CHECK(judge_look(judge, loud, now) == 1);
  CHECK(judge_not_holding(judge) == CONDITION(SILENT));
  for (int i = 0; i < 90; i++, now += piece)
    CHECK(judge_look(judge, mute, now) == 1);
  CHECK(judge_holding(judge) == CONDITION(SILENT) && judge_not_holding(judge) == 0);
  judge_free(judge);
  av_packet_free(&loud);
  av_packet_free(&mute);
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
  sound_with_other_channels_is_heard();
  what_is_not_wanted_is_not_decoded();
  return failures ? 1 : 0;
}
