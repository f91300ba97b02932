/* match.h: which track of one source is the same as which track of another, and which can follow it without a word. */
#ifndef MATCH_H
#define MATCH_H

#include <stdbool.h>

#include "tracks.h"

/* Same kind, same language, same purpose (main sound, description, ...); a language that one of them does not tell may be
 * any. */
bool tracks_alike(const struct track *a, const struct track *b);
/* A decoder of `a` must be told nothing to go on with `b`: H.264 brings its new size along, but the rate of a sound is what
 * its timestamps are reckoned by. */
bool same_decoder(const struct track *a, const struct track *b);
/* Do they say the same, or does `b` leave open what `a` says? */
bool same_language(const struct track *a, const struct track *b);

/* For each track of `from` its counterpart in `to`, -1: none. First by language, then by order where none is told. */
void tracks_match(const struct tracks *from, const struct tracks *to, int counterpart[TRACKS_MAX]);

#endif
