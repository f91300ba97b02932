/* playlist.h: how long the segments are that a playlist announces (HLS, DASH).
 * libavformat knows, but keeps it to itself: so the playlists it opens are looked at on their way in. */
#ifndef PLAYLIST_H
#define PLAYLIST_H

#include <libavformat/avformat.h>
#include <stdint.h>

struct playlist {
  int (*open)(AVFormatContext *format, AVIOContext **io, const char *url, int flags, AVDictionary **options);
  uint64_t segment; /* ns: the longest announced so far; 0: none */
};

/* Before avformat_open_input; `playlist` must live as long as `format`. Uses format->opaque. */
void playlist_watch(struct playlist *playlist, AVFormatContext *format);

/* The target duration or maxSegmentDuration in the beginning of a playlist; 0: that is no playlist, or says nothing. */
uint64_t playlist_segment(const char *text);

#endif
