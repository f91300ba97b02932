/* mux_test.c: the PIDs of an output whose tracks change. Exit 0: all as it should be. */
#include "mux.h"

#include <stdlib.h>

#include "check.h"

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

int main(void) {
  av_log_set_level(AV_LOG_ERROR); /* the muxer warns of sounds whose frames it does not know */
  tracks_without_end_have_pids_of_their_own();
  return failures ? 1 : 0;
}
