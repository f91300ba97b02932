/* learn.c: a decoder that runs until it knows. */
#include "learn.h"

bool parameters_known(const AVCodecParameters *codec) {
  switch (codec->codec_type) {
    case AVMEDIA_TYPE_VIDEO: return codec->width > 0 && codec->height > 0;
    case AVMEDIA_TYPE_AUDIO: return codec->sample_rate > 0 && codec->ch_layout.nb_channels > 0;
    default: return true;
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
