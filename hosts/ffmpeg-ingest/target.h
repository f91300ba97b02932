/* target.h: where the output goes, opened, lost, and opened again every second; and what is told of it. The output's thread
 * only. */
#ifndef TARGET_H
#define TARGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "mux.h"
#include "notes.h"

struct target {
  struct notes *notes;
  const char *url;
  atomic_bool *abort; /* interrupts what blocks */
  struct mux mux;
  uint64_t retry_at;   /* CLOCK_MONOTONIC, while it is not open */
  uint64_t down_since; /* CLOCK_MONOTONIC; 0: not down */
  uint64_t missed;     /* packets since then */
  bool told_down, told_works, impossible;
};

static inline bool target_is_open(const struct target *target) { return target->mux.io != NULL; }
/* Opens it, if it is not open and it is time to try. */
void target_open(struct target *target);
/* An error of the target: closes it. */
void target_lost(struct target *target, int error);
/* A packet was written: only now is it known to work. */
void target_works(struct target *target);
/* A datagram that nobody has read when the receiver's buffer is full is lost without a word. */
bool target_loses_bursts(const struct target *target);
/* Ends the stream, closes for good. */
void target_close(struct target *target);

#endif
