/* tracks.h: which tracks a source has, as an immutable value that threads share by counting references. */
#ifndef TRACKS_H
#define TRACKS_H

#include <libavcodec/avcodec.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACKS_MAX 16

enum track_kind { TRACK_VIDEO, TRACK_AUDIO, TRACK_OTHER };

struct track {
  AVCodecParameters *codec; /* as packets carry it: see selfcontained.h */
  AVRational time_base;
  char language[32]; /* "deu"; several with commas; empty: not told */
  int disposition;   /* AV_DISPOSITION_*: for the hearing impaired, a description, ... */
  int pid;           /* in an MPEG-TS; 0: it comes from elsewhere */
};

/* What an MPEG-TS calls the program; empty and 0 where it comes from elsewhere. */
struct service {
  char name[128], provider[128];
  int number, pmt_pid;
};

struct tracks {
  atomic_int references;
  struct service service;
  int count; /* the video track, if any, is the first */
  struct track track[TRACKS_MAX];
};

struct tracks *tracks_new(void);
/* Copies it with its parameters; false: full or out of memory. */
bool tracks_add(struct tracks *tracks, const struct track *track);
bool tracks_equal(const struct tracks *a, const struct tracks *b);
struct tracks *tracks_share(struct tracks *tracks);
void tracks_release(struct tracks *tracks); /* NULL: nothing */

enum track_kind track_kind(const struct track *track);
static inline bool track_is_video(const struct track *track) { return track_kind(track) == TRACK_VIDEO; }
bool tracks_have_video(const struct tracks *tracks);

/* What the engine is to know of a packet: CHANGEOVER_VIDEO or _AUDIO, and _KEY where a picture begins that can be decoded
 * without those before it. Nothing for other tracks: they tell of neither. */
uint32_t track_flags(const struct track *track, const AVPacket *packet);

/* "h264 640x360, aac 48000 Hz" */
void tracks_describe(const struct tracks *tracks, char *text, size_t size);

/* Can MPEG-TS carry it so that players know what it is? */
bool mpegts_carries(enum AVCodecID codec);

#endif
