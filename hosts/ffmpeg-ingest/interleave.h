/* interleave.h: packets in the order in which they are to be watched, of a source that has its tracks one after the other.
 * A fragment of MP4 holds all its pictures and then all its sound. Read at the speed of the media, the sound would come as much
 * later than its picture as a fragment lasts; so it is read ahead until the next packet of each track is there. */
#ifndef INTERLEAVE_H
#define INTERLEAVE_H

#include <libavformat/avformat.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pace.h"

struct interleave {
  struct interleave_packet {
    AVPacket *packet;
    uint64_t due;
  } * packets; /* as they were read */
  size_t count, room;
  uint64_t bytes;
  struct interleave_track {
    bool missed;      /* nobody waits for it until it comes */
    unsigned waiting; /* its packets in `packets` */
    uint64_t due;     /* of its last packet */
  } track[TRACKS_MAX];
  struct pace pace; /* the clock that `due` goes by: nobody's but ours */
  uint64_t now;     /* when the last packet that was given out was due */
  uint64_t span;    /* ns: further than this no track is waited for */
  int error;        /* that ended the reading; told when all packets are given out */
};

typedef int interleave_reader(AVFormatContext *, AVPacket *);

void interleave_init(struct interleave *interleave, uint64_t span);
/* The next packet, or what ended the reading; `read` is av_read_frame(). */
int interleave_read(struct interleave *interleave, AVFormatContext *format, interleave_reader *read,
                    AVPacket *packet);
void interleave_free(struct interleave *interleave);

#endif
