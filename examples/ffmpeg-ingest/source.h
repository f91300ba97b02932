/* source.h: one URL opened with libavformat, read packet by packet. */
#ifndef SOURCE_H
#define SOURCE_H

#include <libavformat/avformat.h>
#include <stdbool.h>
#include <stdint.h>

#include "playlist.h"
#include "selfcontained.h"
#include "tracks.h"

struct source {
  AVFormatContext *format;
  struct tracks *tracks;
  int stream_of[TRACKS_MAX]; /* track -> index of the stream in `format` */
  struct selfcontained whole[TRACKS_MAX];
  struct playlist playlist;
  bool segmented;     /* HLS, DASH: whole segments come at once, then nothing until the next one */
  bool has_end;       /* a file, not something live */
  bool io_tells;      /* the end of `format->pb` is the source's: it is no playlist */
  char left_out[256]; /* what of the source cannot be carried; empty: nothing */
};

/* `options` go to libavformat; the key "format" names a demuxer. On failure `why` says so, and nothing stays open. */
int source_open(struct source *source, const char *url, const AVDictionary *options,
                AVIOInterruptCB interrupt, char *why, size_t why_size);
/* The next packet of a chosen track, complete in itself; packet->stream_index becomes the number of its track. */
int source_read(struct source *source, AVPacket *packet);
/* Its connection or file has ended: packets that still come were held inside libavformat. */
bool source_at_end(const struct source *source);
/* Delivers faster than it is meant to be watched: to be read at the speed of its own clock. */
static inline bool source_must_be_paced(const struct source *source) {
  return source->has_end || source->segmented;
}
void source_close(struct source *source);

void error_text(int error, char *text, size_t size);

#endif
