/* match_test.c: which tracks are the same, on which PID they go out, what the engine is told of packets. Exit 0: as it should
 * be. */
#include "match.h"

#include <changeover.h>
#include <string.h>

#include "check.h"
#include "mux.h"

static AVCodecParameters *codec(enum AVMediaType type, enum AVCodecID id, int rate_or_width, int channels) {
  AVCodecParameters *codec = avcodec_parameters_alloc();
  codec->codec_type = type;
  codec->codec_id = id;
  if (type == AVMEDIA_TYPE_VIDEO) {
    codec->width = rate_or_width;
    codec->height = rate_or_width * 9 / 16;
  } else if (type == AVMEDIA_TYPE_AUDIO) {
    codec->sample_rate = rate_or_width;
    codec->ch_layout.nb_channels = channels;
  }
  return codec;
}

static void add(struct tracks *tracks, AVCodecParameters *codec, const char *language, int pid) {
  struct track track = {.codec = codec, .time_base = {1, 90000}, .pid = pid};
  snprintf(track.language, sizeof track.language, "%s", language);
  CHECK(tracks_add(tracks, &track));
  avcodec_parameters_free(&codec);
}

static void picture(struct tracks *tracks, int width, int pid) {
  add(tracks, codec(AVMEDIA_TYPE_VIDEO, AV_CODEC_ID_H264, width, 0), "", pid);
}

static void sound(struct tracks *tracks, int rate, const char *language, int pid) {
  add(tracks, codec(AVMEDIA_TYPE_AUDIO, AV_CODEC_ID_AAC, rate, 2), language, pid);
}

static void sounds_are_matched_by_language(void) {
  struct tracks *one = tracks_new(), *other = tracks_new();
  picture(one, 640, 0);
  sound(one, 48000, "deu", 0);
  sound(one, 48000, "eng", 0);
  picture(other, 320, 0);
  sound(other, 48000, "eng", 0);
  sound(other, 48000, "deu", 0);
  sound(other, 48000, "fra", 0);
  int to[TRACKS_MAX];
  tracks_match(other, one, to);
  CHECK(to[0] == 0 && to[1] == 2 && to[2] == 1 && to[3] == -1);
  tracks_release(one);
  tracks_release(other);
}

static void sounds_that_tell_no_language_go_by_order(void) {
  struct tracks *one = tracks_new(), *other = tracks_new();
  sound(one, 48000, "deu", 0);
  sound(one, 48000, "eng", 0);
  sound(other, 48000, "", 0);
  sound(other, 48000, "", 0);
  sound(other, 48000, "", 0);
  int to[TRACKS_MAX];
  tracks_match(other, one, to);
  CHECK(to[0] == 0 && to[1] == 1 && to[2] == -1);
  one->track[1].disposition = AV_DISPOSITION_VISUAL_IMPAIRED;
  tracks_match(other, one, to);
  CHECK(to[0] == 0 && to[1] == -1); /* a description is not the main sound */
  tracks_release(one);
  tracks_release(other);
}

static void announce(struct mux *mux, struct tracks *tracks) {
  int to[TRACKS_MAX];
  CHECK(!mux_fits(mux, tracks, to));
  CHECK(mux_announce(mux, tracks) == 0);
  CHECK(mux_fits(mux, tracks, to));
}

