/* limits.h: how long each input may be silent, and what else it must deliver, chosen by its protocol where the user chose
 * nothing. Main loop only.
 *
 * Inputs whose silence depends on a playlist that nobody has read yet inherit the limits of the stream, which move when
 * the playlist is known, without a restart; all others have limits of their own. */
#ifndef LIMITS_H
#define LIMITS_H

#include <changeover.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIMITS_INPUTS_MAX 64

enum silence {
  SILENCE_SHORT, /* packets all the time */
  SILENCE_FILE,  /* as the file has it: slides may stand for seconds */
  SILENCE_SEGMENTS
};

struct limits {
  changeover_config given; /* by the user: left as it is */
  bool silence_only;       /* nothing is watched beyond silence that the user did not ask for */
  uint64_t segment;        /* ns: the longest that any input announced; 0: none did */
  changeover_config stream;
  changeover_config input[LIMITS_INPUTS_MAX];
  enum silence silence[LIMITS_INPUTS_MAX];
  unsigned nature[LIMITS_INPUTS_MAX]; /* enum input_nature, or'ed */
};

enum silence silence_of(const char *url);

/* `given`: the settings of the command line. */
void limits_init(struct limits *limits, const changeover_config *given, bool silence_only);
/* PUSHED: others connect to it; FILL: it is no source, but better than nothing. Or'ed. */
enum input_nature { INPUT_PUSHED = 1, INPUT_FILL = 2 };
void limits_add(struct limits *limits, size_t input, const char *url, unsigned nature);
/* What has now to be told to the engine. */
enum limits_change { LIMITS_SAME, LIMITS_STREAM, LIMITS_INPUT };
/* An input was opened and comes in segments of this length (ns; 0: not said). */
enum limits_change limits_learn(struct limits *limits, size_t input, uint64_t segment);
/* ns that this input may be silent, in effect. */
uint64_t limits_packet_timeout(const struct limits *limits, size_t input);

/* ns of silence that are usual for segments of this length, with some to spare. */
uint64_t silence_of_segments(uint64_t segment);

#endif
