/* learn.c: a decoder that runs until it knows. */
#include "learn.h"

bool parameters_known(const AVCodecParameters *codec) {
  switch (codec->codec_type) {
    case AVMEDIA_TYPE_VIDEO: return codec->width > 0 && codec->height > 0;
    case AVMEDIA_TYPE_AUDIO: return codec->sample_rate > 0 && codec->ch_layout.nb_channels > 0;
    default: return true;
  }
}

uint32_t sound_head(enum AVCodecID codec, const AVPacket *packet) {
  const uint8_t *data = packet->data;
  if (packet->size < 7) return 0;
  switch (codec) {
    case AV_CODEC_ID_AAC: /* ADTS: sampling index, channels */
      if (data[0] != 0xff || (data[1] & 0xf6) != 0xf0) return 0;
      return 1u << 16 | (data[2] & 0x3du) << 8 | (data[3] & 0xc0u);
    case AV_CODEC_ID_MP1:
    case AV_CODEC_ID_MP2:
    case AV_CODEC_ID_MP3: /* version, layer, sampling index; one channel or two */
      if (data[0] != 0xff || (data[1] & 0xe0) != 0xe0) return 0;
      return 1u << 16 | (data[1] & 0x1eu) << 8 | (data[2] & 0x0cu) | (data[3] >> 6 == 3);
    case AV_CODEC_ID_AC3: /* sampling code; which channels */
      if (data[0] != 0x0b || data[1] != 0x77) return 0;
      return 1u << 16 | (data[4] & 0xc0u) << 8 | data[6] >> 5;
    default: return 0;
  }
}

static bool begin(struct learner *learner, const AVCodecParameters *codec) {
  const AVCodec *decoder = avcodec_find_decoder(codec->codec_id);
  if (!decoder || !(learner->decoder = avcodec_alloc_context3(decoder))) return false;
  learner->decoder->thread_count = 1;
  if (avcodec_parameters_to_context(learner->decoder, codec) >= 0 &&
      avcodec_open2(learner->decoder, decoder, NULL) >= 0)
    return true;
  learner_free(learner);
  return false;
}

bool learner_feed(struct learner *learner, AVCodecParameters *codec, const AVPacket *packet) {
  if (!learner->decoder && !begin(learner, codec)) return false;
  AVFrame *frame = av_frame_alloc();
  AVCodecParameters *found = avcodec_parameters_alloc();
  bool known = false;
  if (frame && found) {
    /* Errors are usual: it may have begun in the middle of a picture. */
    avcodec_send_packet(learner->decoder, packet);
    while (avcodec_receive_frame(learner->decoder, frame) >= 0)
      continue;
    known = avcodec_parameters_from_context(found, learner->decoder) >= 0 && parameters_known(found) &&
            avcodec_parameters_copy(codec, found) >= 0;
  }
  avcodec_parameters_free(&found);
  av_frame_free(&frame);
  return known;
}

void learner_free(struct learner *learner) { avcodec_free_context(&learner->decoder); }