static void what_a_decoder_must_know_has_a_pid_of_its_own(void) {
  struct mux mux = {.io = NULL};
  CHECK(avio_open_dyn_buf(&mux.io) == 0);
  struct tracks *first = tracks_new(), *slower = tracks_new(), *swapped = tracks_new(), *other = tracks_new();
  picture(first, 640, 0x1f0);
  sound(first, 48000, "deu", 0x1f1);
  sound(first, 48000, "eng", 0x1f2);
  picture(slower, 320, 0x1f1); /* the size comes with the pictures */
  sound(slower, 44100, "deu", 0x1f2);
  picture(swapped, 640, 0x30);
  sound(swapped, 48000, "eng", 0x31);
  sound(swapped, 48000, "deu", 0x32);
  picture(other, 640, 0x1000); /* where the program table is */
  sound(other, 48000, "fra", 3);
  announce(&mux, first);
  CHECK(mux.format->streams[0]->id == 0x1f0 && mux.format->streams[1]->id == 0x1f1);
  announce(&mux, slower);
  const int slower_pid = mux.format->streams[1]->id;
  CHECK(mux.format->streams[0]->id == 0x1f0);
  CHECK(slower_pid != 0x1f1 && slower_pid != 0x1f2 && slower_pid >= 0x100);
  int to[TRACKS_MAX];
  announce(&mux, swapped);
  CHECK(mux.format->streams[1]->id == 0x1f2 && mux.format->streams[2]->id == 0x1f1);
  CHECK(mux_fits(&mux, first, to) && to[1] == 2 && to[2] == 1);
  announce(&mux, slower);
  CHECK(mux.format->streams[1]->id == slower_pid);
  announce(&mux, other);
  CHECK(mux.format->streams[0]->id == 0x1f0);
  const AVDictionaryEntry *language = av_dict_get(mux.format->streams[1]->metadata, "language", NULL, 0);
  CHECK(language && !strcmp(language->value, "fra"));
  CHECK(mux.format->streams[1]->id != slower_pid && mux.format->streams[1]->id >= 0x100);
  AVIOContext *io = mux.io;
  mux.io = NULL;
  mux.format->pb = NULL;
  avformat_free_context(mux.format);
  mux.format = NULL;
  mux_close(&mux, false);
  mux_free(&mux);
  uint8_t *written;
  avio_close_dyn_buf(io, &written);
  av_free(written);
  tracks_release(first);
  tracks_release(slower);
  tracks_release(swapped);
  tracks_release(other);
}

static void the_muxer_is_asked_before(void) {
  AVCodecParameters *good = codec(AVMEDIA_TYPE_AUDIO, AV_CODEC_ID_AAC, 48000, 2);
  AVCodecParameters *unknown = codec(AVMEDIA_TYPE_AUDIO, AV_CODEC_ID_AAC, 0, 0);
  CHECK(mux_accepts(good) == 0);
  CHECK(mux_accepts(unknown) < 0);
  avcodec_parameters_free(&good);
  avcodec_parameters_free(&unknown);
}

static void the_engine_is_told_what_a_packet_is(void) {
  struct tracks *tracks = tracks_new();
  picture(tracks, 640, 0);
  sound(tracks, 48000, "", 0);
  add(tracks, codec(AVMEDIA_TYPE_DATA, AV_CODEC_ID_SMPTE_KLV, 0, 0), "", 0);
  AVPacket packet = {.flags = AV_PKT_FLAG_KEY};
  CHECK(track_flags(&tracks->track[0], &packet) == (CHANGEOVER_VIDEO | CHANGEOVER_KEY));
  CHECK(track_flags(&tracks->track[1], &packet) ==
        CHANGEOVER_AUDIO); /* each sound could begin: says nothing */
  CHECK(track_flags(&tracks->track[2], &packet) == 0);
  packet.flags = 0;
  CHECK(track_flags(&tracks->track[0], &packet) == CHANGEOVER_VIDEO);
  packet.flags = AV_PKT_FLAG_KEY | AV_PKT_FLAG_CORRUPT;
  CHECK(track_flags(&tracks->track[0], &packet) == CHANGEOVER_VIDEO);
  tracks_release(tracks);
}

int main(void) {
  sounds_are_matched_by_language();
  sounds_that_tell_no_language_go_by_order();
  what_a_decoder_must_know_has_a_pid_of_its_own();
  the_muxer_is_asked_before();
  the_engine_is_told_what_a_packet_is();
  return failures ? 1 : 0;
}
