/* source.h: one URL opened with libavformat, read packet by packet. */
#ifndef SOURCE_H
#define SOURCE_H

#include <libavformat/avformat.h>
#include <stdbool.h>
#include <stdint.h>

#include "interleave.h"
#include "lap.h"
#include "loss.h"
#include "playlist.h"
#include "prompt.h"
#include "streams.h"
#include "times.h"
#include "tracks.h"

struct source {
  AVFormatContext *format;
  struct playlist playlist;
  struct loss loss;
  struct streams streams;
  int program_wanted;    /* its number; -1: that of the best picture */
  int program;           /* the number of the one that is read; -1: the source has none */
  int table_version;     /* of its table; -1: none */
  uint64_t fingerprint;  /* of the program when the tracks were chosen */
  struct tracks *tracks; /* replaced when tracks come, go, move, or are known better; may be empty at first */
  int stream_of[TRACKS_MAX]; /* track -> index of the stream in `format` */
  bool segmented;            /* HLS, DASH: whole segments come at once, then nothing until the next one */
  bool has_end;              /* a file, not something live */
  bool repeat;               /* begin again at its end, without a seam */
  struct lap lap;
  struct prompt prompt;
  struct times_wrap wrap;
  struct interleave interleave; /* of what is segmented */
  bool io_tells;                /* the end of `format->pb` is the source's: it is no playlist */
  char unknown_options[128];    /* given, but not known to libavformat here; empty: none */
};

/* `options` go to libavformat, but for "format", which names a demuxer, "program", the number of one, and "repeat" (1: what has
 * an end begins again). On failure `why` says so, and nothing stays open. */
int source_open(struct source *source, const char *url, const AVDictionary *options,
                AVIOInterruptCB interrupt, char *why, size_t why_size);
/* The next packet of a chosen track, complete in itself; packet->stream_index becomes the number of its track in
 * source->tracks, which may be other tracks than before. */
int source_read(struct source *source, AVPacket *packet);
/* Its connection or file has ended: packets that still come were held inside libavformat. */
bool source_at_end(const struct source *source);
/* What of its program is not carried, and why; empty: nothing. */
void source_left_out(const struct source *source, char *text, size_t size);
/* Delivers faster than it is meant to be watched: to be read at the speed of its own clock. */
static inline bool source_must_be_paced(const struct source *source) {
  return source->has_end || source->segmented;
}
void source_close(struct source *source);

void error_text(int error, char *text, size_t size);

#endif
