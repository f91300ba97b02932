/* playlist.c: reads the beginning of what libavformat opens, and gives it back. */
#include "playlist.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define HEAD 4096
/* Longer segments than this are a mistake of the playlist. */
#define SEGMENT_MAX 3600.0

static uint64_t duration(double seconds) {
  return seconds > 0 && seconds <= SEGMENT_MAX ? (uint64_t)(seconds * (double)NS_PER_S) : 0;
}

/* The ISO 8601 duration of an MPD: PT1H2M3.5S, with any part left out. */
static uint64_t iso_duration(const char *text) {
  double seconds = 0;
  if (strncmp(text, "PT", 2)) return 0;
  for (text += 2; *text && *text != '"';) {
    char *unit;
    const double number = strtod(text, &unit);
    if (unit == text) return 0;
    seconds += *unit == 'H' ? number * 3600 : *unit == 'M' ? number * 60 : *unit == 'S' ? number : 0;
    text = *unit ? unit + 1 : unit;
  }
  return duration(seconds);
}

uint64_t playlist_segment(const char *text) {
  static const char hls[] = "#EXT-X-TARGETDURATION:", dash[] = "maxSegmentDuration=\"";
  const char *found = strstr(text, hls);
  if (found && strstr(text, "#EXTM3U")) return duration(strtod(found + sizeof hls - 1, NULL));
  found = strstr(text, "<MPD") ? strstr(text, dash) : NULL;
  return found ? iso_duration(found + sizeof dash - 1) : 0;
}

static int open_and_look(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                         AVDictionary **options) {
  struct playlist *playlist = format->opaque;
  const int error = playlist->open(format, io, url, flags, options);
  if (error < 0 || flags & AVIO_FLAG_WRITE || playlist->segment || (*io)->max_packet_size) return error;
  char head[HEAD + 1];
  const int size = avio_read_partial(*io, (unsigned char *)head, HEAD);
  if (size <= 0) return error; /* whoever reads on learns of it */
  head[size] = 0;
  playlist->segment = playlist_segment(head);
  const int64_t back = avio_seek(*io, 0, SEEK_SET); /* it still lies in the buffer */
  return back < 0 ? (int)back : error;
}

void playlist_watch(struct playlist *playlist, AVFormatContext *format) {
  *playlist = (struct playlist){.open = format->io_open};
  format->opaque = playlist;
  format->io_open = open_and_look;
}
