/* detect.h: a thread that looks at what a session delivers, and tells the engine what is wrong with it.
 * It can hold up nobody: the session leaves packets in a ring that never waits; when the ring is full, they are not looked at. */
#ifndef DETECT_H
#define DETECT_H

#include <changeover.h>

#include "judge.h"
#include "notes.h"

struct detector;

struct detector_config {
  struct judge_config judge;
  changeover_engine *engine;
  struct notes *notes; /* what it costs is posted there: once a minute, and at its end */
  const char *stream;  /* borrowed */
  int32_t priority;
  uint64_t session;
};

/* NULL: nothing is wanted, or there is no memory or no thread. */
struct detector *detector_start(const struct detector_config *config);
/* The session's thread, with each packet it delivers. Wait-free but for memory. */
void detector_see(struct detector *detector, struct tracks *tracks, const AVPacket *packet, uint32_t flags,
                  uint64_t arrived);
/* Waits for what it is looking at. NULL: nothing. */
void detector_stop(struct detector *detector);

#endif
