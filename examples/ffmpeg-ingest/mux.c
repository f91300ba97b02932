/* mux.c: libavformat's MPEG-TS muxer on a target that may fail and be opened again. */
#include "mux.h"

#include <stdio.h>
#include <string.h>

#include "rebase.h"

#define TS_PACKET 188
#define FIRST_PID 0x100

int mux_open(struct mux *mux, const char *url, AVIOInterruptCB interrupt) {
  AVDictionary *options = NULL;
  /* Whole TS packets in a datagram, and a file that is opened again is not emptied. */
  if (!strncmp(url, "udp:", 4)) av_dict_set(&options, "pkt_size", "1316", 0);
  if (mux->opened_before) av_dict_set(&options, "truncate", "0", 0);
  int error = avio_open2(&mux->io, url, AVIO_FLAG_WRITE, &interrupt, &options);
  av_dict_free(&options);
  if (error < 0) return error;
  if (mux->opened_before && mux->io->seekable & AVIO_SEEKABLE_NORMAL) {
    const int64_t size = avio_size(mux->io);
    if (size > 0) avio_seek(mux->io, size - size % TS_PACKET, SEEK_SET);
  }
  mux->opened_before = true;
  return 0;
}

/* The how-manieth of its kind. */
static int place(const struct tracks *tracks, int track) {
  int before = 0;
  for (int i = 0; i < track; i++)
    before += track_is_video(&tracks->track[i]) == track_is_video(&tracks->track[track]);
  return before;
}

int mux_map(const struct mux *mux, const struct tracks *tracks, int track) {
  const bool video = track_is_video(&tracks->track[track]);
  for (int i = 0; mux->tracks && i < mux->tracks->count; i++) {
    if (track_is_video(&mux->tracks->track[i]) == video && place(mux->tracks, i) == place(tracks, track))
      return i;
  }
  return -1;
}

bool mux_fits(const struct mux *mux, const struct tracks *tracks) {
  if (!mux->format) return false;
  for (int i = 0; i < tracks->count; i++) {
    const int to = mux_map(mux, tracks, i);
    if (to < 0 && place(tracks, i) == 0)
      return false; /* the first picture, the first sound: must have a place */
    if (to >= 0 && mux->tracks->track[to].codec->codec_id != tracks->track[i].codec->codec_id) return false;
  }
  return true;
}

static int end_program(struct mux *mux) {
  int error = 0;
  if (mux->format) error = av_write_trailer(mux->format);
  avformat_free_context(mux->format);
  mux->format = NULL;
  tracks_release(mux->tracks);
  mux->tracks = NULL;
  return error;
}

static int pid_of(struct mux *mux, const struct tracks *tracks, int track) {
  const enum AVCodecID codec = tracks->track[track].codec->codec_id;
  const int at = place(tracks, track);
  for (int i = 0; i < mux->pids_len; i++) {
    if (mux->pids[i].codec == codec && mux->pids[i].place == at) return FIRST_PID + i;
  }
  if (mux->pids_len == MUX_PIDS_MAX) return 0; /* the muxer will find one */
  mux->pids[mux->pids_len].codec = codec;
  mux->pids[mux->pids_len].place = at;
  return FIRST_PID + mux->pids_len++;
}

static int begin_program(struct mux *mux, struct tracks *tracks) {
  int error = avformat_alloc_output_context2(&mux->format, NULL, "mpegts", NULL);
  if (error < 0) return error;
  mux->format->pb = mux->io;
  mux->format->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_FLUSH_PACKETS;
  mux->format->max_delay = AV_TIME_BASE * 7 / 10; /* what players expect between arrival and presentation */
  for (int i = 0; i < tracks->count && error >= 0; i++) {
    AVStream *stream = avformat_new_stream(mux->format, NULL);
    if (!stream) return AVERROR(ENOMEM);
    error = avcodec_parameters_copy(stream->codecpar, tracks->track[i].codec);
    stream->codecpar->codec_tag = 0;
    stream->id = pid_of(mux, tracks, i);
    stream->time_base = (AVRational){1, (int)TICKS_PER_S};
  }
  if (error < 0) return error;
  AVDictionary *options = NULL;
  char version[16];
  snprintf(version, sizeof version, "%d", mux->tables % 32);
  av_dict_set(&options, "tables_version", version, 0);
  /* A program that follows another one starts its counters anew, and says so. */
  av_dict_set(&options, "mpegts_flags",
              mux->tables ? "initial_discontinuity+resend_headers" : "resend_headers", 0);
  error = avformat_write_header(mux->format, &options);
  av_dict_free(&options);
  mux->tables++;
  return error < 0 ? error : mux->io->error;
}

int mux_announce(struct mux *mux, struct tracks *tracks) {
  int error = end_program(mux);
  if (error >= 0) error = begin_program(mux, tracks);
  if (error >= 0) {
    mux->tracks = tracks_share(tracks);
    return 0;
  }
  avformat_free_context(mux->format);
  mux->format = NULL;
  return error;
}

int mux_write(struct mux *mux, AVPacket *packet) {
  const int error = av_write_frame(mux->format, packet);
  return error < 0 ? error : mux->io->error;
}

int mux_flush(struct mux *mux) {
  if (!mux->format) return 0;
  const int error = av_write_frame(mux->format, NULL);
  return error < 0 ? error : mux->io->error;
}

int mux_close(struct mux *mux, bool end) {
  int error = 0;
  if (end) error = end_program(mux);
  avformat_free_context(mux->format);
  mux->format = NULL;
  tracks_release(mux->tracks);
  mux->tracks = NULL;
  if (mux->io && !end) mux->io->error = AVERROR(EIO); /* what is still buffered has nowhere to go */
  const int closed = avio_closep(&mux->io);
  return error < 0 ? error : closed;
}
