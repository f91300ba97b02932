/* selfcontained.h: makes the packets of one track complete in themselves.
 * Some containers keep what a decoder must know beside the packets (avcC in MP4 and RTMP, AudioSpecificConfig, RTSP's SDP).
 * The output goes on when the input changes, so each packet must bring its own: H.264 and HEVC with start codes and with
 * parameter sets before every key frame, AAC with ADTS headers. */
#ifndef SELFCONTAINED_H
#define SELFCONTAINED_H

#include <libavcodec/bsf.h>
#include <stdint.h>

struct selfcontained {
  enum AVCodecID codec;
  AVBSFContext *annexb;    /* lengths to start codes; NULL: not needed */
  uint8_t *parameter_sets; /* put before key frames that have none */
  size_t parameter_sets_size;
  uint8_t adts[7]; /* template; all zero: the source told nothing */
};

/* `codec` becomes what the packets will be; a negative AVERROR if that cannot be done. */
int selfcontained_init(struct selfcontained *self, AVCodecParameters *codec, AVRational time_base);
void selfcontained_free(struct selfcontained *self);
/* What comes next does not follow what came before. */
void selfcontained_flush(struct selfcontained *self);
/* In place; a negative AVERROR means: throw this packet away. */
int selfcontained_packet(struct selfcontained *self, AVPacket *packet);

#endif
