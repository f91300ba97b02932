/* times.h: what a packet says of its time, checked where it is read, so that all that is reckoned from it fits 64 bits. */
#ifndef TIMES_H
#define TIMES_H

#include <libavcodec/packet.h>
#include <libavutil/rational.h>

/* A time that no clock shows, a century from zero, becomes none; so does a duration that is not from 0 to an hour. */
void times_check(AVPacket *packet, AVRational time_base);

#endif
