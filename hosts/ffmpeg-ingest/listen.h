/* listen.h: inputs that wait for the other side to connect or to send. */
#ifndef LISTEN_H
#define LISTEN_H

#include <libavutil/dict.h>
#include <stdbool.h>

enum listening {
  CALLS,   /* we connect: an attempt may take only so long, and is not repeated at once */
  LISTENS, /* others connect (rtmp, tcp, http with listen=1, srt with mode=listener): the port stays open */
  RECEIVES /* others just send (udp, rtp) */
};

/* By the URL, what follows its "?", and the options. */
enum listening input_listens(const char *url, const AVDictionary *options);

#endif
