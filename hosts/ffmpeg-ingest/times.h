/* times.h: what a packet says of its time, checked where it is read, so that all that is reckoned from it fits 64 bits. */
#ifndef TIMES_H
#define TIMES_H

#include <libavcodec/packet.h>
#include <libavutil/rational.h>
#include <stdbool.h>

/* A time that no clock shows, a century from zero, becomes none; so does a duration that is not from 0 to an hour. */
void times_check(AVPacket *packet, AVRational time_base);

/* A clock of few bits that begins again, as that of MPEG-TS does after 26.5 hours. */
struct times_wrap {
  bool known;
  AVRational time_base;
  int bits;
  int64_t last;
};

/* Makes the packet's times go on where those before began again, and its two times be of one round. `bits`: how many the clock of
 * its stream has; streams of other clocks than the first one's are left alone. `keeps_clock`: its time is to be relied on. */
void times_unwrap(struct times_wrap *wrap, AVPacket *packet, AVRational time_base, int bits,
                  bool keeps_clock);

#endif
