/* mux.h: MPEG-TS to a URL: opened, written, ended, opened again. Knows nothing of switches. */
#ifndef MUX_H
#define MUX_H

#include <libavformat/avformat.h>
#include <stdbool.h>

#include "tracks.h"

#define MUX_PIDS_MAX 64

struct mux {
  AVIOContext *io;
  AVFormatContext *format;
  struct tracks *tracks; /* what the program table announces */
  int tables;            /* versions of the program table so far */
  /* A PID belongs to a codec in a place for good: a reader that knows the PID as H.264 never meets HEVC on it. */
  struct {
    enum AVCodecID codec;
    int place;
  } pids[MUX_PIDS_MAX];
  int pids_len;
  bool opened_before;
};

/* Opens the target; a file that was open before goes on behind its last whole TS packet. */
int mux_open(struct mux *mux, const char *url, AVIOInterruptCB interrupt);
/* The output's track for the source's track `track`: the same kind, the same place in order; -1: none. */
int mux_map(const struct mux *mux, const struct tracks *tracks, int track);
/* Can these tracks go on in the current program? Otherwise announce them in a new one. */
bool mux_fits(const struct mux *mux, const struct tracks *tracks);
int mux_announce(struct mux *mux, struct tracks *tracks);
/* Stream index and times in 90 kHz are set; takes nothing over. */
int mux_write(struct mux *mux, AVPacket *packet);
/* Writes out what the muxer holds back, as at a switch. */
int mux_flush(struct mux *mux);
/* Ends the stream properly if `end`; closes. */
int mux_close(struct mux *mux, bool end);

#endif
