/* selfcontained.c: start codes, parameter sets and ADTS headers. */
#include "selfcontained.h"

#include <stdbool.h>
#include <string.h>

/* NAL unit types that carry the sequence parameter set. */
enum { H264_SPS = 7, HEVC_SPS = 33 };

static bool has_nal_units(enum AVCodecID codec) {
  return codec == AV_CODEC_ID_H264 || codec == AV_CODEC_ID_HEVC;
}

static bool has_sequence_parameters(enum AVCodecID codec, const uint8_t *data, size_t size) {
  for (size_t i = 0; i + 3 < size; i++) {
    if (data[i] || data[i + 1] || data[i + 2] != 1) continue;
    const uint8_t head = data[i + 3];
    if (codec == AV_CODEC_ID_H264 ? (head & 0x1f) == H264_SPS : (head >> 1 & 0x3f) == HEVC_SPS) return true;
    i += 2;
  }
  return false;
}

/* The ADTS header for what an AudioSpecificConfig says (ISO 14496-3, 1.6.2.1); left alone where ADTS cannot say it. */
static void adts_from_config(uint8_t adts[7], const uint8_t *config, size_t size) {
  if (size < 2) return;
  uint64_t bits = 0;
  for (size_t i = 0; i < 8; i++)
    bits = bits << 8 | (i < size ? config[i] : 0);
  unsigned object = bits >> 59 & 0x1f;
  const unsigned rate = bits >> 55 & 0xf;
  const unsigned channels = bits >> 51 & 0xf;
  if (object == 5 || object == 29) { /* HE-AAC: the rate of the extension, then the type of the base */
    if ((bits >> 47 & 0xf) == 15) return;
    object = bits >> 42 & 0x1f;
  }
  if (object < 1 || object > 4 || rate > 12 || channels < 1 || channels > 7) return;
  adts[0] = 0xff;
  adts[1] = 0xf1; /* MPEG-4, no checksum */
  adts[2] = (uint8_t)((object - 1) << 6 | rate << 2 | channels >> 2);
  adts[3] = (uint8_t)((channels & 3) << 6);
  adts[4] = 0;
  adts[5] = 0x1f; /* variable rate */
  adts[6] = 0xfc;
}

static int init_nal_units(struct selfcontained *self, AVCodecParameters *codec, AVRational time_base) {
  if (codec->extradata_size > 0 && codec->extradata[0] == 1) { /* avcC, hvcC */
    const AVBitStreamFilter *filter =
        av_bsf_get_by_name(codec->codec_id == AV_CODEC_ID_H264 ? "h264_mp4toannexb" : "hevc_mp4toannexb");
    if (!filter) return AVERROR_BSF_NOT_FOUND;
    int error = av_bsf_alloc(filter, &self->annexb);
    if (error < 0) return error;
    self->annexb->time_base_in = time_base;
    error = avcodec_parameters_copy(self->annexb->par_in, codec);
    if (error >= 0) error = av_bsf_init(self->annexb);
    if (error >= 0) error = avcodec_parameters_copy(codec, self->annexb->par_out);
    if (error < 0) return error;
  }
  if (has_sequence_parameters(codec->codec_id, codec->extradata, (size_t)codec->extradata_size)) {
    self->parameter_sets = codec->extradata;
    self->parameter_sets_size = (size_t)codec->extradata_size;
    codec->extradata = NULL;
    codec->extradata_size = 0;
  }
  return 0;
}

static void drop_extradata(AVCodecParameters *codec) {
  av_freep(&codec->extradata);
  codec->extradata_size = 0;
}

int selfcontained_init(struct selfcontained *self, AVCodecParameters *codec, AVRational time_base) {
  *self = (struct selfcontained){.codec = codec->codec_id};
  if (has_nal_units(codec->codec_id)) {
    const int error = init_nal_units(self, codec, time_base);
    if (error < 0) {
      selfcontained_free(self);
      return error;
    }
    drop_extradata(codec);
  } else if (codec->codec_id == AV_CODEC_ID_AAC) {
    adts_from_config(self->adts, codec->extradata, (size_t)codec->extradata_size);
    if (codec->extradata_size > 0 && !self->adts[0]) return AVERROR_PATCHWELCOME; /* ADTS cannot say it */
    drop_extradata(codec);
  }
  return 0;
}

