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
  int silent_since_table; /* packets of other streams since a new program table, 0: it is not in doubt */
  int torn;               /* grows with packets that are none of its codec */
  char why[80];
};

struct streams {
  struct stream *stream; /* by the demuxer's index */
  unsigned count;
};

/* Looks at streams that are new; true: there were some. */
bool streams_follow(struct streams *streams, const AVFormatContext *format);
/* A new program table may have given this picture another codec, without libavformat taking notice: is there any more of it? */
void streams_doubt(struct streams *streams, int stream);
/* A packet came, which may tell more of its stream; 1: something is known anew. AVERROR_INPUT_CHANGED: a stream is not what it
 * is taken for; only opening the source again helps. */
int streams_see(struct streams *streams, const AVFormatContext *format, const AVPacket *packet);
/* Makes the packet of a ready stream complete in itself; a negative AVERROR: throw it away. */
int streams_complete(struct streams *streams, AVPacket *packet);
/* What comes next does not follow what came before. */
void streams_flush(struct streams *streams);
void streams_free(struct streams *streams);

#endif
