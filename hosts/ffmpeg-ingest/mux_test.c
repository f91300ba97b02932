/* mux_test.c: the PIDs of an output whose tracks change; switch numbers in it. Exit 0: all as it should be. */
#include "mux.h"

#include <changeover.h>
#include <libavutil/crc.h>
#include <libavutil/intreadwrite.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "number.h"

/* The PID of a sound of this rate, alone in a new program. */
static int announce(struct mux *mux, int rate) {
  struct tracks *tracks = tracks_new();
  struct track track = {.codec = avcodec_parameters_alloc(), .time_base = {1, 90000}};
  if (!tracks || !track.codec) abort();
  track.codec->codec_type = AVMEDIA_TYPE_AUDIO;
  track.codec->codec_id = AV_CODEC_ID_AAC;
  track.codec->sample_rate = rate;
  av_channel_layout_default(&track.codec->ch_layout, 2);
  CHECK(tracks_add(tracks, &track));
  const int error = mux_announce(mux, tracks);
  CHECK(error >= 0);
  const int pid = error >= 0 ? mux->format->streams[0]->id : 0;
  avcodec_parameters_free(&track.codec);
  tracks_release(tracks);
  return pid;
}

static void tracks_without_end_have_pids_of_their_own(void) {
  struct mux mux = {.io = NULL};
  if (avio_open_dyn_buf(&mux.io) < 0) abort();
  int last[MUX_PIDS_MAX] = {0};
  for (int i = 0; i < 3 * MUX_PIDS_MAX; i++) {
    const int pid = announce(&mux, 8000 + i);
    CHECK(pid >= 0x20 && pid < 0x1fff);
    for (int k = 0; k < MUX_PIDS_MAX; k++)
      CHECK(pid != last[k]);
    last[i % MUX_PIDS_MAX] = pid;
    CHECK(announce(&mux, 8000 + i) == pid);
  }
  for (int i = 3 * MUX_PIDS_MAX - 10; i < 3 * MUX_PIDS_MAX; i++) /* the latest are known */
    CHECK(announce(&mux, 8000 + i) == last[i % MUX_PIDS_MAX]);
  uint8_t *written = NULL;
  avio_close_dyn_buf(mux.io, &written);
  av_free(written);
  mux.io = NULL;
  mux_close(&mux, false);
  mux_free(&mux);
}

/* `last`: the continuity counter before the first packet. */
static void check_numbers(AVIOContext *io, int pid, int last, const uint64_t *numbers, int count) {
  static const uint8_t field[] = {183, 0x02, 14, 0xdf, 12, 'C', 'H', 'G', 'O'};
  uint8_t *written = NULL;
  const int size = avio_close_dyn_buf(io, &written);
  int found = 0;
  for (int at = 0; at < size; at += NUMBER_PACKET) {
    const uint8_t *packet = written + at;
    if ((AV_RB16(packet + 1) & 0x1fff) != pid) continue;
    const bool has_payload = packet[3] & 0x10;
    CHECK((packet[3] & 15) == (has_payload ? (last + 1) & 15 : last));
    last = packet[3] & 15;
    if (has_payload) continue;
    CHECK(packet[0] == 0x47 && packet[3] >> 4 == 2 && !memcmp(packet + 4, field, sizeof field));
    CHECK(found < count && AV_RB64(packet + 4 + sizeof field) == numbers[found]);
    found++;
  }
  CHECK(found == count);
  av_free(written);
}

static void numbers_are_between_the_packets_of_a_track(void) {
  struct mux mux = {.io = NULL};
  if (avio_open_dyn_buf(&mux.io) < 0) abort();
  const int pid = announce(&mux, 48000);
  static const uint64_t numbers[] = {7 << 20, (7 << 20) + 1, CHANGEOVER_FIRST_SWITCH_MAX};
  enum { COUNT = sizeof numbers / sizeof *numbers, BETWEEN = 30 };
  AVPacket *packet = av_packet_alloc();
  for (int i = 0; i < COUNT; i++) {
    CHECK(mux_write_number(&mux, 0, numbers[i]) >= 0);
    for (int k = 0; k < BETWEEN; k++) {
      if (!packet || av_new_packet(packet, 1000) < 0) abort();
      memset(packet->data, 0, 1000);
      AV_WB16(packet->data, 0xfff1); /* an ADTS header is all that the muxer looks for */
      packet->pts = packet->dts = (i * BETWEEN + k) * 1920;
      CHECK(mux_write(&mux, packet) >= 0);
      av_packet_unref(packet);
    }
    CHECK(mux_flush(&mux) >= 0);
  }
  av_packet_free(&packet);
  check_numbers(mux.io, pid, 15, numbers, COUNT);
  mux.io = NULL;
  mux_close(&mux, false);
  mux_free(&mux);
}

static void numbers_are_between_cues(void) {
  AVIOContext *target = NULL;
  struct cues cues = {.io = NULL};
  if (avio_open_dyn_buf(&target) < 0 || cues_open(&cues, target) < 0) abort();
  static const int pids[] = {0x210, 0x211};
  cues_announce(&cues, 0x1000, pids, 2);
  uint8_t null[20] = {0xfc, 0x30, 17, [10] = 0xff, 0xff, 0xf0}; /* splice_null */
  AV_WL32(null + 16, av_crc(av_crc_get_table(AV_CRC_32_IEEE), UINT32_MAX, null, 16));
  static const uint64_t numbers[] = {1, 2, 3};
  for (int i = 0; i < 3; i++) {
    CHECK(cues_write_number(&cues, pids[1], numbers[i]) >= 0);
    CHECK(cues_write(&cues, pids[1], null, sizeof null, 0) >= 0);
  }
  check_numbers(target, pids[1], 0, numbers, 3);
  cues_close(&cues);
}

int main(void) {
  av_log_set_level(AV_LOG_ERROR); /* the muxer warns of sounds whose frames it does not know */
  tracks_without_end_have_pids_of_their_own();
  numbers_are_between_the_packets_of_a_track();
  numbers_are_between_cues();
  return failures ? 1 : 0;
}
