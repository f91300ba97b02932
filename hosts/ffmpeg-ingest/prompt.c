/* prompt.c: tells libavformat's parser that its packets are whole pictures. */
#include "prompt.h"

#include <libavcodec/avcodec.h>
#include <string.h>

/* So many must have been. */
#define IN_STEP 5

static bool has_whole_pictures(enum AVCodecID codec) {
  return codec == AV_CODEC_ID_H264 || codec == AV_CODEC_ID_HEVC || codec == AV_CODEC_ID_MPEG2VIDEO;
}

void prompt_init(struct prompt *prompt) { *prompt = (struct prompt){.stream = -1}; }

/* The parser holds one whole picture by now; it comes out when it is told that nothing follows. */
static void take_out(struct prompt *prompt, AVCodecParserContext *parser, const AVStream *stream,
                     const AVPacket *last) {
  AVCodecContext *codec = avcodec_alloc_context3(NULL);
  if (!codec) return;
  uint8_t *data = NULL;
  int size = 0;
  avcodec_parameters_to_context(codec, stream->codecpar);
  av_parser_parse2(parser, codec, &data, &size, NULL, 0, AV_NOPTS_VALUE, AV_NOPTS_VALUE, -1);
  AVPacket *held = size > 0 ? av_packet_alloc() : NULL;
  if (held && av_new_packet(held, size) < 0) av_packet_free(&held);
  if (held) {
    memcpy(held->data, data, (size_t)size);
    held->stream_index = last->stream_index;
    held->pts = parser->pts;
    held->dts = parser->dts != AV_NOPTS_VALUE ? parser->dts : parser->pts;
    held->pos = parser->pos;
    held->duration = last->duration;
    if (parser->key_frame == 1) held->flags |= AV_PKT_FLAG_KEY;
  }
  prompt->held = held;
  avcodec_free_context(&codec);
}

void prompt_look(struct prompt *prompt, AVFormatContext *format, const AVPacket *packet) {
  const AVStream *stream = format->streams[packet->stream_index];
  if (!has_whole_pictures(stream->codecpar->codec_id)) return;
  AVCodecParserContext *parser = av_stream_get_parser(stream);
  if (!parser || parser->flags & PARSER_FLAG_COMPLETE_FRAMES) return;
  const int place = parser->cur_frame_start_index;
  const int packets = (place - prompt->place + AV_PARSER_PTS_NB) % AV_PARSER_PTS_NB;
  const bool follows = prompt->stream == packet->stream_index && packets == 1;
  prompt->stream = packet->stream_index;
  prompt->place = place;
  prompt->in_step = follows ? prompt->in_step + 1 : 0;
  if (prompt->in_step < IN_STEP) return;
  take_out(prompt, parser, stream, packet);
  if (prompt->held) parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
}

bool prompt_take(struct prompt *prompt, AVPacket *packet) {
  if (!prompt->held) return false;
  av_packet_move_ref(packet, prompt->held);
  av_packet_free(&prompt->held);
  return true;
}

void prompt_free(struct prompt *prompt) { av_packet_free(&prompt->held); }
