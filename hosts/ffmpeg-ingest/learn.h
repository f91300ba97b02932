/* learn.h: finds out what a container does not tell of a track: the size of its pictures, the rate of its sound. */
#ifndef LEARN_H
#define LEARN_H

#include <libavcodec/avcodec.h>
#include <stdbool.h>
#include <stdint.h>

/* Is enough known to write it? */
bool parameters_known(const AVCodecParameters *codec);

/* What the head of a sound's packet says of its rate and channels, in the codec's own terms; 0: nothing. When it changes, all
 * that was known has changed. */
uint32_t sound_head(enum AVCodecID codec, const AVPacket *packet);

struct learner {
  AVCodecContext *decoder; /* NULL: not begun */
};

/* Decodes one more packet of the track; true: `codec` is complete now. */
bool learner_feed(struct learner *learner, AVCodecParameters *codec, const AVPacket *packet);
void learner_free(struct learner *learner);

#endif
