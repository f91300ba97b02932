/* tracks.c: the list of a source's tracks. */
#include "tracks.h"

#include <stdio.h>
#include <stdlib.h>

struct tracks *tracks_new(void) {
  struct tracks *tracks = calloc(1, sizeof *tracks);
  if (tracks) atomic_init(&tracks->references, 1);
  return tracks;
}

bool tracks_add(struct tracks *tracks, const AVCodecParameters *codec, AVRational time_base) {
  if (tracks->count == TRACKS_MAX) return false;
  struct track *track = &tracks->track[tracks->count];
  track->codec = avcodec_parameters_alloc();
  if (!track->codec || avcodec_parameters_copy(track->codec, codec) < 0) {
    avcodec_parameters_free(&track->codec);
    return false;
  }
  track->time_base = time_base;
  tracks->count++;
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

bool tracks_have_video(const struct tracks *tracks) {
  return tracks->count > 0 && track_is_video(&tracks->track[0]);
}

void tracks_describe(const struct tracks *tracks, char *text, size_t size) {
  size_t used = 0;
  text[0] = 0;
  for (int i = 0; i < tracks->count && used < size; i++) {
    const AVCodecParameters *codec = tracks->track[i].codec;
    const char *name = avcodec_get_name(codec->codec_id);
    const char *comma = i ? ", " : "";
    const int length =
        track_is_video(&tracks->track[i])
            ? snprintf(text + used, size - used, "%s%s %dx%d", comma, name, codec->width, codec->height)
            : snprintf(text + used, size - used, "%s%s %d Hz", comma, name, codec->sample_rate);
    used += length > 0 ? (size_t)length : 0;
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
    case AV_CODEC_ID_S302M: return true;
    default: return false;
  }
}