void selfcontained_free(struct selfcontained *self) {
  av_bsf_free(&self->annexb);
  av_freep(&self->parameter_sets);
  self->parameter_sets_size = 0;
}

void selfcontained_flush(struct selfcontained *self) {
  if (self->annexb) av_bsf_flush(self->annexb);
}

static int prepend(AVPacket *packet, const uint8_t *head, size_t size) {
  AVPacket *longer = av_packet_alloc();
  if (!longer) return AVERROR(ENOMEM);
  int error = av_new_packet(longer, packet->size + (int)size);
  if (error >= 0) {
    memcpy(longer->data, head, size);
    memcpy(longer->data + size, packet->data, (size_t)packet->size);
    error = av_packet_copy_props(longer, packet);
  }
  if (error >= 0) {
    longer->stream_index = packet->stream_index;
    av_packet_unref(packet);
    av_packet_move_ref(packet, longer);
  }
  av_packet_free(&longer);
  return error;
}

static bool is_nal_unit(enum AVCodecID codec, const uint8_t *head) {
  const unsigned h264 = head[0] & 0x1f, hevc = head[0] >> 1 & 0x3f;
  if (head[0] & 0x80) return false;
  if (codec == AV_CODEC_ID_H264) return h264 == 1 || (h264 >= 5 && h264 <= 16) || (h264 >= 19 && h264 <= 21);
  return (hevc <= 9 || (hevc >= 16 && hevc <= 21) || (hevc >= 32 && hevc <= 63)) && head[1] & 7;
}

/* Are all NAL units such as this codec has? Otherwise it is another codec's packet, or noise. */
static bool is_plausible(enum AVCodecID codec, const uint8_t *data, size_t size) {
  size_t units = 0;
  for (size_t i = 0; i + 4 < size; i++) {
    if (data[i + 2] > 1) {
      i += 2; /* no start code begins before it */
    } else if (!data[i] && !data[i + 1] && data[i + 2] == 1) {
      if (!is_nal_unit(codec, data + i + 3)) return false;
      units++;
    }
  }
  return units > 0;
}

static int with_start_codes(struct selfcontained *self, AVPacket *packet) {
  if (self->annexb) {
    int error = av_bsf_send_packet(self->annexb, packet);
    if (error >= 0) error = av_bsf_receive_packet(self->annexb, packet);
    if (error < 0) return error;
  }
  if (!is_plausible(self->codec, packet->data, (size_t)packet->size)) return AVERROR_INVALIDDATA;
  if (!(packet->flags & AV_PKT_FLAG_KEY) || !self->parameter_sets_size) return 0;
  if (has_sequence_parameters(self->codec, packet->data, (size_t)packet->size)) return 0;
  return prepend(packet, self->parameter_sets, self->parameter_sets_size);
}

static int with_adts(struct selfcontained *self, AVPacket *packet) {
  if (packet->size >= 2 && packet->data[0] == 0xff && (packet->data[1] & 0xf0) == 0xf0)
    return 0; /* has one */
  const size_t size = (size_t)packet->size + sizeof self->adts;
  if (!self->adts[0] || size > 0x1fff) return AVERROR_INVALIDDATA;
  uint8_t head[sizeof self->adts];
  memcpy(head, self->adts, sizeof head);
  head[3] |= (uint8_t)(size >> 11);
  head[4] = (uint8_t)(size >> 3);
  head[5] |= (uint8_t)((size & 7) << 5);
  return prepend(packet, head, sizeof head);
}

int selfcontained_packet(struct selfcontained *self, AVPacket *packet) {
  if (has_nal_units(self->codec)) return with_start_codes(self, packet);
  if (self->codec == AV_CODEC_ID_AAC) return with_adts(self, packet);
  return 0;
}
