/* tracks.c: the list of a source's tracks. */
#include "tracks.h"

#include <changeover.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tracks *tracks_new(void) {
  struct tracks *tracks = calloc(1, sizeof *tracks);
  if (tracks) atomic_init(&tracks->references, 1);
  return tracks;
}

bool tracks_add(struct tracks *tracks, const struct track *added) {
  if (tracks->count == TRACKS_MAX) return false;
  struct track *track = &tracks->track[tracks->count];
  *track = *added;
  track->codec = avcodec_parameters_alloc();
  if (!track->codec || avcodec_parameters_copy(track->codec, added->codec) < 0) {
    avcodec_parameters_free(&track->codec);
    return false;
  }
  tracks->count++;
  return true;
}

static bool same_codec(const AVCodecParameters *a, const AVCodecParameters *b) {
  return a->codec_id == b->codec_id && a->width == b->width && a->height == b->height &&
         a->sample_rate == b->sample_rate && a->ch_layout.nb_channels == b->ch_layout.nb_channels &&
         a->extradata_size == b->extradata_size &&
         (!a->extradata_size || !memcmp(a->extradata, b->extradata, (size_t)a->extradata_size));
}

bool tracks_equal(const struct tracks *a, const struct tracks *b) {
  if (a->count != b->count || strcmp(a->service.name, b->service.name) ||
      strcmp(a->service.provider, b->service.provider) || a->service.number != b->service.number)
    return false;
  for (int i = 0; i < a->count; i++) {
    const struct track *one = &a->track[i], *other = &b->track[i];
    if (!same_codec(one->codec, other->codec) || strcmp(one->language, other->language) ||
        one->disposition != other->disposition || one->pid != other->pid ||
        av_cmp_q(one->time_base, other->time_base))
      return false;
  }
  return true;
}

struct tracks *tracks_share(struct tracks *tracks) {
  atomic_fetch_add(&tracks->references, 1);
  return tracks;
}

void tracks_release(struct tracks *tracks) {
  if (!tracks || atomic_fetch_sub(&tracks->references, 1) != 1) return;
  for (int i = 0; i < tracks->count; i++)
    avcodec_parameters_free(&tracks->track[i].codec);
  free(tracks);
}

enum track_kind track_kind(const struct track *track) {
  switch (track->codec->codec_type) {
    case AVMEDIA_TYPE_VIDEO: return TRACK_VIDEO;
    case AVMEDIA_TYPE_AUDIO: return TRACK_AUDIO;
    default: return TRACK_OTHER;
  }
}

uint32_t track_flags(const struct track *track, const AVPacket *packet) {
  switch (track_kind(track)) {
    case TRACK_VIDEO: {
      const bool starts = packet->flags & AV_PKT_FLAG_KEY && !(packet->flags & AV_PKT_FLAG_CORRUPT);
      return starts ? CHANGEOVER_VIDEO | CHANGEOVER_KEY : CHANGEOVER_VIDEO;
    }
    case TRACK_AUDIO: return CHANGEOVER_AUDIO;
    default: return 0;
  }
}

bool tracks_have_video(const struct tracks *tracks) {
  return tracks->count > 0 && track_is_video(&tracks->track[0]);
}

static int describe(const struct track *track, char *text, size_t size) {
  const AVCodecParameters *codec = track->codec;
  const char *name = avcodec_get_name(codec->codec_id), *space = track->language[0] ? " " : "";
  switch (track_kind(track)) {
    case TRACK_VIDEO: return snprintf(text, size, "%s %dx%d", name, codec->width, codec->height);
    case TRACK_AUDIO:
      return snprintf(text, size, "%s %d Hz%s%s", name, codec->sample_rate, space, track->language);
    default: return snprintf(text, size, "%s%s%s", name, space, track->language);
  }
}

void tracks_describe(const struct tracks *tracks, char *text, size_t size) {
  size_t used = 0;
  snprintf(text, size, tracks->count ? "" : "nothing is known of it yet");
  for (int i = 0; i < tracks->count && used < size; i++) {
    if (i) used += (size_t)snprintf(text + used, size - used, ", ");
    if (used < size) used += (size_t)describe(&tracks->track[i], text + used, size - used);
  }
}

bool mpegts_carries(enum AVCodecID codec) {
  switch (codec) {
    case AV_CODEC_ID_MPEG1VIDEO:
    case AV_CODEC_ID_MPEG2VIDEO:
    case AV_CODEC_ID_MPEG4:
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:
    case AV_CODEC_ID_DIRAC:
    case AV_CODEC_ID_VC1:
    case AV_CODEC_ID_MP1:
    case AV_CODEC_ID_MP2:
    case AV_CODEC_ID_MP3:
    case AV_CODEC_ID_AAC:
    case AV_CODEC_ID_AAC_LATM:
    case AV_CODEC_ID_AC3:
    case AV_CODEC_ID_EAC3:
    case AV_CODEC_ID_DTS:
    case AV_CODEC_ID_TRUEHD:
    case AV_CODEC_ID_OPUS:
    case AV_CODEC_ID_S302M:
    case AV_CODEC_ID_DVB_SUBTITLE:
    case AV_CODEC_ID_DVB_TELETEXT:
    case AV_CODEC_ID_SMPTE_KLV:
    case AV_CODEC_ID_TIMED_ID3:
    case AV_CODEC_ID_SCTE_35: return true;
    default: return false;
  }
}
