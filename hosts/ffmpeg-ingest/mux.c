/* mux.c: libavformat's MPEG-TS muxer on a target that may fail and be opened again. */
#include "mux.h"

#include <stdio.h>
#include <string.h>

#include "match.h"
#include "rebase.h"

#define TS_PACKET 188
#define FIRST_PID 0x100
#define PMT_PID 0x1000
/* What players expect between arrival and presentation. The muxer moves all times by twice that. */
#define MAX_DELAY (AV_TIME_BASE * 7 / 10)
#define MUXER_DELAY (2 * TICKS_PER_S * 7 / 10)

static int pmt_pid(const struct mux *mux) {
  const int pid = mux->service.pmt_pid;
  return pid >= 0x20 && pid < 0x1ffb ? pid : PMT_PID;
}

int mux_accepts(const AVCodecParameters *codec) {
  AVFormatContext *format = NULL;
  int error = avformat_alloc_output_context2(&format, NULL, "mpegts", NULL);
  AVStream *stream = error < 0 ? NULL : avformat_new_stream(format, NULL);
  if (!stream) {
    avformat_free_context(format);
    return error < 0 ? error : AVERROR(ENOMEM);
  }
  error = avcodec_parameters_copy(stream->codecpar, codec);
  stream->codecpar->codec_tag = 0;
  if (error >= 0) error = avio_open_dyn_buf(&format->pb);
  if (error >= 0) {
    error = avformat_write_header(format, NULL);
    if (error >= 0) av_write_trailer(format);
    uint8_t *written = NULL;
    avio_close_dyn_buf(format->pb, &written);
    av_free(written);
  }
  avformat_free_context(format);
  return error < 0 ? error : 0;
}

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

