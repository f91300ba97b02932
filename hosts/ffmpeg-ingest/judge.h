/* judge.h: looks at the pictures or hears the sound of one track, through libavfilter's own detectors. One thread. */
#ifndef JUDGE_H
#define JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "tracks.h"

/* A set of conditions: 1 << CHANGEOVER_CONDITION_BLACK, _FROZEN, _SILENT. */
typedef unsigned conditions;
#define CONDITION(name) (1u << CHANGEOVER_CONDITION_##name)
#define CONDITIONS_OF_PICTURES (CONDITION(BLACK) | CONDITION(FROZEN))
#define CONDITIONS_MAX 8

struct judge_config {
  conditions wanted;
  uint64_t after; /* ns: what lasts less is nothing */
  bool every;     /* decodes all pictures, not only key frames */
};

struct judge;

/* NULL: there is nothing wanted of such a track, or it cannot be decoded. */
struct judge *judge_new(const struct judge_config *config, const struct track *track);
/* A packet of the track, which came then (CLOCK_MONOTONIC, ns); in order. The number of pictures or pieces of sound in it. */
int judge_look(struct judge *judge, const AVPacket *packet, uint64_t arrived);
/* Which of the conditions hold, and which do not: of the others nothing is known yet. */
conditions judge_holding(const struct judge *judge);
conditions judge_not_holding(const struct judge *judge);
void judge_free(struct judge *judge); /* NULL: nothing */

/* Of these, libavfilter has a detector for all; else which filter is missing. */
const char *judge_lacks(conditions wanted);

#endif
