/* streams.h: what is known of each stream that the demuxer has found so far: can it be carried, and how. */
#ifndef STREAMS_H
#define STREAMS_H

#include <libavformat/avformat.h>
#include <stdbool.h>

#include "learn.h"
#include "selfcontained.h"

enum stream_state {
  STREAM_UNKNOWN, /* its parameters, or even its codec, are not known yet */
  STREAM_READY,   /* it can be written */
  STREAM_REFUSED  /* it cannot: see why */
};

struct stream {
  enum stream_state state;
  enum AVCodecID codec_id;  /* as the demuxer says */
  AVCodecParameters *codec; /* ready: of its packets once they are complete in themselves */
  struct selfcontained whole;
  uint32_t head;      /* see sound_head; 0: not known */
  uint8_t *extradata; /* as the source announced it last; NULL: never */
  size_t extradata_size;
  struct learner learner;
  char why[80];
};

struct streams {
  struct stream *stream; /* by the demuxer's index */
  unsigned count;
};

/* Looks at streams that are new; true: there were some. */
bool streams_follow(struct streams *streams, const AVFormatContext *format);
/* A packet came, which may tell more of its stream; true: something is known anew. */
bool streams_see(struct streams *streams, const AVFormatContext *format, const AVPacket *packet);
/* What comes next does not follow what came before. */
void streams_flush(struct streams *streams);
void streams_free(struct streams *streams);

#endif
