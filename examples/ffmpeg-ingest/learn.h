/* learn.h: finds out what a container does not tell of a track: the size of its pictures, the rate of its sound. */
#ifndef LEARN_H
#define LEARN_H

#include <libavcodec/avcodec.h>
#include <stdbool.h>

/* Is enough known to write it? */
bool parameters_known(const AVCodecParameters *codec);

struct learner {
  AVCodecContext *decoder; /* NULL: not begun */
};

/* Decodes one more packet of the track; true: `codec` is complete now. */
bool learner_feed(struct learner *learner, AVCodecParameters *codec, const AVPacket *packet);
void learner_free(struct learner *learner);

#endif
