/* mux.h: MPEG-TS to a URL: opened, written, ended, opened again. Knows nothing of switches. */
#ifndef MUX_H
#define MUX_H

#include <libavformat/avformat.h>
#include <stdbool.h>

#include "cues.h"
#include "tracks.h"

#define MUX_PIDS_MAX 64

struct mux {
  AVIOContext *io;
  struct cues cues; /* between the muxer and `io` */
  AVFormatContext *format;
  struct tracks *tracks;  /* what the program table announces */
  struct service service; /* of the first source that had one, for good */
  int tables;             /* versions of the program table so far */
  /* A PID belongs to a track for good, as far as the last MUX_PIDS_MAX go: a reader that knows the PID as H.264, or as German,
   * never meets anything else on it. */
  struct mux_pid {
    struct track track; /* its codec is owned */
    int pid;
  } pids[MUX_PIDS_MAX];
  int pids_len;
  int forget; /* the next of `pids` to be given up where they are too few */
  bool opened_before;
};

/* Would the muxer write such a track? A negative AVERROR if not. Any thread. */
int mux_accepts(const AVCodecParameters *codec);

/* Opens the target; a file that was open before goes on behind its last whole TS packet. */
int mux_open(struct mux *mux, const char *url, AVIOInterruptCB interrupt);
/* For each of these tracks the output's; -1: none. False: they cannot go on in the current program; announce them in a new
 * one. */
bool mux_fits(const struct mux *mux, const struct tracks *tracks, int to[TRACKS_MAX]);
int mux_announce(struct mux *mux, struct tracks *tracks);
/* Stream index and times in 90 kHz are set; takes nothing over. */
int mux_write(struct mux *mux, AVPacket *packet);
/* The same for a cue; its times were `moved` by so many ticks. */
int mux_write_cue(struct mux *mux, const AVPacket *packet, int64_t moved);
/* Before what is written next of this stream: the switch number. See number.h. */
int mux_write_number(struct mux *mux, int stream, uint64_t number);
/* Writes out what the muxer holds back, as at a switch. */
int mux_flush(struct mux *mux);
/* Was the error that of the target? Otherwise the muxer refused what it was given. */
static inline bool mux_lost(const struct mux *mux) { return mux->io && mux->io->error < 0; }
/* Ends the stream properly if `end`; closes. */
int mux_close(struct mux *mux, bool end);
void mux_free(struct mux *mux);

#endif
