/* match.c: comparing tracks of two sources. */
#include "match.h"

#include <libavformat/avformat.h>
#include <string.h>

#define PURPOSE                                                                                     \
  (AV_DISPOSITION_HEARING_IMPAIRED | AV_DISPOSITION_VISUAL_IMPAIRED | AV_DISPOSITION_DESCRIPTIONS | \
   AV_DISPOSITION_CLEAN_EFFECTS | AV_DISPOSITION_COMMENT)

static bool tells_language(const struct track *track) { return track->language[0] != 0; }

static bool same_purpose(const struct track *a, const struct track *b) {
  if (track_kind(a) != track_kind(b)) return false;
  if (track_kind(a) == TRACK_OTHER && a->codec->codec_id != b->codec->codec_id) return false;
  return (a->disposition & PURPOSE) == (b->disposition & PURPOSE);
}

bool same_language(const struct track *a, const struct track *b) {
  if (!tells_language(a) || !tells_language(b)) return tells_language(a) == tells_language(b);
  return !strcmp(a->language, b->language);
}

bool tracks_alike(const struct track *a, const struct track *b) {
  return same_purpose(a, b) && (same_language(a, b) || !tells_language(a) || !tells_language(b));
}

bool same_decoder(const struct track *a, const struct track *b) {
  const AVCodecParameters *one = a->codec, *other = b->codec;
  if (one->codec_id != other->codec_id) return false;
  switch (track_kind(a)) {
    case TRACK_VIDEO: return one->format == other->format || one->format < 0 || other->format < 0;
    case TRACK_AUDIO:
      return one->sample_rate == other->sample_rate &&
             one->ch_layout.nb_channels == other->ch_layout.nb_channels;
    default: return true;
  }
}

static void match_where(const struct tracks *from, const struct tracks *to, int counterpart[TRACKS_MAX],
                        bool (*fit)(const struct track *a, const struct track *b)) {
  for (int i = 0; i < from->count; i++) {
    for (int k = 0; counterpart[i] < 0 && k < to->count; k++) {
      bool taken = false;
      for (int other = 0; other < from->count; other++)
        taken |= counterpart[other] == k;
      if (!taken && fit(&from->track[i], &to->track[k])) counterpart[i] = k;
    }
  }
}

static bool alike_in_language(const struct track *a, const struct track *b) {
  return same_purpose(a, b) && same_language(a, b);
}

void tracks_match(const struct tracks *from, const struct tracks *to, int counterpart[TRACKS_MAX]) {
  for (int i = 0; i < TRACKS_MAX; i++)
    counterpart[i] = -1;
  match_where(from, to, counterpart, alike_in_language);
  match_where(from, to, counterpart, tracks_alike);
}
