/* streams.c: a stream becomes ready when its parameters are known and the muxer takes it. */
#include "streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mux.h"
#include "tracks.h"

static void refuse(struct stream *stream, const char *why) {
  stream->state = STREAM_REFUSED;
  snprintf(stream->why, sizeof stream->why, "%s", why);
}

/* All is known: may it be written? Better found out here, where it is this input's business, than by the output. */
static void make_ready(struct stream *stream, AVRational time_base) {
  learner_free(&stream->learner);
  if (selfcontained_init(&stream->whole, stream->codec, time_base) < 0) {
    refuse(stream, "its packets cannot be made complete");
  } else if (mux_accepts(stream->codec) < 0) {
    selfcontained_free(&stream->whole);
    refuse(stream, "MPEG-TS does not take it");
  } else {
    stream->state = STREAM_READY;
  }
}

static void forget(struct stream *stream) {
  if (stream->state == STREAM_READY) selfcontained_free(&stream->whole);
  learner_free(&stream->learner);
  avcodec_parameters_free(&stream->codec);
  *stream = (struct stream){.state = STREAM_UNKNOWN};
}

/* `changed`: what the demuxer says of it is in part about the codec before. */
static void look(struct stream *stream, const AVStream *found, bool changed) {
  const AVCodecParameters *codec = found->codecpar;
  stream->codec_id = codec->codec_id;
  stream->codec = avcodec_parameters_alloc();
  if (!stream->codec || avcodec_parameters_copy(stream->codec, codec) < 0) {
    refuse(stream, "out of memory");
    return;
  }
  if (codec->codec_id == AV_CODEC_ID_NONE) return;
  if (!mpegts_carries(codec->codec_id)) {
    refuse(stream, "MPEG-TS does not carry it");
    return;
  }
  if (changed) {
    stream->codec->width = stream->codec->height = stream->codec->sample_rate = 0;
    av_freep(&stream->codec->extradata);
    stream->codec->extradata_size = 0;
  }
  if (parameters_known(stream->codec)) make_ready(stream, found->time_base);
}

bool streams_follow(struct streams *streams, const AVFormatContext *format) {
  if (streams->count >= format->nb_streams) return false;
  struct stream *longer = realloc(streams->stream, format->nb_streams * sizeof *longer);
  if (!longer) return false;
  streams->stream = longer;
  for (; streams->count < format->nb_streams; streams->count++) {
    longer[streams->count] = (struct stream){.state = STREAM_UNKNOWN};
    look(&longer[streams->count], format->streams[streams->count], false);
  }
  return true;
}

bool streams_see(struct streams *streams, const AVFormatContext *format, const AVPacket *packet) {
  if (packet->stream_index < 0 || (unsigned)packet->stream_index >= streams->count) return false;
  const AVStream *found = format->streams[packet->stream_index];
  struct stream *stream = &streams->stream[packet->stream_index];
  if (found->codecpar->codec_id != stream->codec_id) { /* a new program table says so */
    const bool changed = stream->codec_id != AV_CODEC_ID_NONE;
    forget(stream);
    look(stream, found, changed);
    if (stream->state != STREAM_UNKNOWN) return true;
  }
  if (stream->state != STREAM_UNKNOWN || !stream->codec || stream->codec_id == AV_CODEC_ID_NONE) return false;
  if (!learner_feed(&stream->learner, stream->codec, packet)) return false;
  make_ready(stream, found->time_base);
  return true;
}

void streams_free(struct streams *streams) {
  for (unsigned i = 0; i < streams->count; i++)
    forget(&streams->stream[i]);
  free(streams->stream);
  *streams = (struct streams){.stream = NULL};
}
