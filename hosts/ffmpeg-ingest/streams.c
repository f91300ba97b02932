/* streams.c: a stream becomes ready when its parameters are known and the muxer takes it. */
#include "streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mux.h"
#include "tracks.h"

/* Packets of the other streams in which a picture must show up, after a new program table, */
#define SILENT_MAX 150
/* and a sound that was there before it. */
#define SILENT_SOUND_MAX 75
/* When one packet in so many, and ten more than that, are none of the codec's, it is another codec. */
#define TORN_WEIGHT 8
#define TORN_MAX (10 * TORN_WEIGHT)

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
  av_freep(&stream->extradata);
  *stream = (struct stream){.state = STREAM_UNKNOWN};
}

static void remember_extradata(struct stream *stream, const uint8_t *extradata, size_t size) {
  av_freep(&stream->extradata);
  stream->extradata = size ? av_memdup(extradata, size) : NULL;
  stream->extradata_size = stream->extradata ? size : 0;
}

static void look(struct stream *stream, const AVStream *found) {
  const AVCodecParameters *codec = found->codecpar;
  stream->codec_id = codec->codec_id;
  remember_extradata(stream, codec->extradata, (size_t)codec->extradata_size);
  stream->codec = avcodec_parameters_alloc();
  if (!stream->codec || avcodec_parameters_copy(stream->codec, codec) < 0)
    refuse(stream, "out of memory");
  else if (codec->codec_id != AV_CODEC_ID_NONE && !mpegts_carries(codec->codec_id))
    refuse(stream, "MPEG-TS does not carry it");
}

/* Nothing that was known holds any more, but for what is given here. */
static void learn_anew(struct stream *stream, const AVStream *found, const uint8_t *extradata, size_t size) {
  forget(stream);
  look(stream, found);
  if (stream->state != STREAM_UNKNOWN) return;
  AVCodecParameters *codec = stream->codec;
  codec->width = codec->height = codec->sample_rate = 0;
  av_freep(&codec->extradata);
  codec->extradata_size = 0;
  if (!size) return;
  codec->extradata = av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE);
  remember_extradata(stream, extradata, size);
  if (!codec->extradata) {
    refuse(stream, "out of memory");
    return;
  }
  memcpy(codec->extradata, extradata, size);
  codec->extradata_size = (int)size;
}

/* Did the source change its parameters under way: a publisher that reconnected, an encoder that was set anew? */
static void follow_parameters(struct stream *stream, const AVStream *found, const AVPacket *packet) {
  if (found->codecpar->codec_id != stream->codec_id) { /* a new program table says so */
    const bool named = stream->codec_id != AV_CODEC_ID_NONE;
    if (named) {
      learn_anew(stream, found, NULL, 0);
    } else {
      forget(stream);
      look(stream, found);
      if (stream->state == STREAM_UNKNOWN && parameters_known(stream->codec))
        make_ready(stream, found->time_base);
    }
    return;
  }
  size_t size = 0;
  const uint8_t *extradata = av_packet_get_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, &size);
  const uint32_t head = sound_head(stream->codec_id, packet);
  if (extradata && size &&
      (size != stream->extradata_size || memcmp(extradata, stream->extradata, size) != 0))
    learn_anew(stream, found, extradata, size);
  else if (head && stream->head && head != stream->head)
    learn_anew(stream, found, NULL, 0);
  if (head) stream->head = head;
}

bool streams_follow(struct streams *streams, const AVFormatContext *format) {
  if (streams->count >= format->nb_streams) return false;
  struct stream *longer = realloc(streams->stream, format->nb_streams * sizeof *longer);
  if (!longer) return false;
  streams->stream = longer;
  for (; streams->count < format->nb_streams; streams->count++) {
    longer[streams->count] = (struct stream){.state = STREAM_UNKNOWN};
    const AVStream *found = format->streams[streams->count];
    struct stream *stream = &longer[streams->count];
    look(stream, found);
    if (stream->state == STREAM_UNKNOWN && found->codecpar->codec_id != AV_CODEC_ID_NONE &&
        parameters_known(stream->codec))
      make_ready(stream, found->time_base);
  }
  return true;
}

void streams_doubt(struct streams *streams, int stream) {
  struct stream *doubted = &streams->stream[stream];
  if (!doubted->codec) return;
  const enum AVMediaType type = doubted->codec->codec_type;
  if ((type == AVMEDIA_TYPE_VIDEO && doubted->state != STREAM_REFUSED) ||
      (type == AVMEDIA_TYPE_AUDIO && doubted->state == STREAM_READY))
    doubted->silent_since_table = 1;
}

/* Are all that are in doubt still there? */
static bool all_are_there(struct streams *streams, int heard) {
  for (int i = 0; i < (int)streams->count; i++) {
    struct stream *stream = &streams->stream[i];
    if (!stream->silent_since_table) continue;
    if (i == heard && stream->state == STREAM_READY)
      stream->silent_since_table = 0;
    else if (++stream->silent_since_table >
             (stream->codec->codec_type == AVMEDIA_TYPE_VIDEO ? SILENT_MAX : SILENT_SOUND_MAX))
      return false;
  }
  return true;
}

int streams_see(struct streams *streams, const AVFormatContext *format, const AVPacket *packet) {
  if (packet->stream_index < 0 || (unsigned)packet->stream_index >= streams->count) return 0;
  if (!all_are_there(streams, packet->stream_index)) return AVERROR_INPUT_CHANGED;
  const AVStream *found = format->streams[packet->stream_index];
  struct stream *stream = &streams->stream[packet->stream_index];
  const enum stream_state before = stream->state;
  if (before != STREAM_REFUSED || found->codecpar->codec_id != stream->codec_id)
    follow_parameters(stream, found, packet);
  if (stream->state == STREAM_UNKNOWN && stream->codec_id != AV_CODEC_ID_NONE &&
      learner_feed(&stream->learner, stream->codec, packet))
    make_ready(stream, found->time_base);
  else if (stream->state == before)
    return stream->torn > TORN_MAX ? AVERROR_INPUT_CHANGED : 0;
  return 1;
}

int streams_complete(struct streams *streams, AVPacket *packet) {
  struct stream *stream = &streams->stream[packet->stream_index];
  const int error = selfcontained_packet(&stream->whole, packet);
  if (error < 0)
    stream->torn += TORN_WEIGHT;
  else if (stream->torn)
    stream->torn--;
  return error;
}

void streams_flush(struct streams *streams) {
  for (unsigned i = 0; i < streams->count; i++) {
    if (streams->stream[i].state == STREAM_READY) selfcontained_flush(&streams->stream[i].whole);
  }
}

void streams_free(struct streams *streams) {
  for (unsigned i = 0; i < streams->count; i++)
    forget(&streams->stream[i]);
  free(streams->stream);
  *streams = (struct streams){.stream = NULL};
}
