/* output.h: the one continuous output.
 * Ingest threads push the packets the engine admitted; a thread of its own writes them as MPEG-TS. A slow or broken output
 * so never holds up an input: it would be taken for dead. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "queue.h"

struct output;

struct output_config {
  struct notes *notes;
  const char *url;
  uint64_t key_wait; /* ns: how long a new source's pictures may wait for their first key frame */
  uint64_t catch_up; /* ns: how much of what an input kept is caught up, beyond what fills the pause */
  bool tells_number; /* the output has the switch number in it: see number.h */
};

/* NULL: no memory or no thread. The target is opened by the output's own thread; how that went comes as a note. */
struct output *output_start(const struct output_config *config);

/* Refers to the packet, and to what of its source was kept, as far as that has to go out before it. False: its switch is over, and
 * nothing was taken. */
bool output_push(struct output *output, const struct origin *origin, struct tracks *tracks,
                 const struct preroll *preroll, const AVPacket *packet);

/* A picture that the engine did not admit, because its source has just been left. True: it is shown before one that has gone
 * out, and goes out, too. */
bool output_complete(struct output *output, const struct origin *origin, struct tracks *tracks,
                     const AVPacket *packet);

/* Writes what is queued, ends the stream, closes; gives up after `patience` ns. Later pushes do nothing. False: its thread
 * hangs in a write that nothing can interrupt; leave it behind. */
bool output_finish(struct output *output, uint64_t patience);
/* After output_finish, when nobody can push any more. */
void output_free(struct output *output);

#endif