bool mux_fits(const struct mux *mux, const struct tracks *tracks, int to[TRACKS_MAX]) {
  if (!mux->format) return false;
  tracks_match(tracks, mux->tracks, to);
  for (int i = 0; i < tracks->count; i++) {
    if (to[i] < 0) return false;
    const struct track *announced = &mux->tracks->track[to[i]], *track = &tracks->track[i];
    const bool says_more = !announced->language[0] && track->language[0];
    if (!same_decoder(announced, track) || says_more) return false;
  }
  return !tracks->service.name[0] || mux->service.name[0]; /* a name that came late */
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

static bool pid_is_free(const struct mux *mux, int pid) {
  if (pid < 0x20 || pid >= 0x1fff || pid == pmt_pid(mux)) return false;
  for (int i = 0; i < mux->pids_len; i++) {
    if (mux->pids[i].pid == pid) return false;
  }
  return true;
}

/* The PID of a track that was announced before: one with the same language, or one that told none. */
static struct mux_pid *known_pid(struct mux *mux, const struct track *track, const bool used[MUX_PIDS_MAX]) {
  struct mux_pid *found = NULL;
  for (int i = 0; i < mux->pids_len; i++) {
    struct mux_pid *known = &mux->pids[i];
    if (used[i] || !tracks_alike(&known->track, track) || !same_decoder(&known->track, track)) continue;
    if (same_language(&known->track, track)) return known;
    if (!found) found = known;
  }
  return found;
}

/* A place for another track: that of one which has none in this program, if all are taken. */
static struct mux_pid *place_for_pid(struct mux *mux, const bool used[MUX_PIDS_MAX]) {
  if (mux->pids_len < MUX_PIDS_MAX) return &mux->pids[mux->pids_len++];
  while (used[mux->forget])
    mux->forget = (mux->forget + 1) % MUX_PIDS_MAX;
  struct mux_pid *place = &mux->pids[mux->forget];
  mux->forget = (mux->forget + 1) % MUX_PIDS_MAX;
  avcodec_parameters_free(&place->track.codec);
  return place;
}

/* NULL: out of memory. */
static struct mux_pid *new_pid(struct mux *mux, const struct track *track, const bool used[MUX_PIDS_MAX]) {
  struct track copy = *track;
  copy.codec = avcodec_parameters_alloc();
  if (!copy.codec || avcodec_parameters_copy(copy.codec, track->codec) < 0) {
    avcodec_parameters_free(&copy.codec);
    return NULL;
  }
  int pid = pid_is_free(mux, track->pid) ? track->pid : FIRST_PID; /* as the source has it */
  while (!pid_is_free(mux, pid))
    pid++;
  struct mux_pid *place = place_for_pid(mux, used);
  *place = (struct mux_pid){.track = copy, .pid = pid};
  return place;
}

/* 0: the muxer will find one. */
static int pid_of(struct mux *mux, const struct track *track, bool used[MUX_PIDS_MAX]) {
  struct mux_pid *known = known_pid(mux, track, used);
  if (!known && !(known = new_pid(mux, track, used))) return 0;
  if (!known->track.language[0]) memcpy(known->track.language, track->language, sizeof track->language);
  used[known - mux->pids] = true;
  return known->pid;
}

static int add_stream(struct mux *mux, const struct track *track, int pid) {
  AVStream *stream = avformat_new_stream(mux->format, NULL);
  if (!stream) return AVERROR(ENOMEM);
  const int error = avcodec_parameters_copy(stream->codecpar, track->codec);
  stream->codecpar->codec_tag = 0;
  stream->id = pid;
  stream->time_base = (AVRational){1, (int)TICKS_PER_S};
  stream->disposition = track->disposition;
  if (track->language[0]) av_dict_set(&stream->metadata, "language", track->language, 0);
  return error;
}

/* Who the program is stays the same, whichever source it comes from. */
static void set_service(struct mux *mux, const struct service *service, AVDictionary **options) {
  struct service *ours = &mux->service;
  if (!mux->tables) {
    ours->number = service->number;
    ours->pmt_pid = service->pmt_pid;
  }
  if (!ours->name[0]) {
    memcpy(ours->name, service->name, sizeof ours->name);
    memcpy(ours->provider, service->provider, sizeof ours->provider);
  }
  if (ours->name[0]) av_dict_set(&mux->format->metadata, "service_name", ours->name, 0);
  if (ours->provider[0]) av_dict_set(&mux->format->metadata, "service_provider", ours->provider, 0);
  if (ours->number > 0) av_dict_set_int(options, "mpegts_service_id", ours->number, 0);
  av_dict_set_int(options, "mpegts_pmt_start_pid", pmt_pid(mux), 0);
}

static int begin_program(struct mux *mux, struct tracks *tracks) {
  int error = avformat_alloc_output_context2(&mux->format, NULL, "mpegts", NULL);
  if (error < 0) return error;
  error = cues_open(&mux->cues, mux->io);
  if (error < 0) return error;
  mux->format->pb = mux->cues.io;
  mux->format->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_FLUSH_PACKETS;
  mux->format->max_delay = MAX_DELAY;
  AVDictionary *options = NULL;
  set_service(mux, &tracks->service, &options);
  bool used[MUX_PIDS_MAX] = {false};
  int cue_pids[CUES_MAX], cues = 0;
  for (int i = 0; i < tracks->count && error >= 0; i++) {
    const int pid = pid_of(mux, &tracks->track[i], used);
    error = add_stream(mux, &tracks->track[i], pid);
    if (tracks->track[i].codec->codec_id == AV_CODEC_ID_SCTE_35 && cues < CUES_MAX) cue_pids[cues++] = pid;
  }
  cues_announce(&mux->cues, pmt_pid(mux), cue_pids, cues);
  char version[16];
  snprintf(version, sizeof version, "%d", mux->tables % 32);
  av_dict_set(&options, "tables_version", version, 0);
  /* A program that follows another one starts its counters anew, and says so. */
  av_dict_set(&options, "mpegts_flags",
              mux->tables ? "initial_discontinuity+resend_headers" : "resend_headers", 0);
  if (error >= 0) error = avformat_write_header(mux->format, &options);
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

int mux_write_cue(struct mux *mux, const AVPacket *packet, int64_t moved) {
  avio_flush(mux->format->pb);
  return cues_write(&mux->cues, mux->format->streams[packet->stream_index]->id, packet->data,
                    (size_t)packet->size, moved + MUXER_DELAY);
}

int mux_write_number(struct mux *mux, int stream, uint64_t number) {
  avio_flush(mux->format->pb);
  return cues_write_number(&mux->cues, mux->format->streams[stream]->id, number);
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

void mux_free(struct mux *mux) {
  for (int i = 0; i < mux->pids_len; i++)
    avcodec_parameters_free(&mux->pids[i].track.codec);
  mux->pids_len = 0;
  cues_close(&mux->cues);
}
