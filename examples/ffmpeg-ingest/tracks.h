/* tracks.h: which tracks a source has, as an immutable value that threads share by counting references. */
#ifndef TRACKS_H
#define TRACKS_H

#include <libavcodec/avcodec.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define TRACKS_MAX 16

struct track {
  AVCodecParameters *codec; /* as packets carry it: see selfcontained.h */
  AVRational time_base;
};

struct tracks {
  atomic_int references;
  int count; /* the video track, if any, is the first */
  struct track track[TRACKS_MAX];
};

struct tracks *tracks_new(void);
/* Copies the parameters; false: full or out of memory. */
bool tracks_add(struct tracks *tracks, const AVCodecParameters *codec, AVRational time_base);
struct tracks *tracks_share(struct tracks *tracks);
void tracks_release(struct tracks *tracks); /* NULL: nothing */

static inline bool track_is_video(const struct track *track) {
  return track->codec->codec_type == AVMEDIA_TYPE_VIDEO;
}
bool tracks_have_video(const struct tracks *tracks);

/* "h264 640x360, aac 48000 Hz" */
void tracks_describe(const struct tracks *tracks, char *text, size_t size);

/* Can MPEG-TS carry it so that players know what it is? */
bool mpegts_carries(enum AVCodecID codec);

#endif
